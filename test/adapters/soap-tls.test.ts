import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import { connect } from '../../adapters/soap/http.ts'
import { tlsSettings } from '../../adapters/soap/security/tls.ts'
import type { JsonObject } from '../../src/index.ts'
import { encryptKey, type Identity, makeIdentity, makePfx } from './soap/certificates.ts'
import { type CallOptions, compile, corebank, failure, login, newCall } from './soap/fixture.ts'
import { envelope, startRawServer, xml } from './soap/raw-server.ts'

const answer = envelope(
  '<GetCustomerResponse xmlns="urn:bank.example:corebank:v1"><customer><customerId>C-1</customerId><name><given>A</given><family>P</family></name></customer></GetCustomerResponse>'
)
const paid = envelope(
  '<PostPaymentResponse xmlns="urn:bank.example:corebank:v1"><confirmationNumber>CB1</confirmationNumber><postedAt>2026-01-01T00:00:00Z</postedAt><newBalance currency="EUR">1.00</newBalance></PostPaymentResponse>'
)
const ca = makeIdentity({ name: 'Test CA' })
const server = makeIdentity({ name: 'localhost', issuer: ca, altNames: 'DNS:localhost,IP:127.0.0.1' })
const client = makeIdentity({ name: 'client', issuer: ca })
const stranger = makeIdentity({ name: 'stranger', issuer: makeIdentity({ name: 'Another CA' }) })

const adapter = createAdapter()
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
afterAll(() => adapter.close())

interface Seen {
  readonly subject: string | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
}

async function startTls(options: ServerOptions = {}) {
  const seen: Seen[] = []
  let connections = 0
  const https = createServer({ cert: server.certificate, key: server.key, ca: ca.certificate, ...options }, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { subject } = (request.socket as TLSSocket).getPeerCertificate()
    seen.push({ subject: String(subject?.CN), headers: request.headers, bytes: Buffer.concat(chunks) })
    const text = seen.at(-1)?.bytes.includes('PostPayment') ? paid : answer
    response.writeHead(200, { 'content-type': 'text/xml; charset=utf-8' }).end(text)
  })
  https.on('tlsClientError', () => undefined).on('secureConnection', () => void connections++)
  await new Promise<void>(resolve => https.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    https.closeAllConnections()
    return new Promise(resolve => https.close(() => resolve()))
  })
  const url = `https://127.0.0.1:${(https.address() as AddressInfo).port}/soap`
  return { url, seen, connections: () => connections }
}

/** OpenSSL's own server, which refuses in the handshake. */
async function startStrict(version: 'TLSv1.2' | 'TLSv1.3', ...more: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'strict-'))
  for (const [name, text] of Object.entries({ 'ca.pem': ca.certificate, 'server.pem': server.certificate, 'server.key': server.key }))
    writeFileSync(join(folder, name), text)
  const certificates = ['-cert', 'server.pem', '-key', 'server.key', '-CAfile', 'ca.pem']
  const refusing = ['-Verify', '1', '-verify_return_error', version === 'TLSv1.3' ? '-tls1_3' : '-tls1_2']
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...certificates, ...refusing, ...more], { cwd: folder })
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()))
  let text = ''
  const port = await new Promise<string>(resolve => {
    const hear = (data: Buffer) => {
      text += data
      const found = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
  })
  const stop = () => {
    child.kill()
    return ended
  }
  closing.push(async () => {
    await stop()
    rmSync(folder, { recursive: true })
  })
  return { url: `https://127.0.0.1:${port}/soap`, output: () => stop().then(() => text) }
}

const targetWith = (keys: JsonObject, name = 'get_customer') =>
  compile({ ...corebank, target: { ...corebank.target, url: 'https://bank.example/', auth: 'none', ...keys } }, name)
const tlsKeys = { ca: 'ca', certificate: 'client_certificate', key: 'client_key' }
const secrets = (identity: Identity = client) => ({
  ...login,
  ca: ca.certificate,
  client_certificate: identity.certificate,
  client_key: identity.key
})
const read = (url: string, keys: JsonObject, credentials: CallOptions['credentials']) =>
  newCall({ plan: targetWith(keys).plan, url, input: { customer_id: 'C-1' }, ...(credentials === undefined ? {} : { credentials }) })
