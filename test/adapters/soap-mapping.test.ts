import { describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '../../src/index.ts'
import { compile, failure, type Manifest, newCall } from './soap/fixture.ts'
import { openSoap } from './soap/open-soap.ts'
import { envelope, xml } from './soap/raw-server.ts'

const soap = openSoap()
const { adapter } = soap

const text = { type: 'string' }
const decimalOrText = { type: ['number', 'string'] }
const double = { ...decimalOrText, format: 'double' }
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })
const target = { url: 'http://127.0.0.1', namespaces: { t: 'urn:t', o: 'urn:o' } }
const manifest = (action: JsonObject, more: JsonObject = {}): Manifest => ({
  bot: 'b',
  env: [],
  target: { ...target, ...more },
  actions: { a: { effect: 'read', operation: 't:Do', soapAction: 'urn:t/Do', input: object({}), output: object({}), ...action } }
})

/** The content of the request element, as it went over the wire. */
async function written(input: JsonObject, schema: JsonObject, more: JsonObject = {}): Promise<string> {
  const { plan, issues } = compile(manifest({ input: schema, ...more }), 'a')
  expect(issues).toEqual([])
  soap.server.seen.length = 0
  soap.server.answer = xml(envelope('<DoResponse xmlns="urn:t"/>'))
  await adapter.run(newCall({ plan, url: soap.server.url, input }).call)
  return /<t:Do>?(.*?)(<\/t:Do>|\/>)<\/soapenv:Body>/.exec(soap.server.seen[0]?.body ?? '')?.[1] ?? ''
}

const answered = async (...args: Parameters<typeof answeredCall>): Promise<Json> => (await answeredCall(...args)).output

async function answeredCall(content: string, output: JsonObject, more: JsonObject = {}) {
  const { plan, issues } = compile(manifest({ output, ...more }), 'a')
  expect(issues).toEqual([])
  soap.server.answer = xml(
    envelope(`<x:DoResponse xmlns:x="urn:t" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">${content}</x:DoResponse>`)
  )
  const { call, partial } = newCall({ plan, url: soap.server.url })
  return { output: adapter.run(call), partial }
}

