/** What every manifest has. An adapter's own keys are merged in; everything is strict: an unknown key is a mistake. */
import { z } from 'zod'
import type { Adapter } from '../core/adapter.ts'
import { durationMs, durationPattern } from '../core/duration.ts'

export const namePattern = /^[a-z][a-z0-9_]{0,63}$/
export const secretName = /KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL|^RETROFIT_/i
const envName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
const scope = /^[a-z0-9_.-]+(:[a-z0-9_.*-]+)?$/
const jsonSchemaId = 'https://json-schema.org/draft/2020-12/schema'

type Raised = { readonly input?: unknown }
const shown = (input: unknown): string => JSON.stringify(input) ?? 'nothing'
/** The pattern's remedy; a missing value keeps the usual message. */
const or = (remedy: string) => ({
  error: (raised: Raised) => (raised.input === undefined ? undefined : `${shown(raised.input)} ${remedy}`)
})

const name = z.string().regex(namePattern, or('is not a name: write small letters, digits and _, starting with a letter, 64 at most'))
const line = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^\r\n]*$/, or('must be one line'))

/** `5s`, `250ms`, `2m`, `12h`, `30d` */
const notDuration = or('is not a duration: write a number with a unit, as 250ms, 5s, 2m, 12h or 30d')
/** Moments beyond some 270,000 years have no date. */
const longestMs = durationMs('36500d')
const duration = () =>
  z
    .string(notDuration)
    .regex(durationPattern, notDuration)
    .refine(text => !(durationMs(text) > longestMs), or('is longer than a hundred years: write 36500d at most'))

const schema = (what: string) =>
  z.record(z.string(), z.unknown()).meta({ $ref: jsonSchemaId, description: `JSON Schema 2020-12 of ${what}.`, propertyNames: undefined })

/** 401, 408, 425 and 429 mean something else to every HTTP client: they log in again, or retry. */
const status = z
  .int()
  .min(400)
  .max(499)
  .refine(code => ![401, 408, 425, 429].includes(code), or('makes clients retry or log in again: write another status, as 404, 409 or 422'))

const errorBase = z.strictObject({
  status: status.describe('The HTTP status of the answer, 400 to 499.'),
  title: line(200).describe('One line that says what the target refused.'),
  hint: line(500).optional().describe('One sentence for an agent: what to do next.'),
  notApplied: z.boolean().default(false).describe('Says that the effect does not exist when this error is seen after the commit point.'),
  data: schema('what the target says with it').optional()
})

const probeBase = z.strictObject({
  weak: z
    .boolean()
    .default(false)
    .describe("The probe can match only business fields, not the run's reference: its “found” is not trusted.")
})

const idempotency = z.strictObject({
  key: z
    .array(z.string())
    .min(1)
    .optional()
    .describe('Required input properties that identify the effect: the same values never run twice, whatever key the caller sends.'),
  ttl: duration().default('7d').describe('How long a finished run is kept for replays.')
})

const retry = z.strictObject({
  attempts: z.int().min(1).max(20).default(3).describe('Attempts in all, the first included; after the commit point there is no other.'),
  backoff: duration().default('200ms').describe('The wait before the second attempt; doubles each time.'),
  maxBackoff: duration().default('5s').describe('The longest wait between two attempts.')
})

const timeouts = z.strictObject({
  queue: duration().default('60s').describe('How long a run may wait before it starts.'),
  run: duration().default('60s').describe('How long one attempt may take.')
})

const rerun = z.strictObject({
  safe: z
    .enum(['target_rejects_duplicates', 'sets_a_value'])
    .describe('Why crossing the commit point twice is harmless. Without it no run ever does.')
})

