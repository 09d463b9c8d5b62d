/** What a model gets of an output: it fits the schema that it was promised, and as text it costs no more than as JSON. */
import { describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { loadTokenCounter } from '../../src/surface/count-tokens.ts'
import { cut } from '../../src/surface/cut.ts'
import { forModels, unboxed } from '../../src/surface/for-models.ts'
import { modelSchema } from '../../src/surface/model-schema.ts'
import { readable } from '../../src/surface/readable.ts'
import { shortText } from '../../src/surface/short-text.ts'
import { seededRandom } from '../e2e/seeded-random.ts'

const secret = { 'x-sensitive': 'secret' }
const foreign = { 'x-untrusted': true }

test.each<[string, JsonObject, Json]>([
  ['a secret number', { properties: { a: { type: 'integer', maximum: 9, ...secret } } }, { a: 1 }],
  ['a mark beside the rules', { allOf: [{ properties: { a: { type: 'integer' } } }, { properties: { a: secret } }] }, { a: 1 }],
  ['a mark in one branch', { properties: { a: { anyOf: [{ type: 'integer', ...secret }, { type: 'null' }] } } }, { a: null }],
  [
    'a shared schema',
    { properties: { a: { $ref: '#/$defs/N', ...secret }, b: { $ref: '#/$defs/N' } }, $defs: { N: { type: 'integer' } } },
    { a: 1, b: 2 }
  ],
  [
    'a reference into a secret',
    { properties: { a: { ...secret, properties: { x: { type: 'integer' } } }, b: { $ref: '#/properties/a/properties/x' } } },
    { a: { x: 1 }, b: 2 }
  ],
  [
    'branches told apart by a secret',
    { oneOf: [{ properties: { a: { const: 1, ...secret } } }, { properties: { a: { const: 2 } }, required: ['b'] }] },
    { a: 1 }
  ],
  [
    'a condition on a secret',
    JSON.parse(
      '{"properties":{"a":{"type":"integer","x-sensitive":"secret"}},"if":{"properties":{"a":{"type":"integer"}}},"then":true,"else":false}'
    ),
    { a: 1 }
  ],
  ['not', { properties: { a: { type: 'integer', ...secret } }, not: { properties: { a: { type: 'string' } } } }, { a: 1 }],
  ['no item twice', { items: { ...secret, type: 'integer' }, uniqueItems: true }, [1, 2]],
  ['a list of known objects', { enum: [{ a: 1 }], properties: { a: secret } }, { a: 1 }],
  ['a tree', { properties: { pin: { type: 'integer', ...secret }, next: { $ref: '#' } } }, { pin: 1, next: { pin: 2, next: {} } }],
  [
    'a text with a form',
    { properties: { a: { type: 'string', pattern: '^x', maxLength: 1, enum: ['x'], format: 'date', ...foreign } } },
    { a: 'x' }
  ],
  [
    'names that others wrote',
    { ...foreign, patternProperties: { '^p': { type: 'string' } }, additionalProperties: false, propertyNames: { pattern: '^p' } },
    { 'pay now': 'x' }
  ],
  [
    'names that the author wrote',
    { properties: { m: { ...foreign, required: ['a b'], properties: { 'größe 1': { type: 'integer' } } } } },
    { m: { 'a b': 'x', 'größe 1': 2 } }
  ],
  [
    'a secret inside',
    { ...foreign, properties: { pin: { type: 'integer', ...secret } }, additionalProperties: { type: 'string' } },
    { pin: 1, note: 'n' }
  ],
  ['a root that is secret', { type: 'object', ...secret }, { a: 1 }]
])('%s fits the schema of what a model gets', (_, schema, value) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  expect(ajv.validate({ ...schema }, value)).toBe(true)
  const got = forModels(value, schema)
  expect(got).not.toEqual(value)
  const valid = ajv.compile(modelSchema(schema))
  expect([valid(got), valid.errors]).toEqual([true, null])
})

test('a schema without marks stays as it is', () => {
  const schema = { type: 'object', oneOf: [{ not: {} }, {}], uniqueItems: true }
  expect(modelSchema(schema)).toBe(schema)
})

describe('text', () => {
  const random = seededRandom(7)
  const below = (n: number): number => Math.floor(random() * n)
  const texts = ['Ada', 'card payment', '12,50', 'a: b', '«x»', 'Größe', '2025-01-02', '', 'say "hi"', 'line\nbreak', '漢字', '\u200b']
  const madeUp = (depth: number): Json => {
    const kind = below(depth > 3 ? 4 : 8)
    if (kind < 2) return texts[below(texts.length)] as string
    if (kind === 2) return below(100_000) / 100
    if (kind === 3) return [null, true, false][below(3)] as Json
    if (kind < 6)
      return Object.fromEntries(Array.from({ length: below(5) }, () => [['id', 'name', 'amount', 'note'][below(4)], madeUp(depth + 1)]))
    return Array.from({ length: below(5) }, () => madeUp(depth + 1))
  }
  const schemas: readonly JsonObject[] = [
    {},
    { properties: { a: foreign } },
    { properties: { a: { items: foreign, additionalProperties: foreign } } }
  ]

  test('never costs more than the same as JSON, whatever the form', async () => {
    const count = await loadTokenCounter()
    const dearer: string[] = []
    for (let i = 0; i < 400; i++)
      for (const schema of schemas) {
        const read = readable({ a: madeUp(0), b: madeUp(0) }, schema)
        const json = JSON.stringify(unboxed(read)).replaceAll('\u200b', '\\u200b')
        if (count(shortText(read, { count })) > count(json)) dearer.push(json)
      }
    expect(dearer).toEqual([])
  })

  test('a word without an end does not keep the counter busy', async () => {
    const count = await loadTokenCounter()
    for (const letter of ['z', '=', ' ', 'ß']) expect(count(letter.repeat(1_000_000))).toBeGreaterThan(5_000)
  })

  test.each<[string, Json]>([
    ['one huge item', { rows: ['y'.repeat(500_000)] }],
    ['a map', Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`name ${i}`, i]))],
    ['many middling texts', Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`k${i}`, 'some text '.repeat(90)]))],
    ['lists in lists', [Array.from({ length: 30_000 }, (_, i) => i)]],
    ['pairs of halves', { text: '😀'.repeat(30_000) }]
  ])('is cut to the budget: %s', async (_, value) => {
    const count = await loadTokenCounter()
    const made = cut(readable(value, foreign), { budget: 2_000, count })
    const text = shortText(made.readable, { count, windows: made.windows })
    expect(count(text)).toBeLessThanOrEqual(2_000)
    expect(text.length).toBeGreaterThan(300)
    expect(text.isWellFormed()).toBe(true)
    expect(made.next !== undefined || made.shortened).toBe(true)
  })
})