describe('writing', () => {
  test('elements stand in the order of the schema, whatever the order of the input', async () => {
    const schema = object({ b: text, a: text, c: object({ z: text, y: text }) })
    expect(await written({ c: { y: '1', z: '2' }, a: '3', b: '4' }, schema)).toBe(
      '<t:b>4</t:b><t:a>3</t:a><t:c><t:z>2</t:z><t:y>1</t:y></t:c>'
    )
  })

  test('names, namespaces, attributes, text, lists and nil', async () => {
    const schema = object({
      id: { type: 'integer', xml: { attribute: true, name: 'ID' } },
      lang: { ...text, xml: { attribute: true, prefix: 'o' } },
      money: object({ value: { type: 'number', xml: { 'x-text': true } }, cur: { ...text, xml: { attribute: true } } }),
      other: { ...text, xml: { prefix: 'o', name: 'Other' } },
      third: { ...text, xml: { namespace: 'urn:third' } },
      none: { ...text, xml: { namespace: '' } },
      flat: { type: 'array', items: { ...text, xml: { name: 'item' } } },
      box: { type: 'array', xml: { wrapped: true }, items: { type: 'boolean', xml: { name: 'flag' } } },
      gone: { type: ['string', 'null'] },
      may: { anyOf: [text, { type: 'null' }] }
    })
    const input = {
      may: null,
      gone: null,
      box: [true, false],
      flat: ['1', '2'],
      none: 'n',
      third: 't',
      other: 'o',
      money: { cur: 'EUR', value: 1e-7 },
      lang: 'de',
      id: 7
    }
    const content = await written(input, schema)
    expect(soap.server.seen[0]?.body).toContain('<t:Do ID="7" o:lang="de">')
    expect(content).toBe(
      ' ID="7" o:lang="de"><t:money cur="EUR">0.0000001</t:money><o:Other>o</o:Other><ns1:third>t</ns1:third><none>n</none>' +
        '<t:item>1</t:item><t:item>2</t:item><t:box><t:flag>true</t:flag><t:flag>false</t:flag></t:box><t:gone xsi:nil="true"/><t:may xsi:nil="true"/>'
    )
  })

  test.each<[JsonObject, Json, string]>([
    [{ type: ['integer', 'string'] }, '12345678901234567890123', '12345678901234567890123'],
    [{ type: 'integer' }, 1e21, '1000000000000000000000'],
    [decimalOrText, '12345678901234567.89', '12345678901234567.89'],
    [decimalOrText, 0.1, '0.1'],
    [double, '-INF', '-INF'],
    [double, 1.5e-7, '0.00000015'],
    [double, '1.0000000000000001e-01', '1.0000000000000001e-01'],
    [{ ...decimalOrText, maximum: 100 }, '99.999999999999999999', '99.999999999999999999']
  ])('%j: %j is written with all its digits', async (a, value, expected) => {
    expect(await written({ a: value }, object({ a }))).toBe(`<t:a>${expected}</t:a>`)
  })

  test('unqualified elements', async () => {
    const { plan } = compile(manifest({ input: object({ a: text }) }, { elementForm: 'unqualified' }), 'a')
    soap.server.seen.length = 0
    await failure(adapter.run(newCall({ plan, url: soap.server.url, input: { a: "O'Brien & Sons <1>" } }).call)).catch(() => undefined)
    expect(soap.server.seen[0]?.body).toMatch(/<t:Do><a>O'Brien &amp; Sons &lt;1&gt;<\/a><\/t:Do>/)
  })

  test.each<[string, JsonObject, JsonObject, string]>([
    ['a text beyond the limits', { a: '100.01' }, object({ a: { ...decimalOrText, maximum: 100 } }), '/a is outside of the limits'],
    ['a text below the limits', { a: '0.0' }, object({ a: { ...decimalOrText, exclusiveMinimum: 0 } }), '/a is outside of the limits'],
    ['what is no decimal', { a: 'NaN' }, object({ a: decimalOrText }), '/a must be a number'],
    ['a missing element', {}, object({ a: text }, { required: ['a'] }), '/a is missing'],
    ['a name that the schema does not have', { b: '1' }, object({ a: text }), '/b is not in the schema'],
    ['another type', { a: { b: 1 } }, object({ a: text }), '/a must be a string'],
    ['no integer', { a: 1.5 }, object({ a: { type: 'integer' } }), '/a must be an integer'],
    ['a value that is not allowed', { a: 'X' }, object({ a: { ...text, enum: ['Y'] } }), '/a is not one of']
  ])('refused before anything is sent: %s', async (_, input, schema, message) => {
    const { plan } = compile(manifest({ input: schema }), 'a')
    const { call, exchanges } = newCall({ plan, url: soap.server.url, input })
    expect(await failure(adapter.run(call))).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(message) })
    expect(exchanges).toEqual([])
  })
})

