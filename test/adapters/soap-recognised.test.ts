/** Answers whose elements have other names, namespaces or places than described: read as they are meant, or refused; never `{}`. */
import { describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '../../src/index.ts'
import { compile, failure, type Manifest, newCall } from './soap/fixture.ts'
import { openSoap } from './soap/open-soap.ts'
import { xml } from './soap/raw-server.ts'

const soap = openSoap()
const { adapter } = soap

const text = { type: 'string' }
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })
const list = (items: JsonObject): JsonObject =>
  object({ items: { type: 'array', items, xml: { name: 'item', 'x-any-name': true } } }, { xml: { 'x-array': 'x:any' } })
const account = object({ balance: { type: 'number' }, holders: list(text), iban: text, opened: { type: ['string', 'null'] } })

const manifest = (action: JsonObject, target: JsonObject): Manifest => ({
  bot: 'b',
  env: [],
  target: { url: 'http://127.0.0.1', namespaces: { t: 'urn:t', x: 'http://www.w3.org/2001/XMLSchema' }, ...target },
  actions: { a: { effect: 'read', operation: 't:Do', input: object({}), ...action } }
})

const declared = [
  'xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"',
  'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"',
  'xmlns:x="http://www.w3.org/2001/XMLSchema"',
  'xmlns:E="http://schemas.xmlsoap.org/soap/encoding/"'
].join(' ')

function answer(content: string, action: JsonObject, target: JsonObject = {}): Promise<Json> {
  const { plan, issues } = compile(manifest(action, target), 'a')
  expect(issues).toEqual([])
  soap.server.answer = xml(`<S:Envelope ${declared}><S:Body>${content}</S:Body></S:Envelope>`)
  return adapter.run(newCall({ plan, url: soap.server.url }).call)
}

const holders = '<holders i:type="E:Array" E:arrayType="x:string[2]"><item>a</item><item>b</item></holders>'
const members = `<balance i:type="x:double">1.5</balance>${holders}<iban i:type="x:string">X</iban><opened i:nil="true"/>`
const one = { balance: 1.5, holders: { items: ['a', 'b'] }, iban: 'X', opened: null }
const array = (content: string) => `i:type="E:Array" E:arrayType="q:A[1]" xmlns:q="urn:b">${content}`
const item = `<item>${members}</item>`

