/** What a caller sends stays in its element, attribute, header or part. */
import { describe, expect, test } from '@jest/globals'
import { attribute, childElements, type JsonObject, parseXmlTree, textContent, type XmlElement } from '../../src/index.ts'
import { impossibleTexts, oddTexts } from './playwright/odd-texts.ts'
import { compile, failure, newCall } from './soap/fixture.ts'
import { openSoap } from './soap/open-soap.ts'
import { envelope, xml } from './soap/raw-server.ts'

const soap = openSoap()
const { adapter } = soap

const text = { type: 'string' }
const list = { type: 'array', items: text }
const input = {
  type: 'object',
  properties: {
    id: { ...text, xml: { attribute: true } },
    other: { type: 'object', xml: { 'x-any-attribute': true } },
    head: { type: 'object', properties: { note: text }, xml: { 'x-header': true } },
    plain: text,
    texts: list,
    money: { type: 'object', properties: { amount: { ...text, xml: { 'x-text': true } }, cur: { ...text, xml: { attribute: true } } } },
    words: { ...list, xml: { 'x-list': true } },
    kind: { ...text, xml: { 'x-qname': true } }
  }
}
const target = {
  url: 'http://127.0.0.1',
  namespaces: { t: 'urn:t' },
  addressing: true,
  headers: { 't:Note': { '@by': '{{ optional input.plain }}', 't:Text': '{{ optional input.plain }}' } }
}
const action = { effect: 'read', operation: 't:Do', soapAction: 'urn:t/Do', input, output: { type: 'object', properties: {} } }

async function send(value: JsonObject) {
  const { plan, issues } = compile({ bot: 'b', env: [], target, actions: { a: action } }, 'a')
  expect(issues).toEqual([])
  soap.server.seen.length = 0
  soap.server.answer = xml(envelope('<DoResponse xmlns="urn:t"/>'))
  await adapter.run(newCall({ plan, url: soap.server.url, input: value }).call)
  const limits = { characters: 4_000_000, depth: 50, elements: 10_000, attributes: 100, textCharacters: 4_000_000 }
  const root = parseXmlTree(soap.server.seen[0]?.body ?? '', { limits })
  const [header, body] = childElements(root) as [XmlElement, XmlElement]
  return { header, request: childElements(body)[0] as XmlElement, headers: soap.server.seen[0]?.headers ?? {} }
}
const named = (element: XmlElement, name: string) => childElements(element).find(({ local }) => local === name) as XmlElement
/** XML knows no control characters but these three. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/

describe('a text', () => {
  const fit = oddTexts.filter(each => !forbidden.test(each))
  test.each(fit.map(each => [each.slice(0, 40), each]))('%j is one text, attribute, header and word', async (_, odd) => {
    const value = {
      id: odd,
      other: { '{urn:o}x': odd },
      head: { note: odd },
      plain: odd,
      texts: [odd, 'last'],
      money: { amount: odd, cur: odd }
    }
    const { header, request, headers } = await send(value)
    expect(childElements(header).map(({ local }) => local)).toEqual(['Action', 'To', 'MessageID', 'ReplyTo', 'Note', 'note'])
    const note = named(header, 'Note')
    expect([attribute(note, 'by'), textContent(named(note, 'Text')), textContent(named(header, 'note'))]).toEqual([odd, odd, odd])
    expect(childElements(request).map(({ local }) => local)).toEqual(['plain', 'texts', 'texts', 'money'])
    expect(request.attributes.map(({ local, value: said }) => [local, said])).toEqual([
      ['id', odd],
      ['x', odd]
    ])
    const money = named(request, 'money')
    expect([
      textContent(named(request, 'plain')),
      textContent(named(request, 'texts')),
      textContent(money),
      attribute(money, 'cur')
    ]).toEqual([odd, odd, odd, odd])
    expect(headers.soapaction).toBe('"urn:t/Do"')
  })

  test.each([...impossibleTexts, '\u0001', 'bell\u0007', '\ufffe'])('%j is refused, wherever it is to stand', async bad => {
    const places: JsonObject[] = [
      { id: bad },
      { other: { x: bad } },
      { other: { [`{urn:${bad}}x`]: 'a' } },
      { head: { note: bad } },
      { plain: bad },
      { texts: [bad] },
      { money: { amount: bad } },
      { words: [bad] },
      { kind: `{urn:t}${bad}` }
    ]
    for (const value of places) {
      expect(await failure(send(value))).toMatchObject({ code: 'invalid_input', status: 422, retryable: false, effect: 'none' })
      expect(soap.server.seen).toEqual([])
    }
  })
})

describe('attributes of any name', () => {
  test.each<[string, JsonObject]>([
    ['the type of the element', { '{http://www.w3.org/2001/XMLSchema-instance}type': 't:Other' }],
    ['nothing at all', { '{http://www.w3.org/2001/XMLSchema-instance}nil': 'true' }],
    ['a namespace', { '{http://www.w3.org/2000/xmlns/}t': 'urn:evil' }],
    ['the default namespace', { xmlns: 'urn:evil' }],
    ['an encoding of SOAP', { '{http://schemas.xmlsoap.org/soap/envelope/}encodingStyle': 'x' }],
    ['an id that a signature uses', { '{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id': 'x' }],
    ['one that the schema names', { id: '2' }],
    ['one twice', { a: '1', '{}a': '2' }],
    ['another name', { 'a="" b': '1' }],
    ['a prefix', { 'xsi:type': '1' }],
    ['an object', { a: { b: 1 } }]
  ])('do not say %s', async (_, other) => {
    expect(await failure(send({ id: '1', other }))).toMatchObject({ code: 'invalid_input', status: 422 })
    expect(soap.server.seen).toEqual([])
  })

  test('may say the language', async () => {
    const { request } = await send({ other: { '{http://www.w3.org/XML/1998/namespace}lang': 'de' } })
    expect(attribute(request, 'lang', 'http://www.w3.org/XML/1998/namespace')).toBe('de')
  })
})

test('a name that is qualified is a name', async () => {
  for (const kind of ['{urn:t}a b', '{urn:t}a:b', '{urn:t}', '{urn:t}a\nb'])
    expect(await failure(send({ kind }))).toMatchObject({ code: 'invalid_input' })
  const { request } = await send({ kind: '{urn:<&">}ok' })
  expect(textContent(named(request, 'kind'))).toBe('q:ok')
})

test('the name of a part can not add headers to it', () => {
  const part = { ...text, contentEncoding: 'base64', xml: { 'x-attachment': 'part', name: 'a>\r\nContent-Type: x' } }
  const withPart = { ...action, input: { type: 'object', properties: { file: part } } }
  const { issues } = compile({ bot: 'b', env: [], target, actions: { a: withPart } }, 'a')
  expect(issues.map(({ message }) => message).join()).toContain('can not be the name of an attachment')
})
