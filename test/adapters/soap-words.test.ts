/** What stands between a call and its answer is named in plain words, with what to do next: statuses, redirects, logins, pages, empty answers, names, ports, TLS. */
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { schemesOf } from '../../adapters/soap/say-answer.ts'
import { load } from '../import/imported.ts'
import { makeIdentity } from './soap/certificates.ts'
import { failure, newCall } from './soap/fixture.ts'
import { type RawServer, startRawServer, xml } from './soap/raw-server.ts'

const adapter = createAdapter()
let server: RawServer
let plan: Plan
const others: Server[] = []
beforeAll(async () => {
  server = await startRawServer()
  plan = (await load('faults')).actions[0]?.steps as Plan
})
afterAll(async () => {
  await adapter.close()
  await server.close()
  for (const other of others) other.close()
})

const call = (url: string, more: Partial<Plan> = {}) =>
  failure(
    adapter.run(newCall({ plan: { ...plan, ...more }, url, input: { text: 'a' }, credentials: { username: 'u', password: 'p' } }).call)
  )
const html = { 'content-type': 'text/html' }

async function listening(other: Server): Promise<number> {
  others.push(other)
  await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
  return (other.address() as AddressInfo).port
}

describe('an answer that is no SOAP message', () => {
  test.each<[number, Record<string, string>, RegExp]>([
    [
      301,
      { location: 'https://new.example/soap/v2?token=1' },
      /HTTP 301, a redirect to https:\/\/new\.example: redirects are never followed.*target\.url/
    ],
    [302, { location: '/login' }, /HTTP 302, a redirect to \/login: redirects/],
    [307, {}, /HTTP 307, a redirect: redirects/],
    [401, {}, /HTTP 401: it refused the login \(none was sent\)\.$/],
    [401, { 'www-authenticate': 'Basic realm="a, Digest b"' }, /none was sent, it offers Basic\): write auth: basic into target/],
    [
      401,
      { 'www-authenticate': 'Negotiate, Custom' },
      /it offers Negotiate, Custom\): target\.auth can be basic or bearer or digest or ntlm or oauth/
    ],
    [403, {}, /HTTP 403: it refused the login, or what this login may do/],
    [404, {}, /HTTP 404 without a SOAP message: there is no service at this address/],
    [405, {}, /this address takes no POST/],
    [415, {}, /it may want the other version of SOAP \(target\.soap\)/],
    [503, {}, /it is out of service/]
  ])('%i %j', async (status, headers, detail) => {
    server.answer = xml('<html><title>Sign  in</title>', status, { ...html, ...headers })
    const error = await call(server.url)
    expect(error).toMatchObject({ code: 'target_failed', effect: 'none', targetSaid: expect.stringContaining('Sign in') })
    expect(error.message).toMatch(detail)
    expect(JSON.stringify(error)).not.toContain('token=1')
  })

  test('the login that was sent is offered: it is the login itself', async () => {
    server.answer = xml('', 401, { 'www-authenticate': 'Basic realm="x"' })
    expect((await call(server.url, { auth: 'basic' })).message).toMatch(/refused the login \(basic was sent, it offers Basic\)\.$/)
  })

  test('a page, and nothing at all, where a message should be', async () => {
    server.answer = xml('<html><title>Sign in</title>', 200, html)
    expect(await call(server.url)).toMatchObject({
      code: 'invalid_output',
      message: expect.stringContaining('it is an HTML page'),
      targetSaid: 'Sign in',
      hint: expect.stringContaining('target.url')
    })
    server.answer = xml('')
    expect((await call(server.url)).message).toBe("The target's answer can not be used: it is empty (HTTP 200).")
  })
})

test('names of schemes, and nothing that stands in quotes', () => {
  expect(schemesOf('Digest realm="Bearer x, NTLM", qop="auth", nonce="a\\"b", Negotiate, Basic realm=x, basic')).toEqual([
    'Digest',
    'Negotiate',
    'Basic',
    'basic'
  ])
  expect(schemesOf(undefined)).toEqual([])
  expect(schemesOf(`${'"'.repeat(100_000)}`)).toEqual([])
})

describe('no connection, or none that can be used', () => {
  test('nobody listens', async () => {
    const port = await listening(createTcpServer())
    await new Promise(resolve => others.pop()?.close(resolve))
    expect(await call(`http://127.0.0.1:${port}/`)).toMatchObject({
      retryable: true,
      hint: expect.stringContaining('nobody listens at its address')
    })
  })

  test('a name that is none', async () => {
    expect((await call('http://no-such-host.invalid/')).hint).toMatch(/\(DNS\)/)
  })

  test('https to a port that speaks http', async () => {
    const error = await call(server.url.replace('http:', 'https:'))
    expect(error).toMatchObject({ effect: 'none', hint: expect.stringContaining('its port speaks no TLS') })
  })

  test('http to a port that speaks TLS', async () => {
    const { certificate, key } = makeIdentity({ name: 'localhost', altNames: 'IP:127.0.0.1' })
    const tls = createTlsServer({ cert: certificate, key }).on('tlsClientError', () => undefined)
    expect((await call(`http://127.0.0.1:${await listening(tls)}/`)).hint).toMatch(/has to begin with https|may have to begin with https/)
  })

  test('a certificate that signs itself', async () => {
    const { certificate, key } = makeIdentity({ name: 'localhost', altNames: 'IP:127.0.0.1' })
    const tls = createTlsServer({ cert: certificate, key }).on('tlsClientError', () => undefined)
    const error = await call(`https://127.0.0.1:${await listening(tls)}/`)
    expect(error).toMatchObject({ message: expect.stringContaining('signed by itself'), hint: expect.stringContaining('target.tls.ca') })
  })

  test('what is no HTTP', async () => {
    const smtp = createTcpServer(socket => void socket.once('data', () => socket.end('220 mail.example ESMTP\r\n')))
    expect((await call(`http://127.0.0.1:${await listening(smtp)}/`)).hint).toContain('what it answered is no HTTP')
  })
})
