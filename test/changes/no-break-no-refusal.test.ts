import { expect, test } from '@jest/globals'
import { compareSchemas } from '../../src/core/contract/compare-schemas.ts'
import { compileSchema } from '../../src/core/schema.ts'
import type { Json, JsonSchema } from '../../src/core/types.ts'
import { seeded } from '../surface/random-schema.ts'
import { bent, randomRoot, randomValue, valueFor } from './random-pair.ts'

const side = (root: JsonSchema) => ({ root, pointer: '', shared: new Set<string>() })
const pairs = 120
const tries = 60

/** Undefined: the pair is no schema that a manifest takes. */
function compiled(schema: JsonSchema) {
  try {
    return compileSchema(schema)
  } catch {
    return undefined
  }
}

function looked(seed: number) {
  const random = seeded(seed)
  const before: JsonSchema = randomRoot(random)
  const after: JsonSchema = bent(random, before)
  const [was, is] = [compiled(before), compiled(after)]
  if (was === undefined || is === undefined) return undefined
  const breaks = compareSchemas({ direction: 'input', before: side(before), after: side(after) })
  const values: Json[] = Array.from({ length: tries }, (_, index) =>
    index % 4 === 0 ? randomValue(random) : valueFor(random, before, before)
  ).filter(value => was(value).length === 0)
  return { before, after, was, is, breaks, values }
}

test('where no breaking change is named, every value that was taken still is', () => {
  let [free, taken, named, shown] = [0, 0, 0, 0]
  for (let seed = 1; seed <= pairs; seed += 1) {
    const pair = looked(seed)
    if (pair === undefined) continue
    const { before, after, is, was, breaks, values } = pair
    named += breaks.length
    for (const { example } of breaks) {
      if (example === undefined) continue
      shown += 1
      expect([seed, was(example.value), is(example.value).length > 0]).toEqual([seed, [], true])
    }
    if (breaks.length > 0) continue
    free += 1
    taken += values.length
    const refused = values.find(value => is(value).length > 0)
    if (refused !== undefined) throw new Error(JSON.stringify({ seed, before, after, refused }))
  }
  expect(free).toBeGreaterThan(pairs / 10)
  expect(taken).toBeGreaterThan(pairs)
  expect(shown).toBeGreaterThan(named / 2)
})
