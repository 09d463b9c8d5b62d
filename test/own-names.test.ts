/** Names that others choose and that every object knows (`constructor`, `toString`): nothing is found under them that nobody put there. */
import { describe, expect, test } from '@jest/globals'
import { hasCode } from '../adapters/soap/faults.ts'
import { compareContracts } from '../src/core/contract/compare-contracts.ts'
import { BusinessError } from '../src/core/errors.ts'
import { own } from '../src/core/own.ts'
import type { Action, JsonObject } from '../src/core/types.ts'
import { businessErrorOf } from '../src/engine/outcome.ts'
import { contractOf } from '../src/manifest/contract-of.ts'
import { sampleValue } from '../src/manifest/import/sample.ts'
import { schema30 } from '../src/surface/openapi-30.ts'
import { adviceFor, inWords } from '../src/surface/words.ts'
import { good, load } from './manifest/manifests.ts'

const properties = (names: readonly string[]): JsonObject => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(names.map(name => [name, { type: 'string' }]))
})
const contract = (names: readonly string[]): JsonObject => ({ actions: { ask: { input: properties(names), output: properties([]) } } })

describe.each(['constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty'])('%s', name => {
  test.each<readonly [string, () => unknown, unknown]>([
    ['a look-up', () => own({ a: 1 }, name), undefined],
    ['what was put there', () => own(JSON.parse(`{"${name}":1}`), name), 1],
    ['a property of a contract that is gone', () => changed([name], []), ['* is gone: a call that sends it is refused']],
    ['one that is new', () => changed([], [name]), ['* is new: a call need not send it']],
    ['an operation that is new', () => changes({ actions: {} }, { actions: JSON.parse(`{"${name}":{}}`) }), ['the action is new']],
    ['a keyword in words', () => inWords(name, 1), `Must also fit the JSON Schema {${JSON.stringify(name)}:1}.`],
    ['advice about a keyword', () => adviceFor(name), undefined],
    [
      'a keyword for OpenAPI 3.0',
      () => JSON.stringify(schema30(JSON.parse(`{"${name}":5}`))),
      name === '__proto__' ? '{}' : `{"${name}":5}`
    ],
    ['a sample of a format', () => sampleValue({ type: 'string', format: name }, { full: true, branch: 0 })?.value, 'sample'],
    ['a sample of a reference', () => sampleValue({ $defs: {}, $ref: `#/$defs/${name}` }, { full: true, branch: 0 })?.value ?? null, null],
    ['the code of a fault', () => hasCode({ codes: [name] } as never, 'Client'), false],
    [
      'an error that is not declared',
      () =>
        businessErrorOf({ errors: {} } as unknown as Action, new BusinessError(name, 'x'), { redact: String, holdsSecret: () => false }),
      undefined
    ]
  ])('%s', async (_, look, expected) => {
    expect(await look()).toEqual(
      typeof expected === 'object' && expected !== null ? JSON.parse(JSON.stringify(expected).replaceAll('*', name)) : expected
    )
  })

  test('as a keyword of a schema is unknown, and as a name of the environment not there', async () => {
    const keyword = await load(good.replace('required: [text]', `${name}: 5\n      required: [text]`))
    expect(keyword.issues.map(({ message }) => message).join()).toMatch(/unknown keyword|can not be a key/)
    const variable = await load(good.replace('{{ env.ECHO_URL }}', `{{ env.${name} }}`))
    expect(variable.bot).toBeUndefined()
    expect(JSON.stringify(variable.issues)).not.toContain('native code')
  })
})

test('a text of names that every object knows is not taken for brackets', async () => {
  const deep = `${good}\nx: ${'['.repeat(200)}\nconstructor\n${']'.repeat(200)}`
  expect((await load(`toString\n${deep}`)).issues[0]?.message).toContain('nested too deeply')
})

const changes = async (before: JsonObject, after: JsonObject) =>
  (await compareContracts(contractOf(before), contractOf(after))).map(({ why }) => why)
const changed = (before: readonly string[], after: readonly string[]) => changes(contract(before), contract(after))
