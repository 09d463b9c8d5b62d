/** Arguments as text: taken where the schema leaves no doubt, and only there. */
import { describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { unstringified } from '../../src/gateway/mcp/unstringified.ts'

const read = (schema: Json, value: Json, rest: JsonObject = {}): Json =>
  unstringified({ type: 'object', properties: { v: schema }, ...rest }, { v: value }).v as Json

const integer = { type: 'integer' }
const object = { type: 'object', properties: { n: integer, s: { type: 'string' } } }
const list = { type: 'array', items: integer }
const card = { type: 'object', required: ['kind', 'n'], properties: { kind: { const: 'card' }, n: integer } }
const cash = { type: 'object', required: ['kind', 'n'], properties: { kind: { const: 'cash' }, n: { type: 'string' } } }

test.each<[string, Json, string, Json]>([
  ['an integer', integer, '7', 7],
  ['a negative one', integer, '-12', -12],
  ['zero', integer, '0', 0],
  ['the largest that is exact', integer, '9007199254740991', 9007199254740991],
  ['an integer or null', { type: ['integer', 'null'] }, '7', 7],
  ['an integer of an enum', { enum: [1, 2] }, '2', 2],
  ['an integer or a list', { anyOf: [integer, list] }, '2', 2],
  ['a boolean', { type: 'boolean' }, 'true', true],
  ['false', { type: ['boolean', 'null'] }, 'false', false],
  ['a boolean of a const', { const: true }, 'true', true],
  ['an object', object, '{"n":1,"s":"1"}', { n: 1, s: '1' }],
  ['a text in an object in a text', object, '{"n":"1","s":"1"}', { n: 1, s: '1' }],
  ['a free object', { type: 'object' }, ' {"a":[1]}\n', { a: [1] }],
  ['a list', list, '[1,"2"]', [1, 2]],
  ['an object or null', { anyOf: [object, { type: 'null' }] }, '{"n":1}', { n: 1 }],
  ['an object or a list', { type: ['object', 'array'] }, '[1]', [1]],
  ['one of two objects that a constant tells apart', { anyOf: [card, cash] }, '{"kind":"cash","n":"1"}', { kind: 'cash', n: '1' }],
  ['the other one', { oneOf: [card, cash] }, '{"kind":"card","n":"1"}', { kind: 'card', n: 1 }],
  ['what a $ref leads to', { $ref: '#/$defs/o' }, '{"n":"3"}', { n: 3 }]
])('%s is taken', (_, schema, text, wanted) => {
  expect(read(schema, text, { $defs: { o: object } })).toEqual(wanted)
})

test.each<[string, Json, string]>([
  ['where text is taken too', { type: ['integer', 'string'] }, '7'],
  ['where anything is taken', true, '7'],
  ['where nothing is said of the type', { description: 'x' }, '{"a":1}'],
  ['where a branch takes text', { anyOf: [object, { type: 'string' }] }, '{"n":1}'],
  ['where a branch may take text', { anyOf: [integer, {}] }, '1'],
  ['a number with a fraction', { type: 'number' }, '1.5'],
  ['an integer with a fraction', integer, '7.0'],
  ['an exponent', integer, '1e3'],
  ['leading zeros', integer, '007'],
  ['a plus', integer, '+7'],
  ['minus zero', integer, '-0'],
  ['space around it', integer, ' 7'],
  ['an integer that a number does not keep', integer, '9007199254740993'],
  ['nothing', integer, ''],
  ['another word for true', { type: 'boolean' }, 'True'],
  ['a number for a boolean', { type: 'boolean' }, '1'],
  ['null as text', { type: ['integer', 'null'] }, 'null'],
  ['a list for an object', { type: 'object' }, '[1]'],
  ['an object for a list', list, '{"a":1}'],
  ['JSON that is not whole', object, '{"n":1'],
  ['JSON with a name twice', object, '{"n":1,"n":2}'],
  ['JSON with a name that is not allowed', object, '{"__proto__":{"n":1}}'],
  ['JavaScript', object, '{n:1}'],
  ['too many levels', { type: 'array' }, '['.repeat(70) + ']'.repeat(70)]
])('%s stays text', (_, schema, text) => {
  expect(read(schema, text)).toBe(text)
})

describe('no value that was right becomes another one', () => {
  test.each<[string, Json, Json]>([
    ['text of an object', object, { n: 1, s: '1' }],
    [
      'two readings',
      { anyOf: [card, { ...cash, properties: { kind: { const: 'card' }, n: { type: 'string' } } }] },
      { kind: 'card', n: '1' }
    ],
    ['what is not listed', { type: 'object' }, { a: '1', b: 'true', c: '[1]' }],
    [
      'what a pattern may describe',
      { type: 'object', patternProperties: { '^s': { type: 'string' } }, additionalProperties: integer },
      { sa: '1' }
    ]
  ])('%s', (_, schema, value) => {
    expect(read(schema, value)).toEqual(value)
  })

  test('what is not listed but described is read', () => {
    expect(read({ type: 'object', additionalProperties: integer }, { a: '1' })).toEqual({ a: 1 })
  })

  test('unions inside each other end, however deep a value is', () => {
    const branch = { type: 'object', properties: { next: { $ref: '#/$defs/tree' }, n: integer } }
    const $defs = { tree: { anyOf: [branch, { ...branch, title: 'other' }] } }
    const deep = Array.from({ length: 60 }).reduce<Json>(next => ({ next }), { n: '1' })
    expect(read({ $ref: '#/$defs/tree' }, deep, { $defs })).toBeDefined()
  })

  test('a recursive schema ends', () => {
    const node = { type: 'object', properties: { n: integer, next: { $ref: '#/$defs/node' } } }
    const $defs = { node, loop: { anyOf: [{ $ref: '#/$defs/loop' }, integer] } }
    expect(read({ $ref: '#/$defs/node' }, '{"next":{"next":"{\\"n\\":\\"4\\"}"}}', { $defs })).toEqual({ next: { next: { n: 4 } } })
    expect(read({ $ref: '#/$defs/loop' }, '4', { $defs })).toBe('4')
  })
})

test('a number in a text that has more digits than a number keeps is refused, by its place', () => {
  expect(() => read(object, '{"n":12345678901234567890}')).toThrow(
    expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/v/n' })] })
  )
})
