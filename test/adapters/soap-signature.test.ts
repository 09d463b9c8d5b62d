import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { encryptKey, type Identity, makeIdentity } from './soap/certificates.ts'
import { type CallOptions, compile, corebank, failure, newCall } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'
import { judge } from './soap/xmlsec.ts'

const adapter = createAdapter()
const customer =
  '<GetCustomerResponse xmlns="urn:bank.example:corebank:v1"><customer><customerId>C-1</customerId><name><given>A</given><family>P</family></name></customer></GetCustomerResponse>'
const rsa = makeIdentity({ name: 'signer, "RSA"', rsa: true })
const ec = makeIdentity({ name: 'signer EC' })
let server: RawServer

beforeAll(async () => {
  server = await startRawServer()
})
beforeEach(() => {
  server.seen.length = 0
  server.answer = xml(envelope(customer))
})
afterAll(async () => {
  await adapter.close()
  await server.close()
})

const secrets = (identity: Identity = rsa) => ({
  username: 'u',
  password: 'Planted-Secret-1',
  cert: identity.certificate,
  key: identity.key
})
const sign = { certificate: 'cert', key: 'key' }

function prepare(target: JsonObject, options: Partial<CallOptions> & { readonly name?: string } = {}) {
  const { name = 'get_customer' } = options
  const { plan, issues } = compile({ ...corebank, target: { ...corebank.target, auth: 'none', ...target } }, name)
  expect(issues).toEqual([])
  const input = name === 'get_customer' ? { customer_id: 'C-1' } : (corebank.actions[name]?.example as JsonObject)
  return newCall({ plan, url: server.url, input, credentials: secrets(), ...options })
}
const sentBy = async (target: JsonObject, options: Parameters<typeof prepare>[1] = {}) => {
  await adapter.run(prepare(target, options).call)
  return server.seen.at(-1)?.body ?? ''
}
const references = (text: string) => [...text.matchAll(/URI="#retrofit-(\w+)"/g)].map(found => found[1])

describe('requests that are signed, judged by xmlsec1', () => {
  test.each<[string, JsonObject, Identity]>([
    ['by default', {}, rsa],
    ['with RSA and SHA-512', { algorithm: 'rsa-sha512', digest: 'sha512' }, rsa],
    ['with ECDSA', { algorithm: 'ecdsa-sha256' }, ec],
    ['with SHA-1, where an old target needs it', { algorithm: 'rsa-sha1', digest: 'sha1' }, rsa],
    ['the certificate named by issuer and number', { keyInfo: 'issuerSerial' }, rsa],
    ['the certificate named by its thumbprint', { keyInfo: 'thumbprint' }, rsa],
    ['the certificate named by its key', { keyInfo: 'subjectKeyIdentifier' }, rsa]
  ])('%s', async (_, keys, identity) => {
    const text = await sentBy({ security: { timestamp: '5m', sign: { ...sign, ...keys } } }, { credentials: secrets(identity) })
    expect(judge(text, identity.certificate)).toBe('OK')
    expect(references(text).slice(0, 2)).toEqual(['Body', 'Timestamp'])
    expect(judge(text.replace('>C-1<', '>C-2<'), identity.certificate)).not.toBe('OK')
    expect(text).not.toMatch(/PRIVATE KEY/)
  })

  test('all that can be signed, in both versions of SOAP', async () => {
    const parts = ['body', 'timestamp', 'usernameToken', 'token', 'addressing']
    const target = { addressing: true, security: { timestamp: '5m', usernameToken: 'digest', sign: { ...sign, parts } } }
    const text = await sentBy(target)
    expect(references(text).slice(0, 8).sort()).toEqual([
      'Action',
      'Body',
      'MessageID',
      'ReplyTo',
      'Timestamp',
      'To',
      'UsernameToken',
      'X509'
    ])
    expect(judge(text, rsa.certificate)).toBe('OK')
    for (const changed of [text.replace('<wsse:Username>u<', '<wsse:Username>v<'), text.replace(/(wsu:Id="retrofit-To">)[^<]+/, '$1urn:x')])
      expect(judge(changed, rsa.certificate)).not.toBe('OK')
    const uri = 'http://www.w3.org/2003/05/soap-envelope'
    server.answer = xml(envelope(customer, uri))
    expect(judge(await sentBy({ ...target, soap: '1.2' }), rsa.certificate)).toBe('OK')
  })

  test('whatever stands in it: every kind of character, prefixes in values, prefixes in upper case', async () => {
    const odd = 'a\r\n\tb & < > " \' ]]> é € 🙂  x'
    const namespaces = { cb: 'urn:bank.example:corebank:v1', Zed: 'urn:z', abc: 'urn:a' }
    const request = {
      schema: {
        type: 'object',
        properties: {
          customer_id: { type: 'string', xml: { name: 'customerId' } },
          note: {
            type: 'object',
            xml: { prefix: 'Zed' },
            properties: {
              '@a': { type: 'string', xml: { name: 'a', attribute: true, prefix: 'abc' } },
              text: { type: 'string', xml: { 'x-text': true } }
            }
          },
          kind: { type: 'string', xml: { prefix: 'abc' }, 'x-qname': true }
        }
      },
      body: { customer_id: '{{ input.customer_id }}', note: { '@a': odd, text: odd }, kind: '{urn:z}Kind' }
    }
    const action = { ...corebank.actions.get_customer, request } as JsonObject
    const manifest = { ...corebank, target: { ...corebank.target, auth: 'none', namespaces, security: { sign } }, actions: { odd: action } }
    const { plan, issues } = compile(manifest, 'odd')
    expect(issues).toEqual([])
    await adapter.run(newCall({ plan, url: server.url, input: { customer_id: odd }, credentials: secrets() }).call)
    const text = server.seen[0]?.body ?? ''
    expect(text).toMatch(/<ec:InclusiveNamespaces[^>]*PrefixList|<InclusiveNamespaces[^>]*PrefixList="[^"]*Zed/)
    expect(judge(text, rsa.certificate)).toBe('OK')
    // What a value's prefix means is signed too.
    expect(judge(text.replace('="urn:z"', '="urn:other"'), rsa.certificate)).not.toBe('OK')
  })

  test('a key with a passphrase; the envelope of a commit is signed before the fence', async () => {
    const credentials = { ...secrets(), key: encryptKey(rsa, 'open sesame'), phrase: 'open sesame' }
    const text = await sentBy({ security: { sign: { ...sign, passphrase: 'phrase' } } }, { credentials })
    expect(judge(text, rsa.certificate)).toBe('OK')
    server.answer = response => void response.writeHead(500).end()
    const payment = prepare({ security: { sign } }, { name: 'post_payment' })
    expect(await failure(adapter.run(payment.call))).toMatchObject({ effect: 'unknown' })
    expect(judge(server.seen.at(-1)?.body ?? '', rsa.certificate)).toBe('OK')
    const shown = payment.attached.get('request-1.txt') ?? ''
    expect(shown).toContain('Envelope')
    expect(shown).not.toContain(/SignatureValue>([\w+/=]{20})/.exec(server.seen.at(-1)?.body ?? '')?.[1] ?? 'none')
  })

  test('a text that looks like the end of the security header does not move the signature', async () => {
    const { call } = prepare({ security: { sign }, headers: { 'cb:Odd': '</wsse:Security>$&$1' } })
    await adapter.run(call)
    expect(judge(server.seen[0]?.body ?? '', rsa.certificate)).toBe('OK')
  })
})

