/** A SOAP service that answers with as many orders as it is asked for; written once, so that its own work is nothing. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostileAnswers } from './hostile-answers.ts'

const statuses = ['OPEN', 'SHIPPED', 'CLOSED']

/** About 340 characters. */
const order = (n: number): string =>
  `<o:order channel="web"><o:number>O-${100_000 + n}</o:number><o:customer>Customer &amp; Sons ${n}</o:customer>` +
  `<o:ordered>2025-03-${String((n % 28) + 1).padStart(2, '0')}</o:ordered><o:status>${statuses[n % 3]}</o:status>` +
  `<o:quantity>${n % 90}</o:quantity><o:total currency="EUR">${(n * 37) % 9_000}.25</o:total><o:paid>${n % 2 === 0}</o:paid>` +
  `${n % 4 === 0 ? '<o:note>Leave it at the back door, please</o:note>' : ''}</o:order>`

const answer = (count: number): Buffer =>
  Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' +
      `<o:ListOrdersResponse xmlns:o="urn:bench.example:orders">${Array.from({ length: count }, (_, n) => order(n)).join('')}` +
      '</o:ListOrdersResponse></s:Body></s:Envelope>'
  )

const answers = new Map<number, Buffer>()
/** `/hostile/2`: the third of them. */
const hostile = (path = ''): string | undefined => Object.values(hostileAnswers)[Number(/^\/hostile\/(\d+)$/.exec(path)?.[1])]?.()

const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8').on('data', part => {
    text += part
  })
  request.on('end', () => {
    const count = Number(/<(?:\w+:)?count\b[^>]*>(\d+)</.exec(text)?.[1] ?? 0)
    const harm = hostile(request.url)
    const body = harm === undefined ? (answers.get(count) ?? answer(count)) : Buffer.from(harm)
    if (harm === undefined) answers.set(count, body)
    response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8', 'content-length': body.length }).end(body)
  })
})
server.listen(0, '127.0.0.1', () => console.log(`ready on http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`))
process.once('SIGTERM', () => process.exit(0))
