import { expect, test } from '@jest/globals'
import { declaredPart } from '../src/core/declared-part.ts'
import type { Json, JsonObject } from '../src/core/types.ts'

const value = { a: 1, b: { c: 2, d: 3 }, rows: [{ e: 4, f: 5 }], x: 6 }
const item = { properties: { e: {} } }

test.each<[string, JsonObject, Json]>([
  [
    'what is named, at any depth',
    { properties: { b: { properties: { c: {} } }, rows: { items: item } } },
    { b: { c: 2 }, rows: [{ e: 4 }] }
  ],
  ['also where nothing else is forbidden', { type: 'object', properties: { a: {} }, additionalProperties: false }, { a: 1 }],
  ['nothing, where nothing may be', { additionalProperties: false }, {}],
  ['all, where nothing is named', { type: 'object' }, value],
  [
    'what is named by reference, and in parts',
    { $ref: '#/$defs/one', allOf: [{ properties: { x: {} } }], $defs: { one: { properties: { a: {} } } } },
    { a: 1, x: 6 }
  ],
  ['what a pattern names', { patternProperties: { '^[ax]$': {} } }, { a: 1, x: 6 }],
  [
    'all, where others are declared',
    { properties: { rows: { items: item } }, additionalProperties: { type: 'number' } },
    { ...value, rows: [{ e: 4 }] }
  ],
  ['of a list by its place', { properties: { rows: { prefixItems: [item] } } }, { rows: [{ e: 4 }] }]
])('goes out: %s', (_, schema, part) => {
  expect(declaredPart(schema, value)).toEqual(part)
})

test('a value that is no object is as it is', () => {
  expect([null, 1, 'a', [1]].map(each => declaredPart({ properties: { a: {} } }, each))).toEqual([null, 1, 'a', [1]])
})
