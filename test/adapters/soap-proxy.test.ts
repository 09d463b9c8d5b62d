/** Targets behind a proxy: by CONNECT, for reads and commits. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import { makeIdentity } from './soap/certificates.ts'
import { crm, planOf } from './soap/crm.ts'
import { compile, failure, newCall, type Recorded } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'

let adapter = createAdapter()
let target: RawServer
let proxy: Server
let address: string
const asked: IncomingMessage[] = []
let status = 200

beforeAll(async () => {
  target = await startRawServer()
  target.answer = xml(envelope('<r:readResponse xmlns:r="urn:crm"><r:name>done</r:name></r:readResponse>'))
  proxy = createServer().on('connect', (request: IncomingMessage, socket) => {
    asked.push(request)
    const [host, port] = String(request.url).split(':')
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    const there = connect(Number(port), host, () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'))
    there.pipe(socket).pipe(there)
    for (const each of [there, socket]) each.on('error', () => undefined)
    return undefined
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
})
beforeEach(() => {
  adapter = createAdapter()
  asked.length = 0
  target.seen.length = 0
  status = 200
})
afterEach(() => adapter.close())
afterAll(async () => {
  await target.close()
  await new Promise(resolve => proxy.close(resolve))
})

const login = { username: 'svc', password: 'pa$$word-1' }
function callFor(name: string, { credentials = login, origins = [] as string[], through = address } = {}): Recorded {
  const manifest = crm(
    { login: undefined as never, headers: undefined as never, proxy: through },
    { response: { element: 'c:readResponse' } }
  )
  const home = [new URL(target.url).origin]
  return newCall({ plan: planOf(manifest, name), url: target.url, input: { id: 'A' }, credentials, origins: [...home, ...origins] })
}

test.each(['read', 'write'])('a %s goes through the proxy', async name => {
  const made = callFor(name)
  expect(await adapter.run(made.call)).toEqual({ name: 'done' })
  expect(asked.map(({ url }) => url)).toEqual([new URL(target.url).host])
  expect(asked[0]?.headers['proxy-authorization']).toBeUndefined()
  expect([made.commits, target.seen.length]).toEqual([name === 'write' ? 1 : 0, 1])
})

test.each(['read', 'write'])('a %s of a target with TLS is encrypted through the proxy, and its certificate is looked at', async name => {
  const ca = makeIdentity({ name: 'Test CA' })
  const { certificate: cert, key } = makeIdentity({ name: 'localhost', issuer: ca, altNames: 'IP:127.0.0.1' })
  const https = createHttps({ cert, key }, (_, response) => target.answer(response, ''))
  await new Promise<void>(resolve => https.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(https.address() as AddressInfo).port}/soap`
  const keys = { login: undefined as never, headers: undefined as never, proxy: address }
  const [trusting, doubting] = [{ tls: { ca: 'ca' } }, {}].map(tls =>
    planOf(crm({ ...keys, ...tls }, { response: { element: 'c:readResponse' } }), name)
  )
  const callOf = (plan: typeof trusting) =>
    newCall({ plan: plan as never, url, input: { id: 'A' }, credentials: { ...login, ca: ca.certificate } }).call
  expect(await adapter.run(callOf(trusting))).toEqual({ name: 'done' })
  expect(await failure(adapter.run(callOf(doubting)))).toMatchObject({ effect: 'none', message: expect.stringContaining('certificate') })
  expect(asked.map(each => each.url)).toEqual([new URL(url).host, new URL(url).host])
  https.closeAllConnections()
  await new Promise(resolve => https.close(resolve))
})

test('the login of the proxy goes to the proxy alone, and only where the credentials may go there', async () => {
  const credentials = { ...login, proxy_username: 'p', proxy_password: 'secret-of-proxy' }
  await adapter.run(callFor('read', { credentials, origins: [address] }).call)
  expect(asked[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('p:secret-of-proxy').toString('base64')}`)
  expect(target.seen[0]?.headers['proxy-authorization']).toBeUndefined()
  expect(await failure(adapter.run(callFor('read', { credentials }).call))).toMatchObject({ code: 'credential_refused' })
})

test.each([
  [407, false],
  [502, true]
])('a proxy that answers %s is told, before the fence', async (answer, retryable) => {
  status = answer
  for (const name of ['read', 'write']) {
    const made = callFor(name)
    const error = await failure(adapter.run(made.call))
    expect(error).toMatchObject({ code: 'target_failed', effect: 'none', retryable })
    expect(error.message).toContain(`The proxy (target.proxy) gives no way to the target: it answered HTTP ${answer}`)
    expect(made.commits).toBe(0)
  }
  expect(target.seen).toEqual([])
})

test('a bot that is registered over HTTP needs both in TARGET_ORIGINS', async () => {
  const home = new URL(target.url).origin
  for (const origins of [[home], [address]]) {
    const made = callFor('read')
    Object.defineProperty(made.call, 'target', { value: { ...made.call.target, reach: { origins } } })
    expect(await failure(adapter.run(made.call))).toMatchObject({ code: 'target_failed', retryable: false })
  }
  expect([asked, target.seen]).toEqual([[], []])
})

test.each(['https://x.example', 'http://me:pw@x.example', 'proxy:3128'])('%s is no address of a proxy', through => {
  expect(() => compile(crm({ proxy: through }), 'read')).toThrow('must be the address of the proxy')
})
