<?php
// php -S 127.0.0.1:port orders.php, with ORDERS_FILE: the orders as lines of JSON.
ini_set('soap.wsdl_cache_enabled', '0');
ini_set('display_errors', '1');
$file = getenv('ORDERS_FILE');
if (isset($_GET['wsdl'])) {
    header('Content-Type: text/xml');
    echo str_replace('http://localhost:1', 'http://' . $_SERVER['HTTP_HOST'], file_get_contents(__DIR__ . '/orders.wsdl'));
    exit;
}

class Orders
{
    public function __construct(private string $file) {}

    private function all(): array
    {
        return file_exists($this->file) ? array_map('json_decode', file($this->file)) : [];
    }

    public function findOrders($asked)
    {
        if ($asked->customer === 'crash') throw new SoapFault('Server', "Query failed\n#0 /srv/orders.php(30): Orders->all()\n#1 {main}");
        if ($asked->customer === 'nobody') throw new SoapFault('Client', 'No such customer');
        if ($asked->customer === 'page') {
            http_response_code(500);
            header('Content-Type: text/html');
            exit('<html><body><h1>Fatal error</h1> in /srv/orders.php on line 30</body></html>');
        }
        return ['order' => array_values(array_filter($this->all(), fn($each) => $each->customer === $asked->customer))];
    }

    public function placeOrder($asked)
    {
        foreach (is_array($asked->order->item) ? $asked->order->item : [$asked->order->item] as $item)
            if ($item->count > 5) throw new SoapFault('Client', "Only 5 of {$item->sku} are left", null, ['sku' => $item->sku, 'left' => 5], 'OutOfStock');
        file_put_contents($this->file, json_encode($asked->order) . "\n", FILE_APPEND);
        return ['number' => count($this->all())];
    }

    public function forgetCustomer($asked)
    {
        $kept = array_filter($this->all(), fn($each) => $each->customer !== $asked->customer);
        file_put_contents($this->file, implode('', array_map(fn($each) => json_encode($each) . "\n", $kept)));
    }
}

$server = new SoapServer(__DIR__ . '/orders.wsdl', ['features' => SOAP_SINGLE_ELEMENT_ARRAYS]);
$server->setObject(new Orders($file));
$server->handle();
