import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { compileSchema, newAjv } from '../../src/core/schema.ts'
import { compileTool } from '../../src/surface/compile-tool.ts'
import { dialects } from '../../src/surface/dialect.ts'
import { actionWith, sampleActions } from './actions.ts'
import { say } from './model.ts'
import { randomInput, seeded } from './random-schema.ts'
import { parametersOf, subsets, violations } from './subsets.ts'

/** Gemini and MCP know no strict mode. */
const modes = dialects
  .flatMap(dialect => [false, true].map(strict => ({ dialect, strict })))
  .filter(({ dialect, strict }) => !strict || (dialect !== 'gemini' && dialect !== 'mcp'))
/** More seeds were tried by hand; each compiles several schemas. */
const seeds = 40
const nothing = { type: 'object', properties: {} }

describe.each(modes)('$dialect, strict $strict', ({ dialect, strict }) => {
  test('whatever is wanted arrives as it was meant, and the definition stays within the subset', () => {
    let strictOnes = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const { schema, value } = randomInput(seeded(seed))
      const valid = compileSchema(schema)
      const tool = compileTool(actionWith('b_x', schema), dialect, { strict })
      if (tool.strict) strictOnes++
      const parameters = parametersOf(dialect, tool.definition) ?? nothing
      const name = tool.strict ? (`${dialect} strict` as keyof typeof subsets) : dialect
      expect({ seed, wrong: parameters === nothing ? [] : violations(parameters, subsets[name]) }).toEqual({ seed, wrong: [] })
      const admitted = dialect === 'gemini' ? undefined : newAjv().compile(parameters)
      for (let i = 0; i < 5; i++) {
        const input = value()
        expect({ seed, errors: valid(input) }).toEqual({ seed, errors: [] })
        const said = say(input, parameters)
        if (admitted !== undefined) expect({ seed, said, ok: admitted(said), errors: admitted.errors }).toMatchObject({ seed, ok: true })
        expect({ seed, said, input: tool.toInput(said) }).toEqual({ seed, said, input })
      }
    }
    if (strict) expect(strictOnes).toBeGreaterThan(seeds / 4)
  })

  test('the sample bots fit, and their examples arrive', () => {
    for (const action of sampleActions) {
      const tool = compileTool(action, dialect, { strict })
      const parameters = parametersOf(dialect, tool.definition)
      const name = tool.strict ? (`${dialect} strict` as keyof typeof subsets) : dialect
      expect(violations(parameters, subsets[name])).toEqual([])
      const names = Object.keys(parameters.properties)
      const sent = {
        ...(tool.strict && dialect.startsWith('openai') ? Object.fromEntries(names.map(one => [one, null])) : {}),
        ...action.example
      }
      expect(tool.toInput(sent)).toEqual(action.example)
      expect(action.checkInput(tool.toInput(sent))).toEqual([])
    }
  })
})

test("README's call is what a model sends", () => {
  const [, name, body = ''] =
    /POST \/v1\/actions\/(\w+)\?format=openai&strict=true&view=text\n.*\n\n(.*)\n/.exec(readFileSync('README.md', 'utf8')) ?? []
  const action = sampleActions.find(one => one.name === name) as (typeof sampleActions)[number]
  const tool = compileTool(action, 'openai', { strict: true })
  expect(newAjv().compile(parametersOf('openai', tool.definition))(JSON.parse(body))).toBe(true)
  expect(action.checkInput(tool.toInput(JSON.parse(body)))).toEqual([])
})
