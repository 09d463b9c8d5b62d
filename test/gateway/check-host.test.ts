/** DNS rebinding: a page reaches this service under a name of its own, and nothing is answered to it. */
import type { IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createCheckHost } from '../../src/gateway/check-host.ts'
import { readContract } from '../../src/gateway/gateway.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'
import { rawHttp, statusOf } from './raw-http.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway()
})
afterAll(() => gateway.close())

const operations = Object.entries(readContract().paths as Record<string, object>).flatMap(([path, item]) =>
  Object.keys(item)
    .filter(method => ['get', 'put', 'post', 'patch', 'delete'].includes(method))
    .map(method => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, 'x')}`)
)
const others = ['GET /', 'GET /docs/docs.js', 'GET /nowhere', 'GET /%', 'OPTIONS /v1/runs', 'HEAD /healthz']

const ask = (line: string, headers: readonly string[]): Promise<string> =>
  rawHttp(gateway.url, [`${line} HTTP/1.1`, ...headers, 'Connection: close', 'Content-Length: 0', '', ''].join('\r\n'))

test.each([...operations, ...others])('%s is not answered to a page elsewhere, with a good key or without', async line => {
  const key = `Authorization: Bearer ${gateway.adminKey}`
  const [host, origin] = await Promise.all([
    ask(line, ['Host: rebound.example', key]),
    ask(line, ['Host: localhost', 'Origin: https://elsewhere.example'])
  ])
  expect([statusOf(host), statusOf(origin)]).toEqual([403, 403])
  if (!line.startsWith('HEAD')) expect(host).toContain('"code":"origin_not_allowed"')
})

describe.each([
  ['on loopback', '127.0.0.1', undefined, []],
  ['beyond loopback', '0.0.0.0', undefined, []],
  ['with names', '::', 'https://actions.bank.example/retrofit', ['inner.bank.example:8443', '*.apps.bank.example']]
] as const)('%s', (where, host, publicUrl, mcpHosts) => {
  const check = createCheckHost({ host, mcpHosts, ...(publicUrl === undefined ? {} : { publicUrl }) })
  const isTaken = (headers: IncomingHttpHeaders, url?: string): boolean => {
    try {
      check({ headers, url })
      return true
    } catch {
      return false
    }
  }
  const beyond = where !== 'on loopback'
  const named = where === 'with names'

  test.each([
    ['localhost:8080', true],
    ['LOCALHOST', true],
    ['127.0.0.1:8080', true],
    ['127.1.2.3', true],
    ['[::1]:8080', true],
    ['10.1.2.3:8080', beyond],
    ['[fd00::7]:8080', beyond],
    ['gateway:8080', beyond],
    ['retrofit.prod.svc', beyond],
    ['retrofit.prod.svc.cluster.local:8080', beyond],
    ['actions.bank.example', named],
    ['inner.bank.example', named],
    ['a.b.apps.bank.example', named],
    ['apps.bank.example', false],
    ['xapps.bank.example', false],
    ['rebound.example', false],
    ['127.0.0.1.rebound.example', false],
    ['localhost.rebound.example', false],
    ['rebound.example.svc.com', false],
    ['localhost@rebound.example', false],
    ['localhost:8080@rebound.example', false],
    ['rebound.example/localhost', false],
    ['rebound.example#localhost', false],
    ['rebound.example\\localhost', false],
    ['localhost rebound.example', false],
    ['localhost, rebound.example', false],
    ['localhost:8080x', false],
    ['', false],
    [undefined, false]
  ])('Host %j', (name, taken) => {
    expect(isTaken({ host: name })).toBe(taken)
    expect(isTaken({ host: name, origin: `http://${name}` })).toBe(taken)
  })

  test.each([
    ['http://localhost:3000', true],
    ['https://actions.bank.example', named],
    ['http://10.1.2.3', false],
    ['http://gateway', false],
    ['null', false],
    ['', false],
    ['file://', false],
    ['https://localhost.rebound.example', false],
    ['https://rebound.example', false]
  ])('Origin %j', (origin, taken) => expect(isTaken({ host: 'localhost', origin })).toBe(taken))

  test('the page at /docs is used under the address by which it was reached', () => {
    expect(isTaken({ host: '10.1.2.3:8080', origin: 'http://10.1.2.3:8080' })).toBe(beyond)
    expect(isTaken({ host: '10.1.2.3:8080', origin: 'http://10.6.6.6:8080' })).toBe(false)
  })

  test('a probe of HTTP/1.0 has no Host; anything else without one is refused', () => {
    expect(['/healthz', '/readyz?x', '/healthzz', '/metrics', '/v1/runs'].map(url => isTaken({}, url))).toEqual([
      true,
      true,
      false,
      false,
      false
    ])
    expect(isTaken({ origin: 'https://rebound.example' }, '/healthz')).toBe(false)
  })
})
