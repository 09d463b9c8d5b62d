import { expect, test } from '@jest/globals'
import { contractChanges } from '../../src/core/contract-changes.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { mergeManifests } from '../../src/manifest/import/merge.ts'

const action = (more: JsonObject = {}): JsonObject => ({
  title: 'Send',
  description: 'Calls Send.',
  effect: 'write',
  scopes: ['b:write'],
  input: { type: 'object', required: ['a'], properties: { a: { type: 'string' }, b: { type: 'string' } } },
  output: { type: 'object', properties: { c: { type: 'string', enum: ['X', 'Y'] } } },
  ...more
})
const manifest = (more: JsonObject = {}, schemas: JsonObject = {}): JsonObject => ({
  bot: 'b',
  version: '1.0.0',
  schemas,
  actions: { send: action(more) }
})

test('what a person changed stays, what the contract changed comes in', () => {
  const mine = manifest({ description: 'Mine', effect: 'irreversible', probe: { found: 'x' }, scopes: ['mine:write'] })
  const theirs = manifest({ soapAction: 'new', description: 'Theirs', input: { type: 'object', properties: { z: { type: 'string' } } } })
  const merged = mergeManifests(manifest(), mine, theirs) as { actions: { send: JsonObject } }
  expect(merged.actions.send).toMatchObject({
    description: 'Mine',
    effect: 'irreversible',
    probe: { found: 'x' },
    scopes: ['mine:write'],
    soapAction: 'new'
  })
  expect(merged.actions.send.input).toEqual({ type: 'object', properties: { z: { type: 'string' } } })
})

test('without a report of the last import, what is personal stays', () => {
  const merged = mergeManifests(undefined, manifest({ description: 'Mine', operation: 'old' }), manifest({ operation: 'new' })) as {
    actions: { send: JsonObject }
  }
  expect(merged.actions.send).toMatchObject({ description: 'Mine', operation: 'new' })
})

test('changes of the contract are told, breaking ones first', () => {
  const after = manifest({
    input: { type: 'object', required: ['a', 'n'], properties: { a: { type: 'integer' }, n: { type: 'string' }, o: { type: 'string' } } },
    output: { type: 'object', properties: { c: { type: 'string', enum: ['X', 'Y', 'Z'] } } }
  })
  const said = contractChanges(manifest(), after).map(({ breaking, where, what }) => `${breaking ? '!' : '-'} ${where} ${what}`)
  expect(said).toEqual([
    '! send input.a: type is "integer", it was "string"',
    '! send input.b is gone',
    '! send input.n is new and required',
    '! send output.c: the values Z are new',
    '- send input.o is new'
  ])
})

test('a tighter input, another choice and other errors are told too', () => {
  const before = manifest({
    input: { type: 'object', properties: { a: { type: 'string', maxLength: 9 } } },
    errors: { gone: { status: 422 } }
  })
  const input = { type: 'object', oneOf: [{ required: ['a'] }], properties: { a: { type: 'string', maxLength: 5 } } }
  const after = manifest({ input, errors: { fresh: { status: 422 } } })
  const said = contractChanges(before, after).map(({ breaking, where, what }) => `${breaking ? '!' : '-'} ${where} ${what}`)
  expect(said).toEqual([
    '! send input: what may stand together is different (oneOf)',
    '! send input.a: maxLength is 5, it was 9',
    '- send errors.gone is gone',
    '- send errors.fresh is new'
  ])
})
