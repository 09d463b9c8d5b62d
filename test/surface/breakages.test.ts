/** Where other converters broke, each as a test; named after the report in which it was seen. */
import { describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../../src/core/types.ts'
import { strictBudget } from '../../src/surface/anthropic.ts'
import { compileTool, compileTools } from '../../src/surface/compile-tool.ts'
import { dialects } from '../../src/surface/dialect.ts'
import { actionWith } from './actions.ts'
import { parametersOf, type Subset, subsets, toolName, violations } from './subsets.ts'

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })
const closed = (properties: JsonObject, more: JsonObject = {}): JsonObject => object(properties, { additionalProperties: false, ...more })
const all = dialects.flatMap(dialect => [
  { dialect, strict: false },
  { dialect, strict: true }
])

interface Breakage {
  readonly report: string
  readonly input: JsonObject
  /** Compiled strictly for OpenAI and Anthropic; else sent without, and the note names this keyword. */
  readonly openai: 'strict' | string
  readonly anthropic: 'strict' | string
}

const node: JsonObject = object({ next: { $ref: '#/$defs/Node' } })
const deep = (levels: number): JsonObject => (levels === 0 ? { type: 'string' } : closed({ in: deep(levels - 1) }))

const breakages: readonly Breakage[] = [
  {
    report: 'docker-agent#4106: oneOf sent as strict',
    input: closed({ by: { oneOf: [{ type: 'string' }, closed({ id: { type: 'integer' } })] } }),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'github/github-mcp-server#376: additionalProperties: false is missing',
    input: object({ a: object({ b: { type: 'string' } }) }),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'oh-my-pi#206: format uri is refused',
    input: closed({ page: { type: 'string', format: 'uri' } }),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'posit-dev/chatlas#255: an optional property is not required',
    input: closed({ a: { type: 'string' } }),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'openai/openai-agents-python#404: a map',
    input: closed({ tags: object({}, { additionalProperties: { type: 'string' } }) }),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'openai/openai-agents-python#4151: a default',
    input: closed({ a: { type: 'integer', default: 3 }, b: { type: ['string', 'null'], default: null } }),
    openai: 'strict',
    anthropic: 'strict'
  },
  { report: 'Flowise#5109: an action without arguments', input: { type: 'object' }, openai: 'strict', anthropic: 'strict' },
  { report: 'openchamber#3486: a list without items', input: closed({ list: { type: 'array' } }), openai: 'type', anthropic: 'type' },
  {
    report: 'forgecode#3083: $ref with siblings, and allOf',
    input: closed(
      { a: { $ref: '#/$defs/A', description: 'An a' }, b: { allOf: [{ $ref: '#/$defs/A' }, object({ y: { type: 'string' } })] } },
      { $defs: { A: object({ x: { type: 'string' } }) } }
    ),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'elementor-mcp#42: a union at the root',
    input: {
      type: 'object',
      oneOf: [closed({ a: { type: 'string' } }, { required: ['a'] }), closed({ b: { type: 'string' } }, { required: ['b'] })]
    },
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'a choice at the root: one of two properties',
    input: closed({ a: { type: 'string' }, b: { type: 'string' } }, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'recursion',
    input: closed({ root: { $ref: '#/$defs/Node' } }, { $defs: { Node: node } }),
    openai: 'strict',
    anthropic: '$ref'
  },
  { report: 'recursion through the root', input: closed({ child: { $ref: '#' } }), openai: 'strict', anthropic: '$ref' },
  {
    report: 'a reference into the properties',
    input: closed({ a: closed({ x: { type: 'string' } }), b: { $ref: '#/properties/a' } }),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'not, if, dependentRequired',
    input: closed(
      { a: { type: 'string', not: { const: 'x' } }, b: { type: 'string' } },
      { dependentRequired: { a: ['b'] }, if: { required: ['a'] }, else: { required: ['b'] } }
    ),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'a tuple',
    input: closed({ pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'integer' }], items: false } }),
    openai: 'strict',
    anthropic: 'strict'
  },
  {
    report: 'an enum of many types',
    input: closed({ a: { enum: ['x', 1, true, null] }, b: { type: 'integer', enum: [1, 2] } }),
    openai: 'strict',
    anthropic: 'strict'
  },
  { report: 'deeper than ten levels', input: closed({ in: deep(11) }), openai: 'properties', anthropic: 'strict' },
  {
    report: 'more than 1,000 enum values',
    input: closed({ a: { enum: Array.from({ length: 1_001 }, (_, i) => `v${i}`) } }),
    openai: 'properties',
    anthropic: 'strict'
  },
  {
    report: 'names that are not portable',
    input: closed({
      'Order No.': { type: 'string' },
      Order_No_: { type: 'string' },
      '1': { type: 'string' },
      ['ä'.repeat(70)]: { type: 'string' }
    }),
    openai: 'strict',
    anthropic: 'strict'
  }
]

