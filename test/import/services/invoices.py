# python3 invoices.py: invoices kept by spyne, which makes the WSDL itself. Prints its address; ends when its standard input does.
import logging, os, sys, threading
from wsgiref.simple_server import make_server, WSGIRequestHandler
from spyne import Application, rpc, ServiceBase, Unicode, Integer, Decimal, Date, ComplexModel, Array, Enum, Fault
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

logging.disable(logging.CRITICAL)
Currency = Enum('EUR', 'USD', type_name='Currency')
invoices = []

class Line(ComplexModel):
    __namespace__ = 'urn:invoices'
    sku = Unicode(pattern=r'[A-Z]{2}\d+', min_occurs=1, nillable=False)
    count = Integer(ge=1, min_occurs=1, nillable=False)
    price = Decimal(min_occurs=1, nillable=False)

class Invoice(ComplexModel):
    __namespace__ = 'urn:invoices'
    supplier = Unicode(min_len=1, min_occurs=1, nillable=False)
    due = Date
    currency = Currency
    lines = Array(Line)

class Invoices(ServiceBase):
    @rpc(Invoice, _returns=Integer)
    def postInvoice(ctx, invoice):
        if not invoice.lines: raise Fault('Client.NoLines', 'The invoice has no lines')
        invoices.append(invoice)
        return len(invoices)

    @rpc(Integer, _returns=Invoice)
    def getInvoice(ctx, number):
        if number == 13: raise Fault('Server', 'Ledger closed\nTraceback (most recent call last):\n  File "/srv/ledger.py", line 3, in read')
        if not 0 < number <= len(invoices): raise Fault('Client.NotFound', 'No invoice %s' % number)
        return invoices[number - 1]

class Quiet(WSGIRequestHandler):
    def log_message(self, *_): pass

app = Application([Invoices], 'urn:invoices', in_protocol=Soap11(validator='lxml'), out_protocol=Soap11())
server = make_server('127.0.0.1', 0, WsgiApplication(app), handler_class=Quiet)
print('on http://127.0.0.1:%d/' % server.server_port, flush=True)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()
