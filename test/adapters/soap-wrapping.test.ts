import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { makeIdentity } from './soap/certificates.ts'
import { type CallOptions, compile, corebank, failure, newCall } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'
import { type Answering, dsig, exclusive, signedAnswer, timestamp, wsu } from './soap/xmlsec.ts'

const adapter = createAdapter()
const uri = 'urn:bank.example:corebank:v1'
const inside = (id: string, name = 'A') =>
  `<GetCustomerResponse xmlns="${uri}"><customer><customerId>${id}</customerId><name><given>${name}</given><family>P</family></name></customer></GetCustomerResponse>`
const good = inside('C-1')
const evil = inside('EVIL')
const fault =
  '<e:Fault><faultcode>e:Client</faultcode><faultstring>Customer not found</faultstring><detail><CustomerNotFoundFault xmlns="urn:bank.example:corebank:v1"/></detail></e:Fault>'
const signer = makeIdentity({ name: 'service', rsa: true })
const stranger = makeIdentity({ name: 'stranger', rsa: true })
const ec = makeIdentity({ name: 'service EC' })
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

interface Asked extends Partial<CallOptions> {
  readonly verify?: JsonObject
  readonly target?: JsonObject
  readonly name?: string
  readonly status?: number
}
function ask(answer: string, { verify, target = {}, name = 'get_customer', status = 200, ...options }: Asked = {}) {
  const security = { verify: { certificate: 'service', ...verify } }
  const { plan, issues } = compile({ ...corebank, target: { ...corebank.target, auth: 'none', security, ...target } }, name)
  expect(issues).toEqual([])
  server.answer = xml(answer, status)
  const input = name === 'get_customer' ? { customer_id: 'C-1' } : (corebank.actions[name]?.example as JsonObject)
  return newCall({ plan, url: server.url, input, credentials: { service: signer.certificate }, ...options })
}
const accepted = async (answer: string, asked?: Asked) => adapter.run(ask(answer, asked).call)
const refused = async (answer: string, why: RegExp, asked?: Asked) => {
  const error = await failure(adapter.run(ask(answer, asked).call))
  expect(error.message).toMatch(why)
  expect(error).toMatchObject({ code: 'invalid_output', retryable: false })
  expect(error.message).toMatch(/^The target's answer is not trusted: /)
  expect(JSON.stringify(error)).not.toContain('EVIL')
}
const answer = (answering: Partial<Answering> = {}) => signedAnswer({ body: good, signer, ...answering })
const customer = expect.objectContaining({ customer_id: 'C-1' })

/** The pieces of a signed answer, to build others from. */
const pieces = (text: string) => {
  const find = (pattern: RegExp) => pattern.exec(text)?.[0] ?? ''
  return {
    text,
    body: find(/<e:Body[\s\S]*<\/e:Body>/),
    header: find(/<e:Header>[\s\S]*<\/e:Header>/),
    signature: find(/<ds:Signature [\s\S]*<\/ds:Signature>/),
    signedInfo: find(/<ds:SignedInfo>[\s\S]*<\/ds:SignedInfo>/),
    timestamp: find(/<u:Timestamp[\s\S]*<\/u:Timestamp>/)
  }
}
const evilBody = (attributes = '') => `<e:Body${attributes}>${evil}</e:Body>`
const idB = ` xmlns:u="${wsu}" u:Id="B"`
const base = pieces(answer())

describe('what is believed', () => {
  test.each<[string, Partial<Answering>, Asked]>([
    ['a signed body and Timestamp', {}, {}],
    ['SHA-512', { signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', digest: 'http://www.w3.org/2001/04/xmlenc#sha512' }, {}],
    [
      'ECDSA',
      { signer: ec, signature: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256' },
      { credentials: { service: ec.certificate } }
    ],
    ['one of several certificates', {}, { credentials: { service: `${stranger.certificate}\n${ec.certificate}\n${signer.certificate}` } }],
    ['SHA-1, where the manifest says so', { signature: `${dsig}rsa-sha1`, digest: `${dsig}sha1` }, { verify: { sha1: true } }],
    ['the body alone, where the manifest says so', { ids: ['B'], timestamp: '' }, { verify: { parts: ['body'] } }],
    [
      'prefixes that values use',
      {
        transforms: `<ds:Transform Algorithm="${exclusive}"><ec:InclusiveNamespaces xmlns:ec="${exclusive}" PrefixList="e Zed abc"/></ds:Transform>`,
        prefixes: ' xmlns:Zed="urn:z" xmlns:abc="urn:a"'
      },
      {}
    ],
    ['odd characters', { body: inside('C-1', 'é &amp; &lt;&#xD;&#x9; 🙂 <![CDATA[<!-- & -->]]>') }, {}],
    ['a Timestamp without an end', { timestamp: timestamp(Date.now() - 60_000) }, {}]
  ])('%s', async (_, answering, asked) => {
    expect(await accepted(answer(answering), asked)).toEqual(customer)
  })

  test('the text comes out as it was signed', async () => {
    const output = await accepted(answer({ body: inside('C-1', 'é &amp; &lt;&#xD;&#x9; 🙂 <![CDATA[<!-- & -->]]>') }))
    expect(output).toMatchObject({ name: { given: 'é & <\r\t 🙂 <!-- & -->' } })
  })

  test('a declared fault that is signed is an error of the business', async () => {
    const { call } = ask(answer({ body: fault }), { status: 500 })
    expect(await failure(adapter.run(call))).toMatchObject({ name: 'BusinessError', code: 'customer_not_found' })
  })

  test('headers that are not signed are not read', async () => {
    const block = (name: string, id = '') => `<h:${name} xmlns:h="urn:h"${id}>${name}</h:${name}>`
    const relates = (text: string) =>
      `<a:RelatesTo xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="${wsu}" u:Id="R">${text}</a:RelatesTo>`
    const schema = {
      type: 'object',
      properties: {
        header: {
          type: 'object',
          xml: { 'x-header': true },
          properties: { Loose: { type: 'string', xml: { prefix: 'h' } }, RelatesTo: { type: 'string', xml: { prefix: 'wsa' } } }
        },
        customer: { type: 'object', properties: { customerId: { type: 'string' } } }
      }
    }
    const target = { namespaces: { cb: uri, h: 'urn:h', wsa: 'http://www.w3.org/2005/08/addressing' } }
    const manifest = {
      ...corebank,
      target: { ...corebank.target, auth: 'none', ...target, security: { verify: { certificate: 'service' } } },
      actions: {
        read: { ...corebank.actions.get_customer, output: { type: 'object' }, response: { schema, result: '{{ response }}' } } as JsonObject
      }
    }
    const { plan, issues } = compile(manifest, 'read')
    expect(issues).toEqual([])
    server.answer = xml(answer({ headers: block('Loose') + relates('urn:1'), ids: ['B', 'TS', 'R'] }))
    const { call } = newCall({ plan, url: server.url, input: { customer_id: 'C-1' }, credentials: { service: signer.certificate } })
    expect(await adapter.run(call)).toEqual({ customer: { customerId: 'C-1' }, header: { RelatesTo: 'urn:1' } })
  })
})

describe('signature wrapping', () => {
  const { text, body, header, signature, timestamp: stamp } = base
  const end = '</e:Envelope>'
  const start = text.slice(0, text.indexOf('<e:Header>'))
  const wrapped = `<x:Wrapper xmlns:x="urn:x">${body}</x:Wrapper>`
  test.each<[string, string, RegExp]>([
    [
      'the signed body hidden in the header, another in its place',
      text.replace(body, evilBody()).replace('<e:Header>', `<e:Header>${wrapped}`),
      /refers to B, which is neither the body nor a header/
    ],
    [
      'the same, and the new body has an id of its own',
      text.replace(body, evilBody(` xmlns:u="${wsu}" u:Id="E"`)).replace('</e:Header>', `${wrapped}</e:Header>`),
      /neither the body nor a header/
    ],
    [
      'the same, and both have the id',
      text.replace(body, evilBody(idB)).replace('</e:Header>', `${wrapped}</e:Header>`),
      /the id B is there more than once/
    ],
    [
      'the id is there in another spelling',
      text.replace(body, evilBody(' ID="B"')).replace('</e:Header>', `${wrapped}</e:Header>`),
      /the id B is there more than once/
    ],
    [
      'the id is there as xml:id',
      text.replace(body, evilBody(' xml:id="B"')).replace('</e:Header>', `${wrapped}</e:Header>`),
      /the id B is there more than once/
    ],
    [
      'the signed body hidden in the security header',
      text.replace(body, evilBody()).replace('<w:Security>', `<w:Security>${wrapped}`),
      /neither the body nor a header/
    ],
    [
      'the signed body as a child of the security header',
      text.replace(body, evilBody()).replace('<w:Security>', `<w:Security>${body}`),
      /its body is not signed/
    ],
    ['the signed body as a header', text.replace(body, evilBody()).replace('<e:Header>', `<e:Header>${body}`), /its body is not signed/],
    [
      'the signed body in an Object of the signature',
      text.replace(body, evilBody()).replace('</ds:Signature>', `<ds:Object>${body}</ds:Object></ds:Signature>`),
      /its Signature holds Object/
    ],
    [
      'the signed body in the KeyInfo',
      text.replace(body, evilBody()).replace('</ds:Signature>', `<ds:KeyInfo>${body}</ds:KeyInfo></ds:Signature>`),
      /neither the body nor a header/
    ],
    ['the signed body inside the new one', text.replace(body, `<e:Body>${evil}${body}</e:Body>`), /neither the body nor a header/],
    ['a second body before it', text.replace(body, evilBody() + body), /its envelope holds Header Body Body/],
    ['a second body after it', text.replace(body, body + evilBody()), /its envelope holds Header Body Body/],
    ['a body of another namespace before it', text.replace(body, `<e:Body xmlns:e="urn:e">${evil}</e:Body>${body}`), /its envelope holds/],
    [
      'the whole envelope inside a new one',
      `${start}${header}<e:Body>${evil}<x>${text}</x></e:Body>${end}`,
      /refers to B, which is neither the body nor a header/
    ],
    [
      'the whole envelope in a header of a new one',
      `${start}<e:Header><x>${text}</x></e:Header>${evilBody(idB)}${end}`,
      /it is not signed/
    ],
    ['two headers', text.replace(header, header + header), /its envelope holds Header Header Body/],
    [
      'two security headers',
      text.replace('<e:Header>', `<e:Header><w:Security>${stamp}</w:Security>`),
      /more than one Security|more than once/
    ],
    ['two signatures side by side', text.replace(signature, signature + signature), /more than one Signature/],
    ['a signature in another header, too', text.replace('<e:Header>', `<e:Header><x>${signature}</x>`), /more than one signature/],
    ['the signature in the body', text.replace(signature, '').replace(body, `<e:Body>${evil}${signature}</e:Body>`), /it is not signed/],
    ['no signature', text.replace(signature, ''), /it is not signed/],
    ['no security at all', envelope(evil), /it is not signed/]
  ])('%s', async (_, forged, why) => {
    expect(forged).not.toBe(text)
    await refused(forged, why)
  })
})

describe('signatures that are not what they look like', () => {
  const { text, signedInfo } = base
  const digestValue = /<ds:DigestValue>([^<]*)/.exec(text)?.[1] ?? ''
  test.each<[string, string, RegExp]>([
    ['a changed text', text.replace('>C-1<', '>EVIL<'), /the digest of B does not fit/],
    ['an element more', text.replace('<customer>', '<customer><email>EVIL</email>'), /the digest of B does not fit/],
    ['an attribute more', text.replace('<customer>', '<customer a="EVIL">'), /the digest of B does not fit/],
    ['another namespace', text.replace(`xmlns="${uri}"`, 'xmlns="urn:evil"'), /the digest of B does not fit/],
    ['a comment in a text', text.replace('>C-1<', '>C-<!--x-->1<'), /comments or processing instructions/],
    ['a processing instruction', text.replace('<customer>', '<?php x?><customer>'), /comments or processing instructions/],
    ['a comment in a DigestValue', text.replace(digestValue, `<!--Zm9yZ2Vk-->${digestValue}`), /comments or processing instructions/],
    ['an element in a DigestValue', text.replace(digestValue, `<x>Zm9yZ2Vk</x>${digestValue}`), /DigestValue is not a text in base64/],
    [
      'two DigestValues',
      text.replace(`<ds:DigestValue>${digestValue}`, `<ds:DigestValue>Zm9yZ2Vk</ds:DigestValue><ds:DigestValue>${digestValue}`),
      /more than one DigestValue/
    ],
    [
      'two SignedInfos, the forged one first',
      text.replace(signedInfo, signedInfo.replaceAll(digestValue, 'Zm9yZ2Vk') + signedInfo),
      /more than one SignedInfo/
    ],
    ['two SignedInfos, the forged one last', text.replace(signedInfo, signedInfo + signedInfo), /more than one SignedInfo/],
    ['no SignedInfo', text.replace(signedInfo, ''), /no SignedInfo/],
    [
      'two SignatureValues',
      text.replace('<ds:SignatureValue>', '<ds:SignatureValue>AAAA</ds:SignatureValue><ds:SignatureValue>'),
      /more than one SignatureValue/
    ],
    ['a SignatureValue of nobody', text.replace(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>AAAA'), /not made with the key/],
    ['no SignatureValue', text.replace(/<ds:SignatureValue>[^<]*/, '<ds:SignatureValue>'), /SignatureValue is not a text in base64/],
    ['a changed reference', text.replace('URI="#TS"', 'URI="#B"'), /refers twice to B/],
    ['a reference to what is not there', text.replace('URI="#TS"', 'URI="#X"'), /refers to X, which is not there/],
    ['a reference to the whole document', text.replace('URI="#B"', 'URI=""'), /by another way than an id/],
    ['a reference by XPointer', text.replace('URI="#B"', `URI="#xpointer(id('B'))"`), /by another way than an id/],
    ['a reference to another address', text.replace('URI="#B"', 'URI="http://127.0.0.1:9/x"'), /by another way than an id/],
    ['a reference with a quote', text.replace('URI="#B"', `URI="#B' or '1'='1"`), /by another way than an id/],
    [
      'a thousand references',
      text.replace('</ds:SignedInfo>', `${'<ds:Reference URI="#B"/>'.repeat(1_000)}</ds:SignedInfo>`),
      /has 1002 references/
    ],
    [
      'a transform that takes things away',
      text.replace(
        `<ds:Transform Algorithm="${exclusive}"/>`,
        `<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>0</ds:XPath></ds:Transform>`
      ),
      /only .*exc-c14n# is accepted/
    ],
    [
      'a second transform',
      text.replace('<ds:Transforms>', `<ds:Transforms><ds:Transform Algorithm="${dsig}enveloped-signature"/>`),
      /more than one Transform/
    ],
    [
      'another canonicalization',
      text.replace(
        `<ds:CanonicalizationMethod Algorithm="${exclusive}"`,
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"'
      ),
      /only .*exc-c14n# is accepted/
    ],
    ['an HMAC', text.replace('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', `${dsig}hmac-sha1`), /hmac-sha1, which is not accepted/],
    ['no algorithm', text.replace('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', ''), /which is not accepted/],
    ['a document type', `<!DOCTYPE x [<!ATTLIST customer a CDATA "EVIL">]>${text}`, /DOCTYPE/]
  ])('%s', async (name, forged, why) => {
    expect(forged).not.toBe(text)
    if (name !== 'a document type') return refused(forged, why)
    const error = await failure(adapter.run(ask(forged).call))
    expect(error).toMatchObject({ code: 'invalid_output', message: expect.stringMatching(why) })
  })

  test.each<[string, Partial<Answering>, RegExp, Asked]>([
    ['a stranger', { body: evil, signer: stranger }, /not made with the key of a certificate that is trusted/, {}],
    [
      'the public key as secret of an HMAC',
      { body: evil, secret: signer.certificate, signature: `${dsig}hmac-sha1` },
      /hmac-sha1, which is not accepted/,
      {}
    ],
    ['SHA-1', { signature: `${dsig}rsa-sha1` }, /SHA-1 \(rsa-sha1\)/, {}],
    ['SHA-1 for digests', { digest: `${dsig}sha1` }, /SHA-1 \(sha1\)/, {}],
    [
      'a key of another kind than the trusted one',
      {},
      /rsa-sha256, which is not for the keys/,
      { credentials: { service: ec.certificate } }
    ],
    ['the Timestamp alone', { body: evil, ids: ['TS'] }, /its body is not signed/, {}],
    ['the body alone', { ids: ['B'] }, /its Timestamp is not signed/, {}],
    ['the body, and there is no Timestamp', { ids: ['B'], timestamp: '' }, /it has no Timestamp/, {}],
    ['two Timestamps', { timestamp: timestamp(Date.now()) + timestamp(Date.now()).replace('"TS"', '"T2"') }, /more than one Timestamp/, {}]
  ])('signed by or with %s', async (_, answering, why, asked) => {
    await refused(answer(answering), why, asked)
  })

  test('a prefix in a value that the signature does not cover means nothing', async () => {
    const typed = good.replace('<customer>', `<customer xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Zed:T">`)
    const signed = answer({ body: typed, prefixes: ' xmlns:Zed="urn:z"' })
    for (const each of [signed, signed.replace('"urn:z"', '"urn:evil"')]) {
      const outcome = await accepted(each).then(
        output => JSON.stringify(output),
        error => String(error)
      )
      expect(outcome).not.toMatch(/urn:(z|evil)/)
    }
  })
})

describe('attachments', () => {
  test('an answer that has some is not believed', async () => {
    const head = '--b\r\ncontent-type: text/xml; charset=utf-8\r\ncontent-id: <root>\r\n\r\n'
    const whole = `${head}${base.text}\r\n--b\r\ncontent-id: <x>\r\n\r\nEVIL\r\n--b--\r\n`
    const { call } = ask('')
    server.answer = response =>
      void response.writeHead(200, { 'content-type': 'multipart/related; type="text/xml"; start="<root>"; boundary=b' }).end(whole)
    const error = await failure(adapter.run(call))
    expect(error).toMatchObject({ code: 'invalid_output', message: expect.stringContaining('it has attachments, which its signature') })
  })

  test('a manifest that would sign some is refused', () => {
    const schema = { type: 'object', properties: { data: { type: 'string', contentEncoding: 'base64', xml: { 'x-attachment': 'xop' } } } }
    const security = { sign: { certificate: 'cert', key: 'key' } }
    const action = { ...corebank.actions.get_customer, request: { schema, body: {} } } as JsonObject
    const target = { ...corebank.target, auth: 'none', security }
    const { issues } = compile({ ...corebank, target, actions: { send: action } }, 'send')
    expect(issues.map(({ path, message }) => `${path} ${message}`)).toEqual([expect.stringMatching(/^request has attachments/)])
  })
})

describe('time', () => {
  const minute = 60_000
  const now = Date.now()
  const at = (created: string, expires = '') =>
    `<u:Timestamp xmlns:u="${wsu}" u:Id="TS">${created && `<u:Created>${created}</u:Created>`}${expires}</u:Timestamp>`
  test.each<[string, string, RegExp]>([
    ['it has expired', timestamp(now - 4 * minute, now - 2 * minute), /has expired/],
    ['it is of the future', timestamp(now + 10 * minute, now + 20 * minute), /of the future/],
    ['it is old, though it says that it is good', timestamp(now - 20 * minute, now + 600 * minute), /older than 5m/],
    ['it does not say when it was made', at(''), /does not say when it was made/],
    ['its time is none', at('yesterday'), /no valid Created/],
    ['its time has no zone', at('2026-01-01T00:00:00'), /no valid Created/],
    ['two times', at(`${new Date(now).toISOString()}</u:Created><u:Created>${new Date(now).toISOString()}`), /no valid Created/]
  ])('%s', async (_, time, why) => {
    await refused(answer({ timestamp: time }), why)
  })

  test('the manifest says how much of it is tolerated', async () => {
    const old = answer({ timestamp: timestamp(now - 20 * minute, now - 15 * minute) })
    expect(await accepted(old, { verify: { skew: '20m', maxAge: '1h' } })).toEqual(customer)
  })
})

describe('which request it answers', () => {
  const related = (id: string, ids = ['B', 'TS', 'R']) =>
    answer({ headers: `<a:RelatesTo xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="${wsu}" u:Id="R">${id}</a:RelatesTo>`, ids })
  const asked: Asked = {
    name: 'post_payment',
    reference: 'RF-1',
    target: { addressing: true },
    verify: { parts: ['body', 'timestamp', 'relatesTo'] }
  }
  const security = { verify: { certificate: 'service', ...asked.verify } }
  const paying = { ...asked, target: { addressing: true, security } }

  test('an answer to another request, and one that does not say under its signature', async () => {
    await refused(answer({ body: good }), /does not say under its signature which request/, paying)
    await refused(related('urn:retrofit:run_1:RF-1', ['B', 'TS']), /does not say under its signature which request/, paying)
    const error = await failure(adapter.run(ask(related('urn:retrofit:run_1:RF-0'), paying).call))
    expect(error).toMatchObject({
      code: 'invalid_output',
      effect: 'unknown',
      message: expect.stringContaining('the answer to another message')
    })
  })

  test('the answer to this one', async () => {
    const paid = `<PostPaymentResponse xmlns="${uri}"><confirmationNumber>CB1</confirmationNumber><postedAt>2026-01-01T00:00:00Z</postedAt><newBalance currency="EUR">1.00</newBalance></PostPaymentResponse>`
    const signed = signedAnswer({
      body: paid,
      signer,
      headers: `<a:RelatesTo xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="${wsu}" u:Id="R">urn:retrofit:run_1:RF-1</a:RelatesTo>`,
      ids: ['B', 'TS', 'R']
    })
    expect(await accepted(signed, paying)).toMatchObject({ new_balance: 1 })
  })
})

describe('a commit whose answer is not trusted', () => {
  test.each<[string, string, number]>([
    ['an answer without a signature', envelope(good), 200],
    ['a fault without a signature, that would prove that nothing was applied', envelope(fault), 500],
    ['a forged answer', base.text.replace('>C-1<', '>EVIL<'), 200]
  ])('%s: the outcome stays open', async (_, forged, status) => {
    const error = await failure(adapter.run(ask(forged, { name: 'post_payment', status }).call))
    expect(error).toMatchObject({ code: 'invalid_output', effect: 'unknown', retryable: false })
  })

  test('an HTTP error proves nothing either, unless the manifest says that it does', async () => {
    const payment = (verify: JsonObject) => ask('', { name: 'post_payment', status: 401, verify })
    expect(await failure(adapter.run(payment({}).call))).toMatchObject({ code: 'target_failed', effect: 'unknown' })
    expect(await failure(adapter.run(payment({ unsignedFaults: true }).call))).toMatchObject({ name: 'NothingSent' })
  })

  test('unsignedFaults believes faults, and nothing else', async () => {
    const believing: Asked = { verify: { unsignedFaults: true } }
    const { call } = ask(envelope(fault), { ...believing, status: 500 })
    expect(await failure(adapter.run(call))).toMatchObject({ name: 'BusinessError', code: 'customer_not_found' })
    await refused(envelope(evil), /it is not signed/, believing)
    await refused(base.text.replace(base.body, `<e:Body>${fault}</e:Body>`), /refers to B, which is not there/, believing)
  })

  test.each([
    ['missing', {}, /need "service", the certificates that answers are signed with/],
    ['no certificate', { service: 'nothing' }, /"service", which is not a certificate in PEM/],
    [
      'one that has expired',
      { service: makeIdentity({ name: 'old', days: -1 }).certificate },
      /"service", a certificate that is not valid now/
    ]
  ])('a trusted certificate that is %s sends nothing', async (_, credentials, why) => {
    const { call, commits } = ask(base.text, { name: 'post_payment', credentials })
    expect(await failure(adapter.run(call))).toMatchObject({ code: 'target_failed', retryable: false, message: expect.stringMatching(why) })
    expect({ commits, seen: server.seen }).toEqual({ commits: 0, seen: [] })
  })
})
