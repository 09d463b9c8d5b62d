import { expect, test } from '@jest/globals'
import type { JsonObject } from '../../src/core/types.ts'
import { importChanges } from '../../src/manifest/import/import-changes.ts'
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

const said = async (before: JsonObject, after: JsonObject) =>
  (await importChanges(before, after)).map(({ breaking, pointer, why }) => `${breaking ? '!' : '-'} ${pointer} ${why}`)

test('changes of the contract are told, breaking ones first', async () => {
  const after = manifest({
    input: { type: 'object', required: ['a', 'n'], properties: { a: { type: 'integer' }, n: { type: 'string' }, o: { type: 'string' } } },
    output: { type: 'object', properties: { c: { type: 'string', enum: ['X', 'Y', 'Z'] } } }
  })
  expect(await said(manifest(), after)).toEqual([
    '! /actions/send/input/properties/b b is gone: a call that sends it is taken, and nothing is done with it',
    '! /actions/send/input/required n is required now: a call that was taken is refused',
    '! /actions/send/input/properties/a/type the type is another one: a call that was taken is refused',
    '! /actions/send/output/properties/c/enum "Z" may be answered now: an answer may be one that callers were never told of',
    '- /actions/send/input/properties/n n is new',
    '- /actions/send/input/properties/o o is new: a call need not send it'
  ])
})

test('a tighter input, another choice and other errors are told too', async () => {
  const before = manifest({
    input: { type: 'object', properties: { a: { type: 'string', maxLength: 9 } } },
    errors: { gone: { status: 422 } }
  })
  const input = { type: 'object', oneOf: [{ required: ['a'] }], properties: { a: { type: 'string', maxLength: 5 } } }
  const after = manifest({ input, errors: { fresh: { status: 422 } } })
  expect(await said(before, after)).toEqual([
    '! /actions/send/input/properties/a/maxLength maxLength is another one: a call that was taken is refused',
    '! /actions/send/input/oneOf/0/required a is required now: a call that was taken is refused',
    '! /actions/send/errors/gone the error is gone: callers that wait for this code get another one, or none',
    '- /actions/send/errors/fresh the error is new'
  ])
})
