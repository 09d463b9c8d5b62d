/** The checked manifest → the nouns. */

import { durationMs } from '../core/duration.ts'
import { own } from '../core/own.ts'
import type { Action, ActionEffect, Bot, Check, DeclaredError, JsonObject, JsonSchema, ScreenUse, Target } from '../core/types.ts'
import { sessionUse } from './session-places.ts'
import type { Addresses, Environment } from './target.ts'

/** An action that has its shape, defaults filled in. */
export interface ActionManifest {
  readonly title: string
  readonly description: string
  readonly effect: ActionEffect
  readonly scopes: readonly string[]
  readonly input: JsonSchema
  readonly output: JsonSchema
  readonly example?: JsonObject
  readonly errors: Readonly<Record<string, ErrorManifest>>
  readonly idempotency: { readonly key?: readonly string[]; readonly ttl: string }
  readonly retry: { readonly attempts: number; readonly backoff: string; readonly maxBackoff: string }
  readonly timeouts: { readonly queue: string; readonly run: string }
  readonly settle: string
  readonly probe?: { readonly weak: boolean }
  readonly rerun?: NonNullable<Action['rerun']>
  readonly screen?: ScreenUse
  readonly evidence: 'kept' | 'none'
}

type ErrorManifest = Omit<DeclaredError, 'data'> & { readonly data?: JsonSchema }

interface ActionParts {
  readonly bot: string
  readonly botVersion: string
  readonly name: string
  readonly data: ActionManifest
  /** As it was written. */
  readonly written: JsonObject
  readonly checkInput: Check
  readonly checkOutput: Check
  readonly checkData: Readonly<Record<string, Check>>
  /** Asked once, at the first use. */
  readonly steps: () => unknown
}

export function toAction({ bot, botVersion, name, data, written, checkInput, checkOutput, checkData, steps }: ActionParts): Action {
  const { title, description, effect, scopes, input, output, idempotency, retry, timeouts } = data
  let made: { readonly steps: unknown } | undefined
  return {
    name: `${bot}_${name}`,
    bot,
    botVersion,
    title,
    description,
    effect,
    scopes,
    input,
    output,
    checkInput,
    checkOutput,
    ...given('example', data.example),
    errors: Object.fromEntries(Object.entries(data.errors).map(([code, error]) => [code, toError(error, own(checkData, code))])),
    idempotency: { ...given('key', idempotency.key), ttlMs: durationMs(idempotency.ttl) },
    retry: { attempts: retry.attempts, backoffMs: durationMs(retry.backoff), maxBackoffMs: durationMs(retry.maxBackoff) },
    timeouts: { queueMs: durationMs(timeouts.queue), runMs: durationMs(timeouts.run) },
    settleMs: durationMs(data.settle),
    ...given('probe', data.probe && { weak: data.probe.weak }),
    ...given('rerun', data.rerun),
    ...(data.evidence === 'none' && { evidence: data.evidence }),
    ...given('session', sessionUse({ input, output, written, screen: data.screen })),
    get steps() {
      made ??= { steps: steps() }
      return made.steps
    }
  }
}

const toError = ({ status, title, hint, notApplied, data }: ErrorManifest, check: Check | undefined): DeclaredError => ({
  status,
  title,
  notApplied,
  ...given('hint', hint),
  ...given('data', data && check && { schema: data, check })
})

interface BotParts {
  readonly data: JsonObject
  readonly source: string
  readonly digest: string
  readonly addresses: Addresses
  readonly env: Environment
  readonly actions: readonly Action[]
  readonly schemas: readonly string[]
}

interface BotManifest {
  readonly bot: string
  readonly version: string
  readonly title: string
  readonly description?: string
  readonly owner?: string
  readonly adapter: string
  readonly target: { readonly credentials?: string; readonly concurrency?: number; readonly waiting: number; readonly screenIdle?: string }
}

export function toBot({ data, source, digest, addresses, env, actions, schemas }: BotParts): Bot {
  const { bot: name, version, title, description, owner, adapter, target } = data as unknown as BotManifest
  return {
    name,
    version,
    digest,
    title,
    ...given('description', description),
    ...given('owner', owner),
    adapter,
    target: toTarget(target, { ...addresses, env }),
    actions,
    schemas,
    source
  }
}

const toTarget = (
  { credentials, concurrency, waiting, screenIdle }: BotManifest['target'],
  read: Addresses & { readonly env: Environment }
): Target => ({
  ...read,
  waiting,
  ...given('credentials', credentials),
  ...given('concurrency', concurrency),
  ...given('screenIdleMs', screenIdle === undefined ? undefined : durationMs(screenIdle))
})

/** The member, or nothing when there is no value (`exactOptionalPropertyTypes`). */
function given<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]?: V })
}