describe.each(breakages)('$report', ({ input, ...expected }) => {
  test.each(all)('$dialect, strict $strict', ({ dialect, strict }) => {
    const tool = compileTool(actionWith('b_x', input), dialect, { strict })
    const parameters = parametersOf(dialect, tool.definition)
    const name = (tool.strict ? `${dialect} strict` : dialect) as keyof typeof subsets
    expect(parameters === undefined ? [] : violations(parameters, subsets[name] as Subset)).toEqual([])
    const wanted = { openai: expected.openai, 'openai-responses': expected.openai, anthropic: expected.anthropic, gemini: '', mcp: '' }[
      dialect
    ]
    if (!strict || wanted === '') return
    const blocking = tool.notes.filter(({ kind }) => kind === 'not_strict').map(({ keyword }) => keyword)
    expect([tool.strict, ...blocking]).toEqual(wanted === 'strict' ? [true] : [false, wanted])
  })
})

const dangling = [
  ['matthewhand/mcp-openapi-proxy#74, jlowin/fastmcp#2153, anytype-mcp#24: a $ref that leads nowhere', '#/$defs/Missing'],
  ['punkpeye/fastmcp#42 and #349: a $ref into another document', 'https://schemas.test/a.json#/$defs/A'],
  ['open-webui/mcpo#244, higress#8: a $ref into the components of another document', '#/components/schemas/A']
] as const

test.each(dangling)('%s', (_, $ref) => {
  for (const { dialect, strict } of all) {
    const tool = compileTool(actionWith('b_bad', closed({ a: { $ref } })), dialect, { strict })
    expect([tool.definition, tool.notes[0]]).toMatchObject([undefined, { kind: 'left_out', did: expect.stringContaining($ref) }])
  }
})

test.each(all)('opencode#26529: one bad action spoils nothing ($dialect, strict $strict)', ({ dialect, strict }) => {
  const good = closed({ a: { type: 'string' } })
  const actions = [actionWith('b_good', good), actionWith('b_bad', closed({ a: { $ref: '#/$defs/No' } })), actionWith('a_other', good)]
  const { tools, compiled } = compileTools(actions, dialect, { strict })
  const text = JSON.stringify(tools)
  expect(text.indexOf('a_other')).toBeLessThan(text.indexOf('b_good'))
  expect(text).not.toContain('b_bad')
  expect(compiled.map(({ name, definition }) => [name, definition !== undefined])).toEqual([
    ['a_other', true],
    ['b_bad', false],
    ['b_good', true]
  ])
})

test('alphaXiv/agents#49: the grammar of all strict tools together stays within what a request takes', () => {
  const input = closed({ a: { type: 'string' }, b: { anyOf: [{ type: 'string' }, { type: 'integer' }] } }, { required: ['a'] })
  const reads = Array.from({ length: 30 }, (_, i) => actionWith(`b_read_${i}`, input))
  const { compiled } = compileTools([...reads, actionWith('b_pay', input, { effect: 'irreversible' })], 'anthropic', { strict: true })
  const strict = compiled.filter(tool => tool.strict)
  expect(strict.length).toBe(Math.min(strictBudget.tools, strictBudget.optional, strictBudget.unions))
  expect(strict.map(({ name }) => name)).toContain('b_pay')
  expect(compiled.find(tool => !tool.strict)?.notes[0]).toMatchObject({
    kind: 'not_strict',
    did: expect.stringContaining('20 strict tools')
  })
})

test('a schema that a few references expand to a million parts is cut where they must be written out', () => {
  const $defs = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      `D${i}`,
      i === 11
        ? { type: 'string' }
        : closed({ a: { $ref: `#/$defs/D${i + 1}` }, b: { $ref: `#/$defs/D${i + 1}` }, c: { $ref: `#/$defs/D${i + 1}` } })
    ])
  )
  const action = actionWith('b_wide', closed({ a: { $ref: '#/$defs/D0' } }, { $defs }))
  const { definition, notes } = compileTool(action, 'gemini')
  expect(JSON.stringify(definition).length).toBeLessThan(500_000)
  expect(notes[0]?.did).toContain('is sent as JSON text')
  expect(compileTool(action, 'openai').definition).toBeDefined()
})

