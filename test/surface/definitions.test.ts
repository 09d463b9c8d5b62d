/** What a tool costs, against what somebody would write by hand. */
import { expect, test } from '@jest/globals'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { compileTool } from '../../src/surface/compile-tool.ts'
import { loadTokenCounter } from '../../src/surface/count-tokens.ts'
import { listedOutput } from '../../src/surface/listed-output.ts'
import { handWritten } from '../bench/hand-written.ts'
import { actionWith, sampleActions } from './actions.ts'

test.each(['openai', 'openai-responses', 'anthropic', 'gemini', 'mcp'] as const)(
  'definitions of the sample bots for %s cost at most 1.5 times what is written by hand',
  async format => {
    const count = await loadTokenCounter()
    for (const strict of [false, true]) {
      const ours = sampleActions.map(action => {
        const {
          annotations: _,
          title: __,
          outputSchema: ___,
          ...definition
        } = compileTool(action, format, { strict }).definition as JsonObject
        return count(JSON.stringify(definition))
      })
      const theirs = sampleActions.map(action => count(JSON.stringify(handWritten(action, format))))
      const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0)
      expect(sum(ours) / sum(theirs)).toBeLessThanOrEqual(1.5)
      expect(sampleActions.filter((_, i) => (ours[i] as number) > 1.5 * (theirs[i] as number)).map(({ name }) => name)).toEqual([])
    }
  }
)

const input = {
  type: 'object',
  required: ['a'],
  properties: { a: { type: 'string', description: 'The first of them.' }, b: { type: 'string' } }
}

test('the example line says what is needed, where there is room and the arguments are the author’s own', () => {
  const described = (example: JsonObject, more: JsonObject = {}): string =>
    (
      compileTool(
        actionWith('b_x', { ...input, ...more }, { example, description: 'Does it. Use it in tests, and nowhere else.' }),
        'anthropic'
      ).definition as { description: string }
    ).description
  expect(described({ a: 'x', b: 'y' })).toBe('Does it. Use it in tests, and nowhere else.\nExample: {"a":"x"}')
  expect(described({ a: 'x'.repeat(500) })).not.toContain('Example')
  expect(described({ a: { deep: 1 } })).not.toContain('Example')
})

const output = (properties: Json, more: JsonObject = {}): JsonObject => ({ type: 'object', required: ['x'], properties, ...more })

test.each<[string, JsonObject, JsonObject | undefined]>([
  [
    'its shape alone',
    output({ x: { type: 'integer', minimum: 1, description: 'X' } }, { additionalProperties: false }),
    { type: 'object', properties: { x: { type: 'integer' } } }
  ],
  ['nothing that a pending run would break', output({ status: { enum: ['Open'] } }), { type: 'object', properties: { status: {} } }],
  [
    'nothing that a mask would break',
    output({ x: { type: 'integer', 'x-sensitive': 'secret' } }),
    { type: 'object', properties: { x: {} } }
  ],
  [
    'what is untrusted',
    output({ x: { type: 'string', 'x-untrusted': true } }),
    { type: 'object', properties: { x: { type: 'string', 'x-untrusted': true } } }
  ],
  [
    'types where more is too long',
    output({
      x: {
        type: 'array',
        items: { type: 'object', properties: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`name${i}`, { type: 'string' }])) }
      }
    }),
    { type: 'object', properties: { x: { type: 'array' } } }
  ],
  [
    'that it is an object where all is too long',
    output(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`name${i}`, { type: 'string' }]))),
    { type: 'object' }
  ],
  ['that it is an object where it is a choice', { type: 'object', oneOf: [{ required: ['a'] }, { required: ['b'] }] }, { type: 'object' }],
  ['nothing of a text', { type: 'string' }, undefined]
])('an output schema in MCP’s list tells %s', (_, schema, listed) => {
  expect(listedOutput(schema, 200)).toEqual(listed)
})