describe('reading', () => {
  test('prefixes do not matter, namespaces do, and what is unknown is left out', async () => {
    const output = object({ a: text, b: { ...text, xml: { prefix: 'o' } }, c: { ...text, xml: { attribute: true } } })
    const content = '<q:a xmlns:q="urn:t">1</q:a><a xmlns="urn:wrong">2</a><b xmlns="urn:o">3</b><x:more><x:a>4</x:a></x:more>'
    expect(await answered(content, output)).toEqual({ a: '1', b: '3' })
  })

  test.each<[string, JsonObject, Json]>([
    ['<x:a> 12.50 </x:a>', { type: 'number' }, 12.5],
    ['<x:a>-0</x:a>', { type: 'number' }, 0],
    ['<x:a>12.50</x:a>', text, '12.50'],
    ['<x:a>+7</x:a>', { type: 'integer' }, 7],
    ['<x:a> 1 </x:a>', { type: 'boolean' }, true],
    ['<x:a>false</x:a>', { type: 'boolean' }, false],
    ['<x:a>2025-03-31+01:00</x:a>', { ...text, format: 'date' }, '2025-03-31'],
    ['<x:a> B </x:a>', { ...text, enum: ['A', 'B'] }, 'B'],
    ['<x:a> B </x:a>', text, ' B '],
    ['<x:a/>', text, ''],
    ['<x:a>0.10000000000000001</x:a>', { type: 'number' }, 0.1],
    ['<x:a>0.66666666666666663</x:a>', { type: 'number' }, 2 / 3],
    ['<x:a>1.0000000000000001e-01</x:a>', { type: 'number' }, 0.1],
    ['<x:a>0.1000000000000000055511151231257827</x:a>', double, 0.1],
    ['<x:a>3.40282346638528859812e+38</x:a>', { ...double, format: 'float' }, 3.4028234663852886e38],
    ['<x:a>12345678901234567.89</x:a>', double, 12_345_678_901_234_568],
    ['<x:a>1e400</x:a>', double, '1e400'],
    ['<x:a>NaN</x:a>', double, 'NaN'],
    ['<x:a> -INF </x:a>', decimalOrText, '-INF'],
    ['<x:a>INF</x:a>', { type: ['number', 'null'] }, null],
    ['<x:a>0.10000000000000001</x:a>', decimalOrText, '0.10000000000000001'],
    ['<x:a>12345678901234567.89</x:a>', decimalOrText, '12345678901234567.89'],
    ['<x:a>00100.2500</x:a>', decimalOrText, 100.25],
    ['<x:a>9007199254740993</x:a>', { type: ['integer', 'string'] }, '9007199254740993'],
    ['<x:a>9007199254740993</x:a>', { type: ['string', 'integer'] }, '9007199254740993'],
    ['<x:a>42</x:a>', { type: ['string', 'integer'] }, 42],
    ['<x:a i:nil="true"/>', { type: ['string', 'null'] }, null],
    ['<x:a>1</x:a>', { type: 'array', items: { type: 'integer', xml: { name: 'a' } } }, [1]],
    ['<x:a>1</x:a><x:b/><x:a>2</x:a>', { type: 'array', items: { type: 'integer' } }, [1, 2]],
    ['', { type: 'array', items: text }, []],
    ['<x:a/>', { type: 'array', items: text, xml: { wrapped: true } }, []],
    ['<x:a><x:i>1</x:i></x:a>', { type: 'array', items: { ...text, xml: { name: 'i' } }, xml: { wrapped: true } }, ['1']]
  ])('%s', async (content, a, expected) => {
    expect(await answered(content, object({ a }))).toEqual({ a: expected })
  })

  test.each<[string, JsonObject]>([
    ['', text],
    ['<x:a/>', { type: 'number' }],
    ['<x:a>NaN</x:a>', { type: 'number' }],
    ['<x:a>-INF</x:a>', { type: 'number' }],
    ['<x:a i:nil="1"/>', text],
    ['', { type: 'array', items: text, xml: { wrapped: true } }]
  ])('absent: %s %j', async (content, a) => {
    expect(await answered(content, object({ a }))).toEqual({})
  })

  test.each<[string, JsonObject]>([
    ['<x:a>12,50</x:a>', { type: 'number' }],
    ['<x:a>12345678901234567.89</x:a>', { type: 'number' }],
    ['<x:a>9007199254740993</x:a>', { type: 'integer' }],
    ['<x:a>1e-400</x:a>', { type: 'number' }],
    ['<x:a>90071992547409.921</x:a>', { type: 'number' }],
    ['<x:a>yes</x:a>', { type: 'boolean' }]
  ])('refused rather than changed: %s', async (content, a) => {
    expect(await failure(answered(content, object({ a })))).toMatchObject({ code: 'invalid_output' })
  })

  test.each<[string, JsonObject, Json]>([
    ['<x:a>1</x:a><x:a>NaN</x:a><x:a>3</x:a>', { type: 'array', items: { type: 'number' } }, [1, 3]],
    ['<x:a>INF</x:a>', { type: 'array', items: { type: 'number' } }, []],
    [
      '<x:a><x:i>-INF</x:i><x:i>2</x:i></x:a>',
      { type: 'array', items: { type: 'number', xml: { name: 'i' } }, xml: { wrapped: true } },
      [2]
    ]
  ])('a list of numbers loses what is none, and says that it is not whole: %s', async (content, a, expected) => {
    const all = await answeredCall(content, object({ a }))
    expect(await all.output).toEqual({ a: expected })
    expect(Object.entries(all.partial)).toEqual([[expect.stringMatching(/^a/), expect.stringMatching(/^it holds (NaN|-?INF), which/)]])
  })

  test('a number that the schema requires and that is none is said to be that', async () => {
    const error = await failure(answered('<x:a>NaN</x:a>', { ...object({ a: { type: 'number' } }), required: ['a'] }))
    expect(error).toMatchObject({
      code: 'invalid_output',
      message: expect.stringContaining('a is NaN, which no JSON number can be, and the schema requires it')
    })
  })

  test('a type that holds itself', async () => {
    const node = object({ n: text, kids: { type: 'array', items: { $ref: '#/$defs/node', xml: { name: 'kid' } } } })
    const content = '<x:top><x:n>1</x:n><x:kid><x:n>2</x:n></x:kid></x:top>'
    expect(await answered(content, object({ top: { $ref: '#/$defs/node' } }, { $defs: { node } }))).toEqual({
      top: { n: '1', kids: [{ n: '2', kids: [] }] }
    })
  })

  test('an error that shows in the answer itself', async () => {
    const output = object({ code: text })
    const errors = { refused: { status: 409, title: 'No', when: { response: "{{ response.code = '09' }}" } } }
    expect(await answered('<x:code>00</x:code>', output, { errors })).toEqual({ code: '00' })
    expect(await failure(answered('<x:code>09</x:code>', output, { errors }))).toMatchObject({ name: 'BusinessError', code: 'refused' })
  })
})

