/** Schemas that were sent in a form that a provider refuses, or that could not be read back. */
import { expect, test } from '@jest/globals'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { compileTool } from '../../src/surface/compile-tool.ts'
import { dialects } from '../../src/surface/dialect.ts'
import { actionWith } from './actions.ts'
import { parametersOf, subsets, violations } from './subsets.ts'

const modes = dialects
  .flatMap(dialect => [false, true].map(strict => ({ dialect, strict })))
  .filter(({ dialect, strict }) => !strict || (dialect !== 'gemini' && dialect !== 'mcp'))
const closed = (x: Json, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  required: ['x'],
  properties: { x },
  additionalProperties: false,
  ...more
})

const pairs: JsonObject = { type: 'object', additionalProperties: { type: 'integer' } }

/** `sent`: how Gemini's model says the value; absent: as it is. */
const kinds: readonly (readonly [string, Json, readonly { readonly value: Json; readonly sent?: Json }[]])[] = [
  ['type null', { type: 'null' }, [{ value: null }, { sent: '', value: null }, { sent: 'null', value: null }]],
  ['const null', { const: null }, [{ value: null }]],
  ['enum of null', { enum: [null] }, [{ value: null }]],
  ['null twice in a union', { anyOf: [{ type: 'null' }, { const: null }, { type: 'string' }] }, [{ value: null }, { value: 'a' }]],
  ['a list of types with null alone', { type: ['null'] }, [{ value: null }]],
  [
    'text or object',
    { type: ['string', 'object'] },
    [{ value: 'plain' }, { sent: '{"a":1}', value: { a: 1 } }, { sent: '"{}"', value: '{}' }]
  ],
  [
    'object or text',
    { anyOf: [{ type: 'object' }, { type: 'string' }] },
    [{ value: 'x' }, { sent: '{}', value: {} }, { sent: '"42"', value: '42' }]
  ],
  [
    'a union in a union',
    { anyOf: [{ type: 'string' }, { anyOf: [{ type: 'integer' }, { type: 'object' }] }] },
    [{ value: 'x' }, { value: 3 }, { sent: '{"a":[]}', value: { a: [] } }]
  ],
  [
    'text or list or object',
    { type: ['array', 'string', 'object'] },
    [{ value: 'x' }, { value: [] }, { sent: '{"k":null}', value: { k: null } }]
  ],
  [
    'list or map',
    { anyOf: [{ type: 'array', items: { type: 'string' } }, pairs] },
    [{ value: ['a'] }, { sent: '{"k":1}', value: { k: 1 } }]
  ],
  ['a list without items', { type: 'array' }, [{ value: [] }, { sent: ['1', 'a', '{"b":2}'], value: [1, 'a', { b: 2 }] }]],
  ['a list of nothing', { type: 'array', items: false }, [{ value: [] }]],
  ['a tuple of nothing', { type: 'array', prefixItems: [], items: false }, [{ value: [] }]],
  ['lists as values', { enum: [[1, 2], ['a']] }, [{ sent: '[1,2]', value: [1, 2] }]],
  ['a list as the value', { const: [1] }, [{ sent: '[1]', value: [1] }]],
  ['an empty text as a value', { enum: ['', 'a'] }, [{ value: '' }]],
  ['a value twice', { enum: ['a', 'a'] }, [{ value: 'a' }]]
]

test.each(kinds)('%s is within every subset, and Gemini’s way to say it is read', (_, schema, said) => {
  const action = actionWith('b_x', closed(schema))
  for (const { dialect, strict } of modes) {
    const tool = compileTool(action, dialect, { strict })
    const name = tool.strict ? (`${dialect} strict` as keyof typeof subsets) : dialect
    expect({ dialect, strict, wrong: violations(parametersOf(dialect, tool.definition), subsets[name]) }).toMatchObject({ wrong: [] })
  }
  const { toInput } = compileTool(action, 'gemini')
  for (const { value, sent = value } of said) expect(toInput({ x: sent })).toEqual({ x: value })
})

test('a property that can have no value is not asked for', () => {
  const input = { type: 'object', properties: { never: { not: {} }, no: false, a: { type: 'string' } } }
  for (const { dialect, strict } of modes)
    expect(Object.keys(parametersOf(dialect, compileTool(actionWith('b_x', input), dialect, { strict }).definition).properties)).toEqual([
      'a'
    ])
})

test('many types that hold each other in unions are compiled in no time', () => {
  const names = Array.from({ length: 40 }, (_, i) => `T${i}`)
  const $defs = Object.fromEntries(
    names.map((name, i) => [name, { anyOf: [...names.slice(i + 1).map(one => ({ $ref: `#/$defs/${one}` })), { type: 'integer' }] }])
  )
  const action = actionWith('b_x', { type: 'object', properties: { x: { $ref: '#/$defs/T0' } }, $defs })
  for (const { dialect, strict } of modes) expect(compileTool(action, dialect, { strict }).definition).toBeDefined()
})

test('what is deeper than any author writes is cut, and does not end the process', () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 900 }, (_, i) => [
      `D${i}`,
      closed(i === 899 ? { type: 'string' } : { $ref: `#/$defs/D${i + 1}`, maxProperties: 3 })
    ])
  )
  for (const { dialect, strict } of modes) {
    const tool = compileTool(actionWith('b_x', closed({ $ref: '#/$defs/D0' }, { $defs })), dialect, { strict })
    expect(JSON.stringify(tool.notes)).toContain('JSON text')
    expect(tool.definition).toBeDefined()
  }
})
