/** One manifest that is accepted must not take a list of tools down, whatever its schemas lead to. */
import { describe, expect, test } from '@jest/globals'
import { compileSchema } from '../../src/core/schema.ts'
import { compileTool } from '../../src/surface/compile-tool.ts'
import { dialects } from '../../src/surface/dialect.ts'
import { leftOutOf } from '../../src/surface/left-out.ts'
import { accepts } from './accepts.ts'
import { actionWith } from './actions.ts'
import { say } from './model.ts'
import { randomRecursive } from './random-recursive.ts'
import { parametersOf, subsets, violations } from './subsets.ts'

const modes = dialects
  .flatMap(dialect => [false, true].map(strict => ({ dialect, strict })))
  .filter(({ dialect, strict }) => !strict || (dialect !== 'gemini' && dialect !== 'mcp'))
const all = Array.from({ length: 2_000 }, (_, i) => ({ seed: i + 1, ...randomRecursive(i + 1) }))
/** What one dialect sends as another does is judged and read once. */
const judged = new Set<unknown>()

test('the random inputs are valid, as Ajv reads their schemas', () => {
  for (const { seed, schema, value } of all.slice(0, 60)) {
    const valid = compileSchema(schema)
    const input = value()
    expect({ seed, input, errors: valid(input) }).toEqual({ seed, input, errors: [] })
  }
})

describe.each(modes)('2,000 random schemas that lead back to themselves, $dialect, strict $strict', ({ dialect, strict }) => {
  test('each is a tool within the subset of its provider, and what is wanted arrives', () => {
    const wrong: string[] = []
    let strictOnes = 0
    for (const { seed, schema, value } of all) {
      const tool = compileTool(actionWith('b_x', schema), dialect, { strict })
      if (tool.strict) strictOnes++
      const parameters = tool.definition === undefined ? undefined : parametersOf(dialect, tool.definition)
      if (parameters === undefined) wrong.push(`${seed}: left out: ${JSON.stringify(tool.notes)}`)
      if (parameters === undefined || judged.has(parameters)) continue
      judged.add(parameters)
      const name = tool.strict ? (`${dialect} strict` as keyof typeof subsets) : dialect
      wrong.push(...violations(parameters, subsets[name]).map(violation => `${seed}: ${violation}`))
      const input = value()
      const said = say(input, parameters)
      if (!accepts(said, parameters)) wrong.push(`${seed}: ${JSON.stringify(said)} does not fit ${JSON.stringify(parameters)}`)
      const arrived = tool.toInput(said)
      if (!same(arrived, input))
        wrong.push(`${seed}: ${JSON.stringify(said)} arrives as ${JSON.stringify(arrived)}, not ${JSON.stringify(input)}`)
    }
    expect(wrong).toEqual([])
    if (strict) expect(strictOnes).toBeGreaterThan(all.length / 20)
  })
})

// biome-ignore lint/suspicious/noExplicitAny: values of any shape are compared
const sorted = (value: any): unknown =>
  Array.isArray(value)
    ? value.map(sorted)
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, inside]) => [name, sorted(inside)])
        )
      : value
const same = (a: unknown, b: unknown): boolean => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

test('documents hold them too', () => {
  for (const { schema } of all.slice(0, 200)) expect(leftOutOf(actionWith('b_x', schema, { output: schema }))).toEqual([])
})
