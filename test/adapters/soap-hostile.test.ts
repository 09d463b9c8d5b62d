import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { ScalarMapping } from '../../adapters/soap/mapping.ts'
import { joinReferences, joinReferencesInPieces } from '../../adapters/soap/multi-ref.ts'
import { readText } from '../../adapters/soap/read-scalar.ts'
import { childElements, type JsonObject, parseXmlTree, textContent, type XmlElement } from '../../src/index.ts'
import { type CallOptions, compile, corebank, failure, login, newCall } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'

const adapter = createAdapter()
const { plan } = compile(corebank, 'get_customer')
const customer = (inner: string, attributes = '') =>
  envelope(`<GetCustomerResponse xmlns="urn:bank.example:corebank:v1"${attributes}><customer>${inner}</customer></GetCustomerResponse>`)
const whole = customer('<customerId>C-1</customerId><name><given>Ann</given><family>Poe</family></name>')
const scalar: ScalarMapping = {
  kind: 'scalar',
  type: 'string',
  orText: false,
  format: undefined,
  token: true,
  allowed: undefined,
  limits: undefined,
  qualified: false,
  nillable: false,
  typeName: undefined,
  attachment: undefined,
  mediaType: ''
}
const limits = { characters: 1e6, depth: 10, elements: 1e5, attributes: 10, textCharacters: 1e3 }
let server: RawServer

beforeAll(async () => {
  server = await startRawServer()
})
beforeEach(() => {
  server.seen.length = 0
})
afterAll(async () => {
  await adapter.close()
  await server.close()
})

const read = (options: Partial<CallOptions> = {}) => newCall({ plan, url: server.url, input: { customer_id: 'C-1001' }, ...options })
const attempt = async (answer: RawServer['answer'], options: Partial<CallOptions> = {}) => {
  server.answer = answer
  const recorded = read(options)
  return { ...recorded, error: await failure(adapter.run(recorded.call)) }
}

