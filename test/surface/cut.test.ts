import { expect, test } from '@jest/globals'
import type { JsonObject } from '../../src/core/types.ts'
import { compileTool, providers } from '../../src/surface/compile-tool.ts'
import type { Dialect } from '../../src/surface/dialect.ts'
import { actionWith } from './actions.ts'

const wide = 90
const names = Array.from({ length: wide }, (_, i) => `Type${i}`)
const members = Object.fromEntries(names.map(name => [name.toLowerCase(), { $ref: `#/$defs/${name}` }]))
const type = { type: 'object', additionalProperties: false, properties: { id: { type: 'string' }, ...members } }
/** Each of many types holds all the others: written out, it is larger than any provider takes. */
const input: JsonObject = {
  type: 'object',
  required: ['item'],
  additionalProperties: false,
  properties: { item: { $ref: '#/$defs/Type0' }, note: { type: 'string' } },
  $defs: Object.fromEntries(names.map(name => [name, type]))
}

test.each(Object.keys(providers) as Dialect[])(
  'an input that expands too far is a tool of %s all the same, cut and with a note',
  dialect => {
    for (const strict of [false, true]) {
      const tool = compileTool(actionWith('deep', input), dialect, { strict })
      expect(tool.definition).toBeDefined()
      expect(JSON.stringify(tool.definition).length).toBeLessThan(200_000)
      expect(tool.notes.map(({ did }) => did).join('\n')).toContain('is sent as JSON text; /openapi.json has its schema')
    }
  }
)

test('what was cut is sent as JSON text, and comes in as its author declared it', () => {
  const { toInput } = compileTool(actionWith('deep', input), 'openai')
  const deep = { id: '1', type3: { id: '2' } }
  expect(toInput({ item: { type5: JSON.stringify(deep) }, note: 'n' })).toEqual({ item: { type5: deep }, note: 'n' })
})

test('an input that fits is not cut', () => {
  const { notes } = compileTool(
    actionWith('deep', { ...input, $defs: { Type0: { type: 'object', properties: { id: { type: 'string' } } } } }),
    'mcp'
  )
  expect(notes.filter(({ did }) => did.includes('JSON text'))).toEqual([])
})
