/** Actions to compile: made for a test, and those of the sample bots. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { compileSchema } from '../../src/core/schema.ts'
import type { Action, JsonObject, JsonSchema } from '../../src/core/types.ts'
import { sessionUse } from '../../src/manifest/session-places.ts'

export const actionWith = (name: string, input: JsonSchema, more: Partial<Action> = {}): Action => ({
  name,
  bot: 'b',
  botVersion: 'f'.repeat(64),
  title: name,
  description: `Does ${name}. Use it in tests.`,
  effect: 'read',
  scopes: ['b:read'],
  input,
  output: { type: 'object' },
  checkInput: () => [],
  checkOutput: () => [],
  errors: {},
  idempotency: { ttlMs: 1 },
  retry: { attempts: 1, backoffMs: 1, maxBackoffMs: 1 },
  timeouts: { queueMs: 1, runMs: 1 },
  settleMs: 0,
  steps: null,
  ...more
})

const given = (session: Action['session']): Partial<Action> => (session === undefined ? {} : { session })

interface Manifest {
  readonly bot: string
  readonly actions: Readonly<Record<string, Partial<Action> & { readonly input: JsonObject }>>
}

export const sampleActions: readonly Action[] = ['teller', 'corebank'].flatMap(name => {
  const { bot, actions } = parse(readFileSync(`bots/${name}/bot.yaml`, 'utf8')) as Manifest
  return Object.entries(actions).map(([own, { title, description, effect, input, output, example, scopes }]) =>
    actionWith(`${bot}_${own}`, input, {
      ...({ bot, title, description, effect, output, example, scopes } as Partial<Action>),
      checkInput: compileSchema(input),
      ...given(sessionUse({ input, output: output ?? {}, written: {} }))
    })
  )
})