describe('answers that are refused', () => {
  const deep = '<a>'.repeat(100_000) + '</a>'.repeat(100_000)
  const bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
  test.each<[string, string | Buffer, Record<string, string>, RegExp]>([
    ['an HTML page', '<html><body>Login</body></html>', { 'content-type': 'text/html' }, /an HTML page/],
    ['HTML that calls itself XML', '<html><body>Login<br></body></html>', {}, /well formed|cut off/],
    ['another root', '<a/>', {}, /not a SOAP envelope/],
    ['plain text', 'OK', {}, /text stands outside the root element/],
    ['nothing', '', {}, /it is empty \(HTTP 200\)/],
    ['a cut-off document', whole.slice(0, -30), {}, /closes GetCustomerResponse/],
    ['text after the document', `${whole}<a/>`, {}, /more than one root/],
    ['another answer', envelope('<ListAccountsResponse xmlns="urn:bank.example:corebank:v1"/>'), {}, /ListAccountsResponse where/],
    ['an empty body', envelope(''), {}, /one element/],
    ['no customer', envelope('<GetCustomerResponse xmlns="urn:bank.example:corebank:v1"/>'), {}, /no customer/],
    ['a DOCTYPE', `<!DOCTYPE a SYSTEM "file:///etc/passwd">${whole}`, {}, /DOCTYPE/],
    ['three DOCTYPEs', `${bomb}${bomb}${bomb}${whole}`, {}, /DOCTYPE/],
    ['an entity bomb', whole.replace('Ann', '&c;').replace('?>', `?>${bomb}`), {}, /DOCTYPE/],
    ['an undeclared entity', whole.replace('Ann', '&eacute;'), {}, /entity/],
    ['a forbidden character', whole.replace('Ann', '&#0;'), {}, /character/],
    ['a raw control character', whole.replace('Ann', 'A\u0001'), {}, /characters that XML forbids/],
    ['100,000 levels', customer(deep), {}, /nested deeper than 100/],
    ['500,000 elements', customer('<a/>'.repeat(500_000)), {}, /more than 200000 elements/],
    ['many attributes', customer('', Array.from({ length: 101 }, (_, n) => ` a${n}="1"`).join('')), {}, /more than 100 attributes/],
    ['a huge attribute', customer('', ` a="${'x'.repeat(2_000_000)}"`), {}, /too long/],
    ['a huge text', customer('x'.repeat(2_000_000)), {}, /a text is longer than 1048576 characters/],
    ['20 MB', customer(`<email>${'x'.repeat(20_000_000)}</email>`), {}, /larger than 10485760 bytes/],
    ['a gzip bomb', gzipSync(customer(' '.repeat(30_000_000))), { 'content-encoding': 'gzip' }, /larger than/],
    ['broken gzip', whole, { 'content-encoding': 'gzip' }, /gzip encoding is broken/],
    ['broken brotli', whole, { 'content-encoding': 'br' }, /br encoding is broken/],
    ['a multipart message', whole, { 'content-type': 'multipart/related; type="text/xml"' }, /multipart/],
    ['bytes that are no UTF-8', Buffer.from([0x3c, 0x61, 0xff, 0x3e]), {}, /not text in utf-8/],
    ['an unknown character set', whole, { 'content-type': 'text/xml; charset=klingon' }, /not text in klingon/],
    ['an unbound prefix', whole.replace('<name>', '<q:name/><name>'), {}, /prefix q has no namespace/],
    ['one element twice', whole.replace('<name>', '<customerId>C-2</customerId><name>'), {}, /customerId is there more than once/],
    ['elements in a text', whole.replace('C-1<', '<x/><'), {}, /holds elements where a string/]
  ])('%s', async (_, text, headers, why) => {
    const { error, attached } = await attempt(xml(text, 200, headers))
    expect(error).toMatchObject({ name: 'RetrofitError', code: 'invalid_output', retryable: false, effect: 'none' })
    expect(error.message).toMatch(why)
    for (const content of attached.values()) expect(content.length).toBeLessThanOrEqual(4_096)
  })

  test('thousands of prefixes are not copied to each element below them', async () => {
    const levels = Array.from(
      { length: 90 },
      (_, level) => `<x${Array.from({ length: 100 }, (_, n) => ` xmlns:p${level}-${n}="u"`).join('')}>`
    )
    const flood = `${levels.join('')}${'<y xmlns:q="v"/>'.repeat(100_000)}${'</x>'.repeat(90)}`
    server.answer = xml(whole.replace('<name>', `${flood}<name>`))
    expect(await adapter.run(read().call)).toMatchObject({ customer_id: 'C-1', name: { given: 'Ann' } })
  })

  test('a number of a million digits is refused without weighing each', () => {
    const number = { ...scalar, type: 'number' } as const
    expect(() => readText(number, `1${'0'.repeat(1_000_000)}1`, 'total')).toThrow('JSON can hold exactly')
    expect(readText(number, `00100.2500${'0'.repeat(1_000)}`, 'total')).toBe(100.25)
  })

  test('names of Object.prototype are only names', async () => {
    const nasty = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '_', 'cdata'].map(name => `<${name}>x</${name}>`).join('')
    server.answer = xml(customer(`${nasty}<customerId __proto__="1" constructor="2">C-1</customerId>`))
    expect(await adapter.run(read().call)).toEqual({ customer_id: 'C-1', addresses: [] })
    expect(({} as JsonObject).polluted).toBeUndefined()
  })

  test('a large answer that is fine is read in pieces', async () => {
    const address = (n: number) => `<address use="HOME"><line>${'x'.repeat(60)}</line><city>B${n}</city></address>`
    server.answer = xml(customer(Array.from({ length: 10_000 }, (_, n) => address(n)).join('')))
    let turns = 0
    let over = false
    const count = () => {
      turns++
      if (!over) setImmediate(count)
    }
    count()
    const output = (await adapter.run(read().call)) as { addresses: { city: string }[] }
    over = true
    expect(output.addresses.map(({ city }) => city)).toEqual(Array.from({ length: 10_000 }, (_, n) => `B${n}`))
    // About a megabyte: others got their turn at least every 64 KB of it.
    expect(turns).toBeGreaterThan(12)
  })

  test('many values that were put aside are put back in their order, also in pieces', async () => {
    const count = 2_000
    const list = Array.from({ length: count }, (_, n) => `<item href="#i${n}"/>`).join('')
    const aside = Array.from({ length: count }, (_, n) => `<i id="i${n}"><n>${n}</n></i>`).join('')
    const root = parseXmlTree(`<body><list>${list}</list>${aside}</body>`, { limits })
    const joined = await joinReferencesInPieces(root, 100_000, new AbortController().signal)
    expect(joined).toEqual(joinReferences(root, 100_000))
    const items = childElements(childElements(joined)[0] as XmlElement)
    expect(items.map(item => textContent(childElements(item)[0] as XmlElement))).toEqual(Array.from({ length: count }, (_, n) => `${n}`))
    await expect(joinReferencesInPieces(root, 5_000, new AbortController().signal)).rejects.toThrow('too large')
  })

  test('gzip, other character sets and CDATA are read', async () => {
    server.answer = xml(gzipSync(whole.replace('Ann', '<![CDATA[A & <B>]]>')), 200, { 'content-encoding': 'gzip' })
    expect(await adapter.run(read().call)).toMatchObject({ name: { given: 'A & <B>' } })
    server.answer = xml(Buffer.from(whole.replace('Ann', 'Zoë'), 'latin1'), 200, { 'content-type': 'text/xml; charset=iso-8859-1' })
    expect(await adapter.run(read().call)).toMatchObject({ name: { given: 'Zoë' } })
    server.answer = xml(Buffer.from(`\ufeff${whole.replace('Ann', 'Zoë')}`, 'utf16le'), 200, { 'content-type': 'text/xml' })
    expect(await adapter.run(read().call)).toMatchObject({ name: { given: 'Zoë' } })
  })
})