const pay = (url: string, keys: JsonObject, credentials: Readonly<Record<string, string>>) =>
  newCall({ plan: targetWith(keys, 'post_payment').plan, url, input: corebank.actions.post_payment?.example as JsonObject, credentials })

describe('whom we trust', () => {
  test('a CA of its own is trusted where it is named, and nowhere else, also over the same address', async () => {
    const { url, seen } = await startTls()
    expect(await adapter.run(read(url, { tls: { ca: 'ca' } }, secrets()).call)).toMatchObject({ customer_id: 'C-1' })
    for (const [keys, credentials] of [
      [{}, secrets()],
      [{ tls: { ca: 'ca' } }, { ca: stranger.certificate }]
    ] as const) {
      const error = await failure(adapter.run(read(url, keys, credentials).call))
      expect(error).toMatchObject({
        code: 'target_failed',
        retryable: false,
        effect: 'none',
        hint: expect.stringContaining('target.tls.ca')
      })
      expect(error.message).toMatch(
        /^No safe connection to the target: its certificate comes from one that is not trusted \(\w+\)\. Nothing was sent\.$/
      )
    }
    expect(seen).toHaveLength(1)
  })

  test.each([
    ['for another name', { altNames: 'DNS:other.example' }, {}, /for another name/],
    ['that has expired', { altNames: 'IP:127.0.0.1', days: -1 }, {}, /has expired/]
  ])('a certificate %s is refused, before the fence', async (_, wanted, keys, message) => {
    const identity = makeIdentity({ name: 'bad', issuer: ca, ...wanted })
    const { url, seen } = await startTls({ cert: identity.certificate, key: identity.key })
    const payment = pay(url, { tls: { ca: 'ca', ...keys } }, secrets())
    const error = await failure(adapter.run(payment.call))
    expect(error).toMatchObject({ code: 'target_failed', retryable: false, effect: 'none' })
    expect(error.message).toMatch(message)
    expect({ commits: payment.commits, seen }).toEqual({ commits: 0, seen: [] })
  })

  test('serverName says which name the certificate must be for', async () => {
    const identity = makeIdentity({ name: 'x', issuer: ca, altNames: 'DNS:soap.bank.example' })
    const { url } = await startTls({ cert: identity.certificate, key: identity.key })
    const keys = { tls: { ca: 'ca', serverName: 'soap.bank.example' } }
    expect(await adapter.run(read(url, keys, secrets()).call)).toMatchObject({ customer_id: 'C-1' })
    expect(await adapter.run(pay(url, keys, secrets()).call)).toMatchObject({ currency: 'EUR', new_balance: 1 })
  })
})

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('mutual %s', version => {
  const options = { requestCert: true, rejectUnauthorized: true, minVersion: version, maxVersion: version } as const

  test('reads and commits show the certificate, from PEM, encrypted PEM and PKCS #12', async () => {
    const { url, seen } = await startTls(options)
    const forms: readonly (readonly [JsonObject, Readonly<Record<string, string>>])[] = [
      [tlsKeys, secrets()],
      [
        { ...tlsKeys, passphrase: 'phrase' },
        { ...secrets(), client_key: encryptKey(client, 'open sesame'), phrase: 'open sesame' }
      ],
      [
        { ca: 'ca', pfx: 'pfx', passphrase: 'phrase' },
        { ca: ca.certificate, pfx: makePfx(client, 'open sesame'), phrase: 'open sesame' }
      ]
    ]
    for (const [tls, credentials] of forms) {
      expect(await adapter.run(read(url, { tls }, credentials).call)).toMatchObject({ customer_id: 'C-1' })
      const payment = pay(url, { tls }, credentials)
      expect(await adapter.run(payment.call)).toMatchObject({ currency: 'EUR', new_balance: 1 })
      expect(payment.commits).toBe(1)
    }
    expect(seen.map(({ subject }) => subject)).toEqual(Array(6).fill('client'))
  })

  test("a stranger's certificate is refused by a strict target, and the fence is not reached", async () => {
    const strict = await startStrict(version)
    const payment = pay(strict.url, { tls: tlsKeys }, secrets(stranger))
    const reading = read(strict.url, { tls: tlsKeys }, secrets(stranger))
    for (const { call } of [payment, reading]) {
      const error = await failure(adapter.run(call))
      expect(error).toMatchObject({ code: 'target_failed', retryable: false, effect: 'none' })
      expect(error.message).toMatch(/^No safe connection to the target: it refused the client's certificate, or wants one \(ERR_SSL_\S+\)/)
    }
    expect(payment.commits).toBe(0)
    expect(await strict.output()).not.toMatch(/POST|Envelope/)
  })

  test('without a certificate nothing is applied, and nobody says that it was', async () => {
    const strict = await startStrict(version)
    const payment = pay(strict.url, { tls: { ca: 'ca' } }, secrets())
    const error = await failure(adapter.run(payment.call))
    // In TLS 1.3 the refusal may come after the request.
    if (version === 'TLSv1.2') expect({ effect: error.effect, commits: payment.commits }).toEqual({ effect: 'none', commits: 0 })
    else if (error.name !== 'NothingSent') expect(error).toMatchObject({ effect: 'unknown', retryable: false })
    expect(await strict.output()).not.toMatch(/POST|Envelope/)
  })

  test('a target that hangs up on a certificate without a word: nothing worse than open is said of it', async () => {
    const { url, seen } = await startTls(options)
    const payment = pay(url, { tls: tlsKeys }, secrets(stranger))
    const error = await failure(adapter.run(payment.call))
    if (payment.commits === 0) expect(error).toMatchObject({ code: 'target_failed', effect: 'none' })
    else if (error.name !== 'NothingSent') expect(error).toMatchObject({ code: 'target_failed', effect: 'unknown', retryable: false })
    expect(seen).toEqual([])
  })

  test('connections are never shared between certificates, and new credentials are used at once', async () => {
    const second = makeIdentity({ name: 'second', issuer: ca })
    const { url, seen, connections } = await startTls(options)
    for (const credentials of [secrets(), secrets(second), secrets(), secrets(second)])
      await adapter.run(read(url, { tls: tlsKeys }, credentials).call)
    expect(seen.map(({ subject }) => subject)).toEqual(['client', 'second', 'client', 'second'])
    expect(connections()).toBe(2)
  })
})

test('a TLS 1.3 target that sends no tickets is waited for a moment', async () => {
  const strict = await startStrict('TLSv1.3', '-num_tickets', '0')
  const connection = await connect(
    { origin: new URL(strict.url).origin, tls: tlsSettings(tlsKeys, secrets()) },
    new AbortController().signal
  )
  expect(connection.written).toBe(false)
  connection.close()
  expect(await strict.output()).toMatch(/CN ?= ?client/)
})

test('the wait for it ends with the call', async () => {
  const strict = await startStrict('TLSv1.3', '-num_tickets', '0')
  const controller = new AbortController()
  const reason = new Error('deadline')
  const connecting = failure(connect({ origin: new URL(strict.url).origin, tls: tlsSettings(tlsKeys, secrets()) }, controller.signal))
  controller.abort(reason)
  expect(await connecting).toBe(reason)
})

describe('credentials that do not do', () => {
  const broken: readonly (readonly [string, JsonObject, Readonly<Record<string, string>>, RegExp])[] = [
    ['a missing text', tlsKeys, { ca: ca.certificate, client_certificate: client.certificate }, /need "client_key", the key of/],
    ['a key that is none', tlsKeys, { ...secrets(), client_key: 'Planted-Secret-1' }, /can not be used for TLS .*client_key/],
    [
      'a key of another certificate',
      tlsKeys,
      { ...secrets(), client_key: stranger.key },
      /can not be used for TLS .*ERR_OSSL_X509_KEY_VALUES_MISMATCH/
    ],
    [
      'a wrong passphrase',
      { ca: 'ca', pfx: 'pfx', passphrase: 'p' },
      { ...secrets(), pfx: makePfx(client, 'right'), p: 'Planted-Secret-1' },
      /can not be used for TLS/
    ],
    ['a CA that is none', { ca: 'ca' }, { ca: 'Planted-Secret-1' }, /"ca", which is not a certificate in PEM/]
  ]
  test.each(broken)('%s: says what, sends nothing, shows nothing', async (_, tls, credentials, message) => {
    const { url, seen } = await startTls()
    for (const call of [read(url, { tls }, credentials), pay(url, { tls }, credentials)]) {
      const error = await failure(adapter.run(call.call))
      expect(error).toMatchObject({ code: 'target_failed', retryable: false })
      expect(error.message).toMatch(message)
      expect(JSON.stringify([error, String(error.stack), [...call.attached.values()]])).not.toMatch(/Planted-Secret|PRIVATE KEY/)
      expect(call.commits).toBe(0)
    }
    expect(seen).toEqual([])
  })

  test('an address without TLS is not called', async () => {
    const error = await failure(adapter.run(read('http://127.0.0.1:1/soap', { tls: tlsKeys }, secrets()).call))
    expect(error).toMatchObject({ retryable: false, message: expect.stringContaining('does not start with https') })
  })
})

describe('over HTTP', () => {
  let raw: Awaited<ReturnType<typeof startRawServer>>
  beforeAll(async () => {
    raw = await startRawServer()
    raw.answer = xml(answer)
  })
  afterAll(() => raw.close())
  const last = () => raw.seen.at(-1)

  test('bearer sends the token, and basic the login', async () => {
    await adapter.run(read(raw.url, { auth: 'bearer' }, { token: 'aB3._~+/-=\n' }).call)
    expect(last()?.headers.authorization).toBe('Bearer aB3._~+/-=')
    await adapter.run(read(raw.url, { auth: 'basic' }, { username: 'Aladdin', password: 'open sesame' }).call)
    expect(last()?.headers.authorization).toBe('Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')
    await adapter.run(read(raw.url, {}, { token: 'unused' }).call)
    expect(last()?.headers.authorization).toBeUndefined()
  })

  test.each([
    ['bearer', {}, /need "token", the bearer token/],
    ['bearer', { token: 'a\r\nx-evil: 1' }, /token with characters/],
    ['basic', { username: 'u' }, /need "password"/],
    ['basic', { username: 'u:v', password: 'p' }, /username with a colon/]
  ])('%s with wrong credentials sends nothing', async (auth, credentials, message) => {
    const before = raw.seen.length
    const error = await failure(adapter.run(read(raw.url, { auth }, credentials).call))
    expect(error).toMatchObject({ code: 'target_failed', retryable: false, message: expect.stringMatching(message) })
    expect(raw.seen).toHaveLength(before)
  })

  test('gzip packs the request', async () => {
    const { url, seen } = await startTls()
    await adapter.run(read(url, { gzip: true, tls: { ca: 'ca' } }, secrets()).call)
    expect(seen[0]?.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(seen[0]?.bytes.length) })
    expect(gunzipSync(seen[0]?.bytes ?? '').toString()).toMatch(/^<\?xml.*<\/soapenv:Envelope>$/)
  })
})

test.each([
  [{ auth: 'bearer', credentials: null }, 'target.auth', 'needs credentials: name them in target.credentials, with token in them'],
  [{ tls: { ca: 'ca' }, url: 'http://bank.example/' }, 'target.tls', 'needs a target.url that starts with https://'],
  [
    { tls: { ca: 'ca' }, credentials: null },
    'target.tls',
    'needs credentials: name them in target.credentials, with the texts that it names in them'
  ]
])('a manifest with %j is refused: %s %s', (keys, path, message) => {
  const { credentials, ...others } = { ...keys, credentials: corebank.target.credentials }
  const target = 'credentials' in keys ? others : { ...others, credentials }
  const { credentials: _, ...base } = corebank.target
  const { issues } = compile(
    { ...corebank, target: { ...base, url: 'https://bank.example/', auth: 'none', ...target } as JsonObject },
    'get_customer'
  )
  expect(issues).toEqual([{ path, message }])
})
