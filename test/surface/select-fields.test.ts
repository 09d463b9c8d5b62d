import { describe, expect, test } from '@jest/globals'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { selectFields } from '../../src/surface/select-fields.ts'

const schema: JsonObject = {
  type: 'object',
  properties: {
    account: { type: 'string' },
    rows: { type: 'array', items: { $ref: '#/$defs/Row' } },
    home: { anyOf: [{ type: 'object', properties: { city: { type: 'string' } } }, { type: 'null' }] },
    map: { type: 'object', additionalProperties: { type: 'object', properties: { n: { type: 'number' } } } },
    free: { type: 'object' },
    any: {},
    'a.b,c': { type: 'string' },
    yes: true,
    closed: { type: 'object', additionalProperties: false }
  },
  $defs: {
    Row: {
      type: 'object',
      properties: {
        n: { type: 'number' },
        by: { type: 'object', properties: { name: { type: 'string' } } },
        sub: { type: 'array', items: { $ref: '#/$defs/Row' } }
      }
    }
  }
}

const output: Json = {
  account: '1',
  rows: [
    { n: 1, by: { name: 'a', age: 3 }, sub: [{ n: 9 }] },
    { n: 2, by: { name: 'b', age: 4 }, sub: [] }
  ],
  home: null,
  map: { x: { n: 1, m: 2 } },
  free: { deep: { er: 1 } },
  any: [1],
  'a.b,c': 'odd'
}

test.each<[string, Json]>([
  ['account', { account: '1' }],
  ['account , rows.n', { account: '1', rows: [{ n: 1 }, { n: 2 }] }],
  ['rows.n,account', { account: '1', rows: [{ n: 1 }, { n: 2 }] }],
  ['rows.by.name', { rows: [{ by: { name: 'a' } }, { by: { name: 'b' } }] }],
  [
    'rows.by.name,rows.n',
    {
      rows: [
        { n: 1, by: { name: 'a' } },
        { n: 2, by: { name: 'b' } }
      ]
    }
  ],
  ['rows.by.name,rows.by', { rows: [{ by: { name: 'a', age: 3 } }, { by: { name: 'b', age: 4 } }] }],
  ['rows.by,rows.by.name', { rows: [{ by: { name: 'a', age: 3 } }, { by: { name: 'b', age: 4 } }] }],
  ['rows.sub.sub.n', { rows: [{ sub: [{}] }, { sub: [] }] }],
  ['home.city', { home: null }],
  ['map.x.n', { map: { x: { n: 1 } } }],
  ['map.other', { map: {} }],
  ['free.deep.er,any.thing', { free: { deep: { er: 1 } }, any: [1] }],
  ['a\\.b\\,c', { 'a.b,c': 'odd' }],
  ['yes.more', {}]
])('%s', (fields, expected) => {
  expect(selectFields(schema, fields)(output)).toEqual(expected)
})

describe('refuses', () => {
  test.each<[string, RegExp]>([
    ['acount', /acount is not in the output, which has account, rows, home/],
    ['rows.m', /m is not in rows, which has n, by, sub/],
    ['account.x', /x is not in account, which has no fields/],
    ['closed.x', /x is not in closed, which has no fields/],
    ['map.x.k', /k is not in map.x, which has n/],
    ['__proto__', /__proto__ is not in the output/],
    ['', /write names/],
    ['account,', /write names/],
    ['rows..n', /write names/],
    ['.', /write names/]
  ])('%s', (fields, message) => {
    expect(() => selectFields(schema, fields)).toThrow(
      expect.objectContaining({ code: 'invalid_request', errors: [{ pointer: '/query/fields', message: expect.stringMatching(message) }] })
    )
  })

  test('everything that is wrong at once', () => {
    expect(() => selectFields(schema, 'x,account,y')).toThrow(expect.objectContaining({ errors: [expect.anything(), expect.anything()] }))
  })
})

test('a list at the root, a value without fields, and a schema that says nothing', () => {
  const list = { type: 'array', items: { type: 'object', properties: { a: {}, b: {} } } }
  expect(selectFields(list, 'a')([{ a: 1, b: 2 }])).toEqual([{ a: 1 }])
  expect(() => selectFields({ type: 'string' }, 'a')).toThrow(/the output, which has no fields/)
  expect(selectFields({}, 'a.b')({ a: { b: 1, c: 2 } })).toEqual({ a: { b: 1 } })
})

test('a member that is called __proto__ stays one', () => {
  const kept = selectFields({}, '__proto__')(JSON.parse('{"__proto__":{"a":1},"b":2}')) as JsonObject
  expect(JSON.stringify(kept)).toBe('{"__proto__":{"a":1}}')
})
