/** node orders.ts: the orders of `../php/orders.wsdl`, kept by node-soap. Prints its address, ends with the channel to its parent. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { listen } from 'soap'

interface Order {
  readonly customer: string
  readonly due?: Date | string
  readonly item: { readonly sku: string; readonly count: number } | readonly { readonly sku: string; readonly count: number }[]
}

let orders: Order[] = []
const fault = (code: string, text: string, detail?: object): never => {
  throw { Fault: { faultcode: `soap:${code}`, faultstring: text, detail, statusCode: 500 } }
}
const service = {
  findOrders: ({ customer }: { customer: string }) => {
    if (customer === 'nobody') fault('Client', 'No such customer')
    if (customer === 'crash') fault('Server', 'Query failed\n    at Orders.find (/srv/orders.js:30:7)')
    return { order: orders.filter(each => each.customer === customer) }
  },
  placeOrder: ({ order }: { order: Order }) => {
    const short = [order.item].flat().find(({ count }) => Number(count) > 5)
    if (short !== undefined)
      fault('Client', `Only 5 of ${short.sku} are left`, { OutOfStock: { attributes: { xmlns: 'urn:orders' }, sku: short.sku, left: 5 } })
    // It reads dates as times, and writes none of them.
    orders.push(order.due instanceof Date ? { ...order, due: order.due.toISOString().slice(0, 10) } : order)
    return { number: orders.length }
  },
  forgetCustomer: ({ customer }: { customer: string }) => {
    orders = orders.filter(each => each.customer !== customer)
  }
}

const server = createServer((_, response) => void response.writeHead(404).end())
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`
  const wsdl = readFileSync(join(import.meta.dirname, '..', 'php', 'orders.wsdl'), 'utf8').replace('http://localhost:1/orders', url)
  listen(server, '/orders', { Orders: { OrdersPort: service } }, wsdl)
  process.stdout.write(`on ${url}\n`)
})
process.on('disconnect', () => process.exit(0))