describe('keys that do not do', () => {
  const other = makeIdentity({ name: 'other', rsa: true })
  const old = makeIdentity({ name: 'old', rsa: true, days: -1 })
  test.each<[string, Readonly<Record<string, string>>, JsonObject, RegExp]>([
    ['no key', { cert: rsa.certificate }, {}, /need "key", the private key/],
    ['a key that is none', { ...secrets(), key: 'Planted-Secret-1' }, {}, /"key", which is not a private key in PEM/],
    ['a certificate that is none', { ...secrets(), cert: 'Planted-Secret-1' }, {}, /"cert", which is not a certificate in PEM/],
    [
      'a certificate that is damaged',
      { ...secrets(), cert: rsa.certificate.replace(/\n\w{8}/, '\nAAAAAAAA') },
      {},
      /"cert", which is not a certificate in PEM/
    ],
    ['the key of another certificate', { ...secrets(), key: other.key }, {}, /"key", which is not the key of "cert"/],
    ['a key of another kind', secrets(ec), {}, /"key", which is not a key for rsa-sha256/],
    ['a certificate that has expired', secrets(old), {}, /"cert", a certificate that is not valid now/],
    [
      'a wrong passphrase',
      { ...secrets(), key: encryptKey(rsa, 'right'), phrase: 'Planted-Secret-1' },
      { passphrase: 'phrase' },
      /"key", which is not a private key in PEM/
    ]
  ])('%s: says what, sends nothing, shows nothing', async (_, credentials, keys, message) => {
    const { call, attached, commits } = prepare({ security: { sign: { ...sign, ...keys } } }, { credentials, name: 'post_payment' })
    const error = await failure(adapter.run(call))
    expect(error).toMatchObject({ code: 'target_failed', retryable: false, message: expect.stringMatching(message) })
    expect(JSON.stringify([error, String(error.stack), [...attached.values()]])).not.toMatch(/Planted-Secret|PRIVATE KEY/)
    expect({ commits, seen: server.seen }).toEqual({ commits: 0, seen: [] })
  })
})
