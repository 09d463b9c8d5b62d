/** A refused input: up to ten mistakes, each at its place, with how to write the value, and with nothing of the value itself. */
import { expect, test } from '@jest/globals'
import { compileSchema } from '../../src/core/schema.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'

const text = { type: 'string' }
const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...more
})
const card = object({ kind: { const: 'card' }, number: text }, { required: ['kind', 'number'], title: 'Card' })
const iban = object({ kind: { const: 'iban' }, iban: text }, { required: ['kind', 'iban'], title: 'Bank account' })
const many = object(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`p${index}`, { type: 'integer' }])))

test.each<[string, JsonObject, Json, readonly (readonly [string, string])[]]>([
  [
    'a date and time',
    { at: { type: 'string', format: 'date-time' } },
    { at: '30.11.2025' },
    [['/at', 'must match format "date-time", as 2025-11-30T10:00:00Z']]
  ],
  ['a date', { on: { type: 'string', format: 'date' } }, { on: '11/30/2025' }, [['/on', 'must match format "date", as 2025-11-30']]],
  [
    "the author's own example",
    { on: { type: 'string', format: 'date', examples: ['2026-01-31'] } },
    { on: 'x' },
    [['/on', 'must match format "date", as 2026-01-31']]
  ],
  [
    'a pattern, in words',
    { no: { type: 'string', pattern: '^[0-9]{8}$', description: 'Eight digits, as on the card.', examples: ['40012345'] } },
    { no: 'x' },
    [['/no', 'must match pattern "^[0-9]{8}$", as 40012345: Eight digits, as on the card.']]
  ],
  ['a number', { n: { type: 'number' } }, { n: '12' }, [['/n', 'must be number: write it without quotes, as 12.5']]],
  ['several types', { n: { type: ['string', 'null'] } }, { n: 1 }, [['/n', 'must be string or null']]],
  ['choices', { c: { enum: ['EUR', 'USD', 1] } }, { c: 'eur' }, [['/c', 'must be one of "EUR", "USD", 1']]],
  [
    'choices with titles',
    { c: { oneOf: [{ const: 'e', title: 'Euro' }, { const: 'u' }] } },
    { c: 'x' },
    [['/c', 'must be one of "e", "u"']]
  ],
  ['a misspelt property', { amount: text, note: text }, { amout: 'x' }, [['/amout', 'is not a known property: did you mean amount?']]],
  ['an unknown property', { amount: text, note: text }, { zzz: 'x' }, [['/zzz', 'is not a known property: known are amount, note']]],
  ['branches by name', { to: { oneOf: [card, iban] } }, { to: 'x' }, [['/to', 'must be one of Card, Bank account']]],
  [
    'the branch that a tag names',
    { to: { oneOf: [card, iban] } },
    { to: { kind: 'card', iban: 'x' } },
    [
      ['/to/number', 'is required'],
      ['/to/iban', 'is not a known property: known are kind, number']
    ]
  ],
  ['an unknown tag', { to: { oneOf: [card, iban] } }, { to: { kind: 'cash' } }, [['/to/kind', 'must be one of "card", "iban"']]],
  [
    'the branch of the type',
    { to: { anyOf: [{ type: 'string', minLength: 3 }, { type: 'null' }] } },
    { to: 'x' },
    [['/to', 'must NOT have fewer than 3 characters']]
  ],
  [
    'more than one branch',
    {
      to: {
        oneOf: [
          { title: 'Long', type: 'string' },
          { title: 'Text', type: 'string' }
        ]
      }
    },
    { to: 'x' },
    [['/to', 'fits more than one of Long, Text: give what only one of them has']]
  ],
  [
    'what a condition asks for',
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    { to: { if: { required: ['a'] }, then: { required: ['b'] }, type: 'object' } },
    { to: { a: 1 } },
    [['/to/b', 'is required']]
  ],
  [
    'items',
    { l: { type: 'array', items: object({ a: { type: 'integer' } }, { required: ['a'] }) } },
    { l: [{ a: 1 }, {}, { a: 'x' }] },
    [
      ['/l/1/a', 'is required'],
      ['/l/2/a', 'must be integer: write a whole number without quotes, as 12']
    ]
  ],
  [
    'a reference',
    { to: { $ref: '#/properties/other' }, other: { type: 'boolean' } },
    { to: 1 },
    [['/to', 'must be boolean: write true or false, without quotes']]
  ],
  ['what only the whole schema shows', { to: { not: { type: 'string' } } }, { to: 'x' }, [['/to', 'must NOT be valid']]],
  [
    'odd names',
    { 'a/b~c': { type: 'integer' } },
    { 'a/b~c': 'x', __proto__x: 1 },
    [
      ['/a~1b~0c', 'must be integer: write a whole number without quotes, as 12'],
      ['/__proto__x', 'is not a known property: known are a/b~c']
    ]
  ]
])('%s', (_, properties, value, expected) => {
  expect(compileSchema(object(properties))(value)).toEqual(expected.map(([pointer, message]) => ({ pointer, message })))
})

test('all of them at once, ten at most', () => {
  const check = compileSchema({ ...many, required: ['a', 'b'] })
  const wrong = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`p${index}`, 'x']))
  const errors = check(wrong)
  expect(errors.map(({ pointer }) => pointer)).toEqual(['/a', '/b', ...Array.from({ length: 8 }, (_, index) => `/p${index}`)])
})

test('a hundred choices are told in part', () => {
  const check = compileSchema({ enum: Array.from({ length: 100 }, (_, index) => `value ${index}`) })
  expect(check('x')).toEqual([{ pointer: '', message: expect.stringMatching(/^must be one of "value 0", .* "value 19" and 80 more$/) }])
})

test('nothing of the value is told', () => {
  const check = compileSchema(
    object({
      a: { type: 'integer' },
      b: { enum: ['x'] },
      c: { type: 'string', format: 'date' },
      d: { type: 'string', pattern: '^x$' },
      e: { oneOf: [card, iban] }
    })
  )
  const secret = 'hunter2'
  expect(JSON.stringify(check({ a: secret, b: secret, c: secret, d: secret, e: { kind: secret } }))).not.toContain(secret)
})

test.each<[string, JsonObject, Json]>([
  ['as many mistakes as there are items', { type: 'array', items: { type: 'integer' } }, Array(200_000).fill('x')],
  ['good items before the mistake', { type: 'array', items: { type: 'integer' } }, [...Array(200_000).fill(1), 'x']],
  ['unknown properties', object({}), Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`n${index}`, 1]))],
  [
    'branches within branches, each of which leads to all of the others',
    {
      $ref: '#/$defs/n',
      $defs: {
        n: {
          anyOf: Array.from({ length: 8 }, (_, index) => ({
            type: 'object',
            properties: { v: { const: index }, c: { $ref: '#/$defs/n' } },
            required: ['v']
          }))
        }
      }
    },
    Array.from({ length: 6 }).reduce<JsonObject>(inner => ({ c: inner, v: 'x' }), {})
  ],
  ['a long name', object({ amount: text }), { ['x'.repeat(500_000)]: 1 }]
])('%s: a bounded number of looks, and ten mistakes at most', (_, schema, value) => {
  const errors = compileSchema(schema)(value)
  expect(errors.length).toBeGreaterThan(0)
  expect(errors.length).toBeLessThanOrEqual(10)
  expect(JSON.stringify(errors).length).toBeLessThan(20_000)
})