describe('a list, rpc/encoded', () => {
  const listed = (content: string) =>
    answer(content, { encoded: true, output: object({ listReturn: list(account) }) }, { elementForm: 'unqualified' })

  test.each([
    ['as described', `<n:DoResponse xmlns:n="urn:t"><listReturn ${array(item)}</listReturn></n:DoResponse>`],
    ['another accessor, of PHP', `<n:DoResponse xmlns:n="urn:x"><return ${array(item)}</return></n:DoResponse>`],
    ['an accessor that SOAP::Lite makes up', `<DoResponse><s-gensym3 ${array(item)}</s-gensym3></DoResponse>`],
    ['an array that is its own accessor, of SOAP::Lite', `<DoResponse><E:Array ${array(item)}</E:Array></DoResponse>`],
    ['the response under another name', `<n:Answer xmlns:n="urn:x"><Result ${array(item)}</Result></n:Answer>`],
    ['everything in a namespace', `<DoResponse xmlns="urn:x"><listReturn ${array(item)}</listReturn></DoResponse>`],
    [
      'items named by their type',
      `<n:DoResponse xmlns:n="urn:x"><listReturn ${array(`<q:A>${members}</q:A>`)}</listReturn></n:DoResponse>`
    ],
    [
      'the other order',
      `<DoResponse><listReturn ${array(`<item>${[...members.split(/(?=<(?:balance|holders|iban|opened))/)].reverse().join('')}</item>`)}</listReturn></DoResponse>`
    ],
    [
      'what is referred to after it, of Axis and SOAP::Lite',
      `<DoResponse><r href="#1"/></DoResponse><multiRef id="1" E:root="0" ${array('<item href="#2"/>')}</multiRef><multiRef id="2" E:root="0">${members}</multiRef>`
    ],
    [
      'what is referred to before it',
      `<multiRef id="1">${members}</multiRef><n:DoResponse xmlns:n="urn:t"><listReturn ${array('<item href="#1"/>')}</listReturn></n:DoResponse>`
    ],
    [
      'what is referred to before it, which says that it is no root',
      `<m id="1" E:root="0">${members}</m><Odd><r ${array('<item href="#1"/>')}</r></Odd>`
    ],
    [
      'what is referred to before it, and a root that says so',
      `<DoResponse id="1">${members}</DoResponse><Odd id="o" E:root="1"><r ${array('<item href="#1"/>')}</r></Odd>`
    ],
    [
      'xsi:null of 1999',
      `<DoResponse><r ${array(item.replace('i:nil="true"', 'n:null="1" xmlns:n="http://www.w3.org/1999/XMLSchema-instance"'))}</r></DoResponse>`
    ],
    [
      "a list of names and values, of Apache's",
      `<DoResponse><r ${array(`<item i:type="m:Map" xmlns:m="http://xml.apache.org/xml-soap"><item><key>balance</key><value>1.5</value></item><item><key>iban</key><value>X</value></item><item><key>opened</key><value i:nil="true"/></item><item><key>holders</key><value><item>a</item><item>b</item></value></item></item>`)}</r></DoResponse>`
    ]
  ])('%s', async (_, content) => {
    expect(await listed(content)).toEqual({ listReturn: { items: [one] } })
  })

  test.each([
    ['an empty list', `<DoResponse><listReturn ${array('')}</listReturn></DoResponse>`, { listReturn: { items: [] } }],
    ['nothing', '<DoResponse/>', {}],
    ['nil', '<DoResponse><r i:nil="true"/></DoResponse>', {}]
  ])('%s', async (_, content, value) => {
    expect(await listed(content)).toEqual(value)
  })

  test.each([
    [
      'a reference to nothing',
      '<DoResponse><listReturn href="#id9"/></DoResponse>',
      /listReturn refers to #id9, which the message does not have/
    ],
    ['a reference out of the message', '<DoResponse><r href="http://b.example/1"/></DoResponse>', /refers to http:\/\/b.example\/1/],
    ['a text', '<DoResponse><listReturn>none</listReturn></DoResponse>', /listReturn holds a text where elements are expected/],
    [
      'items of another kind',
      `<DoResponse><r ${array('<item><a/><b/></item>')}</r></DoResponse>`,
      /item holds a, b, and its schema knows none of that, but balance, holders/
    ]
  ])('%s is refused', async (_, content, why) => {
    const error = await failure(listed(content))
    expect(error).toMatchObject({ code: 'invalid_output', retryable: false })
    expect(error.message).toMatch(why)
  })
})

describe.each([
  ['encoded', { encoded: true }],
  ['literal', { rpc: true }]
])('rpc/%s', (_, style) => {
  const output = object({ result: text, count: { type: 'integer' }, note: text })
  const called = (content: string) => answer(content, { ...style, output }, { elementForm: 'unqualified' })

  test.each([
    [
      'the return value is the first, other values go by their names',
      '<n:A xmlns:n="urn:z"><ret>ok</ret><note>n</note><count>2</count></n:A>'
    ],
    ['a value that is there by its name is no other one', '<A><count>2</count><result>ok</result><note>n</note></A>'],
    ['values without names go by their places', '<A><c-gensym3>ok</c-gensym3><c-gensym5>2</c-gensym5><c-gensym7>n</c-gensym7></A>'],
    [
      'SOAP 1.2 says which one is the return value',
      '<A><p:result xmlns:p="http://www.w3.org/2003/05/soap-rpc">ret</p:result><ret>ok</ret><note>n</note><count>2</count></A>'
    ],
    [
      'values in the namespace of the operation',
      '<t:DoResponse xmlns:t="urn:t"><t:result>ok</t:result><t:count>2</t:count><t:note>n</t:note></t:DoResponse>'
    ]
  ])('%s', async (_name, content) => {
    expect(await called(content)).toEqual({ result: 'ok', count: 2, note: 'n' })
  })

  test('a fault without its namespace is one', async () => {
    const error = await failure(called('<Fault><faultcode>Client</faultcode><faultstring>No such account</faultstring></Fault>'))
    expect(error).toMatchObject({ code: 'target_failed', targetSaid: 'No such account' })
  })
})