const actionBase = z.strictObject({
  title: line(200).describe('A short name for people.'),
  description: z.string().min(1).max(4000).describe('What it does and when to use it, for an agent that chooses among actions.'),
  effect: z.enum(['read', 'write', 'irreversible']).describe('What it does to the target.'),
  scopes: z
    .array(z.string().regex(scope, or('is not a scope: write it as accounts:read')))
    .min(1)
    .describe("Scopes that a caller's key must have, all of them."),
  input: schema('the input; `type: object`'),
  output: schema('the output'),
  example: z.record(z.string(), z.unknown()).optional().describe("A valid input that works against the bot's sandbox."),
  idempotency: idempotency.prefault({}).describe('What makes two calls the same.'),
  retry: retry.prefault({}).describe('How technical errors before the commit point are retried.'),
  timeouts: timeouts.prefault({}).describe('Time limits.'),
  settle: duration().default('5s').describe('How late an effect can still land after an attempt ended; the probe is asked after it.'),
  screen: z
    .enum(['pinned', 'continue', 'finish'])
    .optional()
    .describe("Runs on the session's own screen: pinned opens it or goes on, continue goes on, finish goes on and gives it back."),
  evidence: z
    .enum(['kept', 'none'])
    .default('kept')
    .describe('What a run keeps for people: pictures of a failed step, the request that left, an answer that failed. none: nothing of it.'),
  rerun: rerun.optional().describe('Allows a second crossing of the commit point.')
})

const targetBase = z.strictObject({
  url: z.string().min(1).describe('The address of the target, http or https; {{ env.NAME }} may stand in it.'),
  credentials: name.optional().describe('A name in the secret store, never a value.'),
  concurrency: z.int().min(1).max(1000).optional().describe('Most attempts at once on this target, over all workers.'),
  screenIdle: duration().optional().describe('How long a screen that a session has pinned may be idle; 2m when nothing is said.'),
  waiting: z.int().min(1).max(1_000_000).default(1000).describe('Most runs of one tenant that may wait.'),
  egress: z.array(z.string()).min(1).optional().describe('Origins that may be reached. Without it: the origin of url alone.')
})

const notVersion = or('is not a version: write three numbers, as 1.0.0')

const botBase = z.strictObject({
  bot: name.describe('The name of the bot, that of its folder.'),
  version: z
    .string(notVersion)
    .regex(/^[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$/, notVersion)
    .describe('Version of the manifest, three numbers.'),
  title: line(200).describe('A short name for people.'),
  description: z.string().min(1).max(4000).optional().describe('What the target is, for people and agents.'),
  owner: line(200).optional().describe('Who answers for the bot: a mail address or a team.'),
  adapter: z.string().describe('The kind of target.'),
  env: z
    .array(
      z
        .string()
        .regex(envName, or('is not a name of the environment: write letters, digits and _'))
        .refine(
          text => !secretName.test(text),
          or('may hold a secret, which a manifest can not read: use target.credentials, or another name')
        )
    )
    .default([])
    .describe('Names of environment variables that expressions may use as {{ env.NAME }}. Names that look secret are refused.')
})

/** An adapter that allows every key beside the common ones: for a manifest whose adapter is not known. */
const open = z.looseObject({})
export const openShape: Adapter['shape'] = { target: open, action: open, probe: open, error: open }

/** The whole manifest for one adapter. */
export function botShape(own: Adapter['shape']) {
  const merge = <Base extends z.ZodObject>(base: Base, extra: z.ZodObject) => {
    const merged = base.extend(extra.shape)
    return extra === open ? merged.loose() : merged
  }
  const error = merge(errorBase, own.error)
  const action = merge(
    actionBase.extend({
      errors: z.record(name, error).default({}).describe('Errors of the business by code: declared, documented, never retried.'),
      probe: merge(probeBase, own.probe).optional().describe('A read that tells whether the effect of a run exists.')
    }),
    own.action
  )
  return botBase.extend({
    target: merge(targetBase, own.target).describe('The legacy system.'),
    schemas: z
      .record(z.string().regex(/^[A-Za-z_][\w.-]*$/), schema('a part that several actions share'))
      .optional()
      .describe('Schemas that actions share, by name; {$ref: "#/schemas/Name"} uses one.'),
    actions: z
      .record(name, action)
      .refine(actions => Object.keys(actions).length > 0, { error: 'must have at least one action' })
      .describe('What the bot can do, by name.')
  })
}