describe('HTTP statuses', () => {
  test.each([
    [302, false, /a redirect to http:\/\/169\.254\.169\.254: redirects are never followed/],
    [401, false, /refused the login/],
    [404, false, /HTTP 404 without a SOAP message/],
    [429, true, /HTTP 429/],
    [500, true, /HTTP 500/],
    [503, true, /HTTP 503/]
  ])('%i', async (status, retryable, message) => {
    const location = 'http://169.254.169.254/latest?token=1'
    const { error, attached } = await attempt(xml('<html>Sorry</html>', status, { location, 'retry-after': '7' }))
    expect(error).toMatchObject({ code: 'target_failed', retryable, effect: 'none', retryAfterMs: 7_000 })
    expect(error.message).toMatch(message)
    expect(attached.get('answer-1.txt')).toBe('<html>Sorry</html>')
    expect(server.seen).toHaveLength(1)
  })
})

describe('faults', () => {
  const soap12 = 'http://www.w3.org/2003/05/soap-envelope'
  const fault = (code: string, text: string) =>
    envelope(`<e:Fault><faultcode>e:${code}</faultcode><faultstring>${text}</faultstring></e:Fault>`)
  test('a Server fault can pass, a Client fault can not; a stack trace stays outside', async () => {
    const trace = 'Order failed&#10;  at com.bank.Core.post(Core.java:12)\n at com.bank.Main'
    expect((await attempt(xml(fault('Server', trace), 500))).error).toMatchObject({
      code: 'target_failed',
      retryable: true,
      message: 'The target answered: a fault',
      targetSaid: 'Order failed'
    })
    expect((await attempt(xml(fault('Client.Auth', 'No'), 500))).error).toMatchObject({ code: 'target_failed', retryable: false })
  })

  test('SOAP 1.2: headers, envelope and faults', async () => {
    const { plan: modern } = compile({ ...corebank, target: { ...corebank.target, soap: '1.2' } }, 'get_customer')
    const reason = (code: string) =>
      `<e:Fault><e:Code><e:Value>e:${code}</e:Value></e:Code><e:Reason><e:Text xml:lang="en">Down</e:Text></e:Reason></e:Fault>`
    for (const [code, retryable] of [
      ['Receiver', true],
      ['Sender', false]
    ] as const) {
      const { error } = await attempt(xml(envelope(reason(code), soap12), 500), { plan: modern })
      expect(error).toMatchObject({ code: 'target_failed', retryable, message: 'The target answered: a fault', targetSaid: 'Down' })
    }
    const seen = server.seen[0]
    expect(seen?.headers['content-type']).toBe('application/soap+xml; charset=utf-8; action="urn:bank.example:corebank:v1/GetCustomer"')
    expect(seen?.headers.soapaction).toBeUndefined()
    expect(seen?.body).toContain(soap12)
  })

  test('SOAP 1.1 has its quoted SOAPAction', async () => {
    await attempt(xml(fault('Server', 'x'), 500))
    expect(server.seen[0]?.headers).toMatchObject({
      'content-type': 'text/xml; charset=utf-8',
      soapaction: '"urn:bank.example:corebank:v1/GetCustomer"',
      authorization: `Basic ${btoa(`${login.username}:${login.password}`)}`
    })
  })
})