describe('document/literal', () => {
  const person = object({
    name: text,
    tags: { type: 'array', items: { ...text, xml: { name: 'tag' } }, xml: { wrapped: true } },
    age: { type: 'integer' }
  })
  const found = (content: string, more: JsonObject = {}) => answer(content, { output: object({ person }), ...more })
  const whole = { person: { name: 'Ann', tags: ['a', 'b'], age: 7 } }
  const inner = '<name>Ann</name><tags><tag>a</tag><tag>b</tag></tags><age>7</age>'

  test.each([
    ['as described', `<DoResponse xmlns="urn:t"><person>${inner}</person></DoResponse>`],
    ['without a namespace', `<DoResponse><person>${inner}</person></DoResponse>`],
    ['children without one', `<t:DoResponse xmlns:t="urn:t"><person>${inner}</person></t:DoResponse>`],
    ['in another one', `<DoResponse xmlns="urn:old"><person>${inner}</person></DoResponse>`],
    ['children in another one', `<t:DoResponse xmlns:t="urn:t"><person xmlns="urn:old">${inner}</person></t:DoResponse>`],
    [
      'a part in another one',
      `<DoResponse xmlns="urn:t"><person><name>Ann</name><tags xmlns="urn:o"><tag>a</tag><tag>b</tag></tags><age xmlns="">7</age></person></DoResponse>`
    ],
    [
      'an element of an extension beside the one of that name',
      `<DoResponse xmlns="urn:t"><person><name xmlns="urn:ext">no</name>${inner}</person></DoResponse>`
    ],
    ['what nobody described beside what was', `<DoResponse xmlns="urn:t"><more/><person>${inner}<x/></person></DoResponse>`]
  ])('%s', async (_, content) => {
    expect(await found(content)).toEqual(whole)
  })

  test('a group of elements in another namespace keeps its items apart', async () => {
    const pair = { type: 'array', items: object({ a: text, b: text }), xml: { 'x-group': true } }
    const content = '<t:DoResponse xmlns:t="urn:t"><a>1</a><t:b>2</t:b><a>3</a><t:b>4</t:b></t:DoResponse>'
    expect(await answer(content, { output: object({ pair }) })).toEqual({
      pair: [
        { a: '1', b: '2' },
        { a: '3', b: '4' }
      ]
    })
  })

  test('content further inside is found without its namespace', async () => {
    expect(await found(`<DoResponse><data><person>${inner}</person></data></DoResponse>`, { response: { inside: 't:data' } })).toEqual(
      whole
    )
  })

  test.each([
    [
      'an answer of which nothing is known',
      '<DoResponse xmlns="urn:t"><error>no</error></DoResponse>',
      /holds {urn:t}error, and its schema knows none of that, but {urn:t}person/
    ],
    [
      'an element of which nothing is known',
      '<DoResponse xmlns="urn:t"><person><nom>Ann</nom></person></DoResponse>',
      /person holds {urn:t}nom/
    ],
    [
      'a list of which nothing is known',
      '<DoResponse xmlns="urn:t"><person><tags><t>a</t></tags></person></DoResponse>',
      /tags holds t where a list of tag is expected/
    ],
    [
      'one name in two other namespaces',
      '<DoResponse xmlns="urn:t"><person><name xmlns="urn:a">A</name><name xmlns="urn:b">B</name></person></DoResponse>',
      /person holds/
    ],
    ['a text', '<DoResponse xmlns="urn:t"><person>none</person></DoResponse>', /person holds a text where elements are expected/],
    ['another element', '<Other xmlns="urn:t"><person/></Other>', /holds {urn:t}Other where {urn:t}DoResponse is expected/]
  ])('%s is refused', async (_, content, why) => {
    const error = await failure(found(content))
    expect(error).toMatchObject({ code: 'invalid_output' })
    expect(error.message).toMatch(why)
  })
})
