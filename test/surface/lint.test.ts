import { expect, test } from '@jest/globals'
import type { JsonObject } from '../../src/core/types.ts'
import { loadTokenCounter } from '../../src/surface/count-tokens.ts'
import { catalogueBudget, lintForAgents } from '../../src/surface/lint.ts'
import { actionWith, sampleActions } from './actions.ts'

const string = { type: 'string', description: 'A text' }

test('says for each provider whether it is strict, what was done where, and what to do', async () => {
  const input = {
    type: 'object',
    additionalProperties: false,
    properties: { a: { ...string, pattern: '^x' }, b: { description: 'Anything' } }
  }
  const report = lintForAgents([actionWith('b_x', input)], await loadTokenCounter())
  const [openai, anthropic, gemini, mcp] = report.actions[0]?.providers ?? []
  expect(openai).toMatchObject({
    provider: 'openai',
    strict: 'no',
    notes: [{ pointer: '/input/properties/b/type', keyword: 'type', kind: 'not_strict', advice: 'give the value a type' }]
  })
  expect(anthropic).toMatchObject({ strict: 'no' })
  expect(gemini).toMatchObject({ strict: 'none', notes: [{ pointer: '/input/properties/b/type', kind: 'mapped' }] })
  expect(mcp).toMatchObject({ strict: 'none', notes: [] })
})

test('counts tokens, also of text that looks like a special token', async () => {
  const count = await loadTokenCounter()
  expect(count('hello world')).toBe(2)
  expect(count('<|endoftext|>')).toBeGreaterThan(1)
  const report = lintForAgents(sampleActions, count)
  expect(report.catalogue.tools).toBe(sampleActions.length)
  for (const tokens of Object.values(report.catalogue.tokens)) expect(tokens).toBeGreaterThan(500)
  expect(report.catalogue.remarks).toEqual([])
  // The sample bots are read as an example of how to write for agents.
  expect(report.actions.flatMap(({ action, remarks }) => remarks.map(remark => ({ action, ...remark })))).toEqual([])
})

const remarksOf = (description: string, properties = {}) =>
  lintForAgents([actionWith('b_x', { type: 'object', properties }, { description })], text => text.length / 4).actions[0]?.remarks

test.each([
  ['', '/description', /is missing/],
  ['Gets it.', '/description', /too short/],
  ['Reads the balance of one account of the bank.', '/description', /does not say when/],
  [`Use it ${'often '.repeat(60)}`, '/description', /GPT Actions take 300/]
])('%s', (description, pointer, message) => {
  expect(remarksOf(description)).toContainEqual({ pointer, message: expect.stringMatching(message) })
})

test('a property without words is named, and a good action has no remark', () => {
  const good = 'Reads the balance. Use it before any transfer.'
  expect(remarksOf(good, { 'a/b': { type: 'string' } })).toEqual([
    { pointer: '/input/properties/a~1b', message: expect.stringContaining('no description') }
  ])
  expect(remarksOf(good, { a: string })).toEqual([])
})

test.each<[string, object, string | undefined]>([
  ['free text that nobody has decided about', { a: { type: 'string' }, b: { items: { type: 'string' } } }, 'a, b'],
  [
    'text of a fixed form',
    { a: { type: 'string', pattern: 'x' }, b: { enum: ['x'] }, c: { type: 'string', format: 'date' }, d: { type: 'number' } },
    undefined
  ],
  ['text that is marked', { a: { type: 'string', 'x-untrusted': true }, b: { type: 'string' } }, undefined],
  ['text that is said to be trusted', { a: { type: 'string', 'x-untrusted': false } }, undefined]
])('%s in an output', (_, properties, named) => {
  const output = { type: 'object', properties } as JsonObject
  const action = actionWith('b_x', { type: 'object' }, { description: 'Reads the balance. Use it first.', output })
  const { remarks } = lintForAgents([action], text => text.length).actions[0] ?? { remarks: [] }
  expect(remarks).toEqual(named === undefined ? [] : [{ pointer: '/output', message: expect.stringContaining(`(${named})`) }])
})

test.each([
  [63 - 14, []],
  [50, [/mcp__retrofit__a{50}, 65 characters of the 64 .* by 1$/]],
  [53, [/by 4$/, /has 61 characters together .* Cursor/]],
  [64, [/has 64 characters; some take 63/, /by 15$/, /72 characters together/]]
])('a name of %i characters, as clients make use of it', (length, messages) => {
  const action = actionWith('a'.repeat(length), { type: 'object' }, { description: 'Reads the balance. Use it before any transfer.' })
  const remarks = lintForAgents([action], text => text.length / 4).actions[0]?.remarks
  expect(remarks).toEqual(messages.map(message => ({ pointer: '', message: expect.stringMatching(message) })))
})

test('a hint that says to try again what is never tried again is told', () => {
  const errors = (hint: string) => ({ gone: { status: 409, title: 'Gone', hint, notApplied: false } })
  const remarksOn = (hint: string) => {
    const action = actionWith('b_x', { type: 'object' }, { description: 'Reads the balance. Use it first.', errors: errors(hint) } as never)
    return lintForAgents([action], text => text.length / 4).actions[0]?.remarks
  }
  expect(remarksOn('Try again later.')).toEqual([
    { pointer: '/errors/gone/hint', message: expect.stringContaining('only answers this again') }
  ])
  expect(remarksOn('Do not try again.')).toEqual([])
  expect(remarksOn('Choose another account.')).toEqual([])
})

test('a catalogue over the budget is told', () => {
  const many = Array.from({ length: catalogueBudget.tools + 1 }, (_, i) =>
    actionWith(`b_${i}`, { type: 'object', properties: { a: string } })
  )
  const { remarks } = lintForAgents(many, text => text.length).catalogue
  expect(remarks).toEqual([expect.stringContaining('61 tools, over 60'), expect.stringContaining('tokens, over 10000')])
})

test('what a model can not say is told, with what to do', () => {
  const input = { type: 'object', properties: { a: { type: 'object', description: 'A', properties: { b: string } } } }
  const [openai] = lintForAgents([actionWith('b_x', input)], text => text.length).actions[0]?.providers ?? []
  expect(openai).toMatchObject({
    strict: 'yes',
    notes: [
      {
        pointer: '/input/properties/a/additionalProperties',
        kind: 'narrowed',
        advice: expect.stringContaining('additionalProperties: false')
      }
    ]
  })
})