test('names and descriptions fit every provider', () => {
  const long = actionWith(`b_${'x'.repeat(62)}`, { type: 'object' }, { description: 'Use it. '.repeat(200), effect: 'write' })
  for (const { dialect, strict } of all) {
    const { name, definition } = compileTool(long, dialect, { strict })
    expect(name).toMatch(toolName)
    const { description } = (definition?.function ?? definition) as unknown as { description: string }
    expect(description.length).toBeLessThanOrEqual(dialect.startsWith('openai') ? 1_024 : 2_000)
  }
})

test.each<[string, JsonObject, string]>([
  ['minLength', { type: 'string', minLength: 2 }, 'At least 2 characters.'],
  ['maxLength', { type: 'string', maxLength: 9 }, 'At most 9 characters.'],
  ['pattern', { type: 'string', pattern: '^x' }, 'Must match ^x.'],
  ['format', { type: 'string', format: 'uri-reference' }, 'Format: uri-reference.'],
  ['contentEncoding', { type: 'string', contentEncoding: 'base64' }, 'Encoded as base64.'],
  ['minimum', { type: 'number', minimum: 1 }, 'At least 1.'],
  ['maximum', { type: 'number', maximum: 5 }, 'At most 5.'],
  ['exclusiveMinimum', { type: 'number', exclusiveMinimum: 0 }, 'More than 0.'],
  ['exclusiveMaximum', { type: 'number', exclusiveMaximum: 8 }, 'Less than 8.'],
  ['multipleOf', { type: 'number', multipleOf: 0.01 }, 'A multiple of 0.01.'],
  ['minItems', { type: 'array', items: { type: 'string' }, minItems: 2 }, 'At least 2 items.'],
  ['maxItems', { type: 'array', items: { type: 'string' }, maxItems: 3 }, 'At most 3 items.'],
  ['uniqueItems', { type: 'array', items: { type: 'string' }, uniqueItems: true }, 'No item twice.'],
  ['contains', { type: 'array', items: { type: 'string' }, contains: { const: 'x' } }, '{"contains":{"const":"x"}}'],
  ['not', { type: 'string', not: { const: 'x' } }, '{"not":{"const":"x"}}'],
  ['default', { type: 'string', default: 'EUR' }, '"EUR" when left out.']
])('%s is sent or said, in every dialect, and a note tells which', (keyword, schema, words) => {
  for (const { dialect, strict } of all) {
    const tool = compileTool(actionWith('b_x', closed({ a: schema })), dialect, { strict })
    const sent = JSON.stringify(tool.definition)
    const isSent = sent.includes(`"${keyword}":`)
    const isSaid = sent.includes(JSON.stringify(words).slice(1, -1))
    expect({ dialect, strict, isSent, isSaid }).toEqual({ dialect, strict, isSent, isSaid: !isSent })
    expect(tool.notes.some(note => note.keyword === keyword && note.kind === 'worded')).toBe(isSaid)
  }
})

test('a choice between properties is said in words, and its input arrives', () => {
  const input = closed(
    { a: { type: 'string' }, b: { type: 'string' }, c: { type: 'string' } },
    { anyOf: [{ required: ['a'] }, { required: ['b', 'c'] }] }
  )
  const tool = compileTool(actionWith('b_x', input), 'openai', { strict: true })
  expect(JSON.stringify(tool.definition)).toContain('Give at least one of: a; or b with c.')
  expect(tool.toInput({ a: 'x', b: null, c: null })).toEqual({ a: 'x' })
})

test('what MCP annotates follows from the effect, and the output schema shows nothing of the target', () => {
  const output = { type: 'object', properties: { xml: { type: 'string', 'x-sensitive': 'pii', xml: { name: 'X' }, 'x-untrusted': true } } }
  const { definition } = compileTool(
    actionWith('b_pay', { type: 'object' }, { effect: 'irreversible', output, idempotency: { key: ['a'], ttlMs: 1 } }),
    'mcp'
  )
  expect(definition).toMatchObject({ annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true } })
  expect(definition?.outputSchema).toEqual({ type: 'object', properties: { xml: { type: 'string', 'x-untrusted': true } } })
})
