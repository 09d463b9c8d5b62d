/** The committing request leaves on a connection of its own, and a server can not tell it by its head from the one that the browser would send. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import { until } from '../setup/until.ts'
import { callOf, parseAction } from './playwright/harness.ts'

const json = `method:'POST',headers:{'content-type':'application/json','x-csrf':'1'},body:'{}'`
const then = `then(()=>{out.textContent='sent'})`
const pages: Readonly<Record<string, string>> = {
  form: '<form method=post action=/pay><input name=a value=1><button>Go</button></form>',
  link: '<a role=button href=/pay?a=1>Go</a>',
  fetch: `<button onclick="fetch('/pay',{${json}}).${then}">Go</button><p id=out></p>`,
  other: `<button onclick="fetch('OTHER/pay',{credentials:'include',${json}}).${then}">Go</button><p id=out></p>`,
  script: `<button onclick="const x=new XMLHttpRequest();x.open('PUT','/pay');x.onload=()=>{out.textContent='sent'};x.send('abc')">Go</button><p id=out></p>`,
  beacon: `<button onclick="navigator.sendBeacon('/pay','x');out.textContent='sent'">Go</button><p id=out></p>`,
  frame: '<form method=post action=/pay target=inner><button>Go</button></form><iframe name=inner></iframe>'
}
/** Of the connection, and of the browser's cache, which is off while its requests are looked at. */
const notCompared = ['host', 'connection', 'accept-encoding', 'cache-control', 'pragma']

interface Paid {
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let paid: Paid | undefined
let servers: readonly Server[]
let [url, other] = ['', '']
const adapter = createAdapter()

async function startServer(): Promise<Server> {
  const server = createServer(async (request, response) => {
    const { method = '', url: path = '', headers } = request
    const cors = {
      'access-control-allow-origin': headers.origin ?? '*',
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'content-type,x-csrf'
    }
    if (method === 'OPTIONS') return void response.writeHead(204, cors).end()
    let body = ''
    for await (const chunk of request) body += chunk
    const [, name = '', query] = path.split(/[/?]/)
    if (name === 'pay') paid = { method, headers, body: body || (query ?? '') }
    response.writeHead(200, { 'content-type': 'text/html', 'set-cookie': ['s=1; HttpOnly', 't=2; SameSite=Strict'], ...cors })
    response.end(`<title>T</title>${(pages[name] ?? '<h1>Paid</h1>').replace('OTHER', other)}`)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return server
}

beforeAll(async () => {
  servers = [await startServer(), await startServer()]
  ;[url = '', other = ''] = servers.map(server => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
afterAll(async () => {
  await adapter.close()
  for (const server of servers) {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
})

async function pay(page: string, via: 'connection' | 'browser'): Promise<Paid | undefined> {
  paid = undefined
  const steps = [{ goto: `/${page}` }, { click: { role: 'button', name: 'Go' }, commit: { request: '/pay*', via } }]
  const call = callOf(parseAction(adapter, { effect: 'write', steps }).steps, { url, egress: [url, other] })
  await adapter.run(call)
  expect(call.seen.commits).toBe(1)
  // Nobody waits for the answer to a beacon that the browser sends.
  await until('the request has come', () => paid !== undefined)
  return paid
}

const compared = (headers: IncomingHttpHeaders = {}) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !notCompared.includes(name)))

test.each(Object.keys(pages))('%s', async page => {
  const [own, browsers] = [await pay(page, 'connection'), await pay(page, 'browser')]
  expect([own?.method, own?.body]).toEqual([browsers?.method, browsers?.body])
  const theirs = compared(browsers?.headers)
  // Of other origins it is not said: whether they are one site is known to the browser alone.
  const said = page === 'other' ? Object.entries(theirs).filter(([name]) => !name.startsWith('sec-fetch-')) : Object.entries(theirs)
  expect(compared(own?.headers)).toEqual(Object.fromEntries(said))
})