describe('connections', () => {
  test('reads keep them alive, and a stale one costs one more try, on a new one', async () => {
    const adapter = createAdapter()
    server.answer = xml(whole)
    for (let count = 0; count < 5; count += 1) {
      await adapter.run(read().call)
      await sleep(5)
    }
    expect(new Set(server.seen.map(({ socket }) => socket)).size).toBe(1)
    const first = server.seen[0]?.socket
    server.answer = (response, body) => {
      if (response.socket === first) response.socket?.resetAndDestroy()
      else xml(whole)(response)
      expect(body).toContain('GetCustomer')
    }
    const { call, exchanges } = read()
    expect(await adapter.run(call)).toMatchObject({ customer_id: 'C-1' })
    expect(exchanges).toHaveLength(2)
    await adapter.close()
  })

  test('a target that always hangs up fails after the second try', async () => {
    const { error, exchanges } = await attempt(response => void response.socket?.resetAndDestroy())
    expect(error).toMatchObject({ code: 'target_failed', retryable: true, effect: 'none' })
    expect(exchanges).toHaveLength(2)
  })

  test('other origins are not reached', async () => {
    const { error } = await attempt(xml(whole), { egress: ['http://127.0.0.1:9'] })
    expect(error.message).toMatch(/not among the origins/)
    expect(server.seen).toEqual([])
  })

  test('a body that never ends is left when the signal says so', async () => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('deadline')), 100)
    const { error } = await attempt(response => void response.writeHead(200, { 'content-type': 'text/xml' }).write('<a>'), {
      signal: controller.signal
    })
    expect(error.message).toBe('deadline')
  })

  test('stats count them', () => {
    expect(adapter.stats?.()).toMatchObject({ origins: expect.any(Number), connections: expect.any(Number) })
  })
})

describe('planted secrets', () => {
  const password = 'Cänary&<1>"x'
  const credentials = { username: 'svc_canary', password }
  const basic = Buffer.from(`svc_canary:${password}`).toString('base64')
  const escaped = password.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const secrets = [password, escaped, basic, 'svc_canary', 'Marianne', 'maria@mail.example', 'Elm Street 9', '4929']

  test.each([
    [
      'an answer that is cut off',
      customer(`<name><given>Marianne</given></name><email>maria@mail.example</email><address use="4929"><line>Elm Street 9`),
      200
    ],
    ['an echo of the request', `<html>${escaped} ${password} ${basic} svc_canary</html>`, 500],
    [
      'a fault',
      envelope(`<e:Fault><faultcode>e:Server</faultcode><faultstring>login ${escaped} ${basic} failed</faultstring></e:Fault>`),
      500
    ]
  ])('%s', async (_, text, status) => {
    const { error, attached } = await attempt(xml(text, status), { credentials })
    const seen = JSON.stringify([error, error.message, error.stack, String(error.cause), ...attached.values()])
    for (const secret of secrets) expect(seen).not.toContain(JSON.stringify(secret).slice(1, -1))
    expect(attached.get('answer-1.txt')).toContain('***')
  })
})