describe('mistakes of a manifest', () => {
  test.each<[string, JsonObject, JsonObject, string, RegExp]>([
    ['unknown prefix of the operation', { operation: 'q:Do' }, {}, 'operation', /prefix q is not in target.namespaces/],
    [
      'unknown prefix in a schema',
      { input: object({ a: { ...text, xml: { prefix: 'q' } } }) },
      {},
      'input.properties.a.xml.prefix',
      /prefix q/
    ],
    ['unknown xml key', { input: object({ a: { ...text, xml: { nme: 'b' } } }) }, {}, 'input.properties.a.xml.nme', /is not a key of xml/],
    ['no type', { output: object({ a: {} }) }, {}, 'output.properties.a', /needs a type/],
    [
      'a list of lists',
      { output: object({ a: { type: 'array', items: { type: 'array', items: text } } }) },
      {},
      'output.properties.a.items',
      /list of lists/
    ],
    ['a list without items', { output: object({ a: { type: 'array' } }) }, {}, 'output.properties.a', /needs items/],
    ['an object as attribute', { output: object({ a: object({}, { xml: { attribute: true } }) }) }, {}, 'output.properties.a', /attribute/],
    ['text beside elements', { output: object({ a: { ...text, xml: { 'x-text': true } }, b: text }) }, {}, 'output', /x-text/],
    ['one name twice', { output: object({ a: text, b: { ...text, xml: { name: 'a' } } }) }, {}, 'output.properties.b', /there twice/],
    [
      'branches with elements',
      { output: object({ a: text }, { oneOf: [object({ b: text })] }) },
      {},
      'output.oneOf',
      /can not add elements/
    ],
    ['a $ref to nowhere', { output: object({ a: { $ref: '#/$defs/x' } }) }, {}, 'output.properties.a.$ref', /leads nowhere/],
    ['no XML name', { output: object({ '1a': text }) }, {}, 'output.properties.1a', /can not be the name/],
    ['no object', { output: text }, {}, 'output', /type object/],
    ['commit of a read', { commit: true }, {}, 'commit', /a read has no commit point/],
    ['no commit', { effect: 'write' }, {}, '', /needs commit: true/],
    ['a bad regular expression', { errors: { no: { when: { matches: '(' } } } }, {}, 'errors.no.when.matches', /not a regular expression/],
    ['an unknown prefix of a fault', { errors: { no: { when: { fault: 'q:F' } } } }, {}, 'errors.no.when.fault', /prefix q/],
    ['a probe without schema', { probe: { operation: 't:Find', found: '{{ true }}' } }, {}, 'probe.request', /needs a schema/],
    ['a taken prefix', {}, { namespaces: { t: 'urn:t', xsi: 'urn:x' } }, 'target.namespaces.xsi', /take another/],
    ['basic without credentials', {}, { auth: 'basic' }, 'target.auth', /needs credentials/],
    [
      'marks of the output that the wire lacks',
      {
        output: object({ a: { ...text, 'x-sensitive': 'pii' } }),
        response: { schema: object({ b: text }), result: { a: '{{ response.b }}' } }
      },
      {},
      'response.schema',
      /x-sensitive/
    ]
  ])('%s', (_, action, more, path, message) => {
    const { issues } = compile(manifest(action, more), 'a')
    expect(issues).toContainEqual({ path, message: expect.stringMatching(message) })
  })

  test('all at once', () => {
    const output = object({ a: {}, b: { type: 'array' } })
    expect(compile(manifest({ operation: 'q:Do', output, effect: 'write' }), 'a').issues.length).toBeGreaterThanOrEqual(4)
  })
})
