/** From a call to a durable run: validated, behind the idempotency gate, published. */
import { botKey } from '../core/bot-key.ts'
import type { CallbackTo } from '../core/callback.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { RetrofitError } from '../core/errors.ts'
import { newReference, newRunId } from '../core/ids.ts'
import { newRun } from '../core/new-run.ts'
import type { Created, IdempotencyKey } from '../core/ports.ts'
import { hasEnded } from '../core/run.ts'
import { newTraceparent } from '../core/trace-context.ts'
import type { Action, Bot, Caller, Json, JsonObject, Run } from '../core/types.ts'
import { missingScopes } from '../governance/scopes.ts'
import { mask, sha256 } from '../governance/sealer.ts'
import { versionRefusal } from './bot-version.ts'
import type { Trial } from './breakers.ts'
import { attachCallback, checkCallback, newCallback } from './callbacks/new-callback.ts'
import type { CallRequest, Plan, Submitted } from './engine.ts'
import { keyValues } from './key-values.ts'
import { windowOf } from './line.ts'
import { noSuchAction } from './no-such-action.ts'
import { proven } from './order.ts'
import type { Parts } from './parts.ts'
import { passGate } from './pass-gate.ts'
import { publish } from './publish.ts'
import { overQuota } from './quotas.ts'
import { leaveScreen, takeScreen } from './screen-claim.ts'
import { enterSession, rememberOutput } from './session-use.ts'

export interface Admitted {
  readonly bot: Bot
  readonly action: Action
  readonly input: JsonObject
  readonly keys: readonly IdempotencyKey[]
  readonly session?: string | undefined
  readonly sessionValues?: Json | undefined
  /** The caller wants another version of the bot: nothing new is accepted. */
  readonly refusal?: RetrofitError | undefined
}

/** Everything that can be refused before anything is written; the key is not used up by a refusal. */
export async function admit(parts: Parts, request: CallRequest): Promise<Admitted> {
  const found = parts.catalog.action(request.action, request.caller.tenant)
  if (found === undefined) throw noSuchAction(parts.catalog, request.caller, { name: request.action })
  const { bot, action } = found
  allow(request.caller, action)
  allowPriority(request)
  if (request.callback !== undefined) checkCallback(parts, request.caller, request.callback)
  const { errors, input: whole, ...inSession } = await enterSession(parts, request, action)
  const refusal = await versionRefusal(parts, { bot, action, pinned: request.botVersion })
  // Input for another version may well not fit this one.
  if (errors.length > 0 && refusal !== undefined) throw refusal
  if (errors.length > 0) throw new RetrofitError('invalid_input', { detail: `The input of ${action.name} is not valid.`, errors })
  const input = whole as JsonObject
  if (action.session?.screen !== undefined && request.session === undefined)
    throw new RetrofitError('session_required', { detail: `${action.name} runs on the screen of a session.` })
  const keys = keysOf(parts, { request, action, input })
  if (action.effect !== 'read' && keys.length === 0) {
    throw new RetrofitError('idempotency_key_required', {
      detail: `${action.name} changes something in its target: say which calls are the same.`
    })
  }
  return { bot, action, input, keys, ...inSession, refusal }
}

function allow(caller: Caller, action: Action): void {
  const missing = missingScopes(caller.scopes, action.scopes)
  if (missing.length > 0) throw new RetrofitError('insufficient_scope', { detail: `${action.name} needs the scope ${missing.join(' ')}.` })
}

function allowPriority({ caller, priority }: CallRequest): void {
  if (priority === undefined || missingScopes(caller.scopes, ['priority:high']).length === 0) return
  throw new RetrofitError('insufficient_scope', {
    detail: 'A run of high priority needs the scope priority:high.',
    hint: 'Send the call without Run-Priority, or ask for a key with the scope priority:high.'
  })
}

/** The caller's key, scoped by tenant and client, and the manifest's, scoped by tenant: whichever is known decides. */
function keysOf(
  parts: Parts,
  { request, action, input }: { request: CallRequest; action: Action; input: JsonObject }
): readonly IdempotencyKey[] {
  const { caller, idempotencyKey } = request
  const names = action.idempotency.key
  if (idempotencyKey === undefined && names === undefined) return []
  const fingerprint = parts.sealer.fingerprint(canonicalJson({ action: action.name, input }))
  const keys: IdempotencyKey[] = []
  if (idempotencyKey !== undefined)
    keys.push({ key: sha256(canonicalJson(['caller', caller.tenant, caller.clientId, idempotencyKey])), fingerprint })
  if (names !== undefined) {
    const values = keyValues(action.input, names, input)
    keys.push({ key: parts.sealer.fingerprint(canonicalJson(['manifest', caller.tenant, action.name, values])), fingerprint })
  }
  return keys
}

export const submit = async (parts: Parts, request: CallRequest): Promise<Submitted> =>
  submitAdmitted(parts, request, await admit(parts, request))

export async function submitAdmitted(parts: Parts, request: Omit<CallRequest, 'input'>, admitted: Admitted): Promise<Submitted> {
  const { caller, timeoutMs, traceparent, priority, callback } = request
  const { refusal, trial } = await restOf(parts, admitted, caller)
  const accepting = accept(parts, { ...admitted, caller, timeoutMs, traceparent, priority, callback, refusal })
  const begun = await accepting.then(
    ({ outcome }) => outcome === 'created',
    () => false
  )
  if (!begun) await trial?.release().catch(() => undefined)
  const submitted = await accepting
  await rememberReplay(parts, admitted, submitted)
  if (callback === undefined || submitted.outcome === 'created') return submitted
  return { ...submitted, run: await attachCallback(parts, submitted.run, { caller, to: callback }) }
}

/** A run of another session that is replayed in this one leaves its output here too. */
async function rememberReplay(parts: Parts, { action, session }: Admitted, { run, outcome }: Submitted): Promise<void> {
  const isElsewhere = outcome === 'replayed' && run.status === 'completed' && run.session !== session
  if (!isElsewhere || run.output === undefined) return
  await rememberOutput(parts, { action, session, tenant: run.tenant, output: parts.sealer.open(action.output, run.output) })
}

interface Rest {
  readonly refusal?: RetrofitError | undefined
  /** The call tries whether the target is back. */
  readonly trial?: Trial | undefined
}

async function restOf({ breakers }: Parts, { bot, refusal }: Admitted, caller: Caller): Promise<Rest> {
  if (refusal !== undefined) return { refusal }
  try {
    return { trial: await breakers.check(botKey(bot.name, bot.tenant), caller) }
  } catch (error) {
    if (error instanceof RetrofitError) return { refusal: error }
    // A ledger that does not answer says so when the run is to be written.
    return {}
  }
}

export interface Acceptance {
  readonly caller: Caller
  readonly bot: Bot
  readonly action: Action
  readonly input: JsonObject
  readonly keys: readonly IdempotencyKey[]
  readonly session?: string | undefined
  readonly sessionValues?: Json | undefined
  readonly timeoutMs?: number | undefined
  readonly traceparent?: string | undefined
  readonly priority?: 'high' | undefined
  readonly callback?: CallbackTo | undefined
  /** A person wants this one run again. */
  readonly again?: Run | undefined
  /** Nothing new is accepted, for this reason; a known key still gets its run. */
  readonly refusal?: RetrofitError | undefined
}

/** The gate itself: durable before any answer. */
export async function accept(parts: Parts, from: Acceptance): Promise<Submitted> {
  const { caller, bot, action } = from
  const now = parts.store.now()
  const limitMs = action.timeouts.queueMs + action.timeouts.runMs
  const id = newRunId(caller.tenant, now)
  const refusal = from.refusal ?? (await takeScreen(parts, from, id))
  const order = {
    id,
    reference: newReference(),
    caller,
    bot,
    action,
    input: parts.sealer.seal(action.input, from.input) as JsonObject,
    now,
    deadlineAt: now + Math.min(from.timeoutMs ?? limitMs, limitMs),
    traceparent: from.traceparent ?? newTraceparent(),
    priority: from.priority,
    session: from.session,
    sessionValues: from.sessionValues,
    callbacks: from.callback && [newCallback(parts, { runId: id, number: 1, caller, to: from.callback })]
  }
  const make = (retryOf: string | undefined) => proven(parts.sealer, newRun({ ...order, retryOf }))
  const startedAt = performance.now()
  const window = windowOf(bot)
  const maxWaiting = refusal === undefined ? bot.target.waiting : 0
  const created = await passGate(parts, { make, gate: { keys: from.keys, maxWaiting, window }, again: from.again })
  parts.telemetry.hop('accept', performance.now() - startedAt, { action: action.name })
  if (created.outcome === 'created') {
    // What is urgent does not wait for its place in the line.
    if ((created.ahead ?? 0) < window || created.run.priority === 'high') publish(parts, created.run)
    return { run: created.run, outcome: 'created' }
  }
  if (refusal === undefined) await leaveScreen(parts, from, id)
  if (created.outcome === 'full' && refusal !== undefined) throw refusal
  return joined(parts, created, bot)
}

function joined(parts: Parts, created: Exclude<Created, { outcome: 'created' }>, bot: Bot): Submitted {
  if (created.outcome === 'full')
    throw new RetrofitError('queue_full', { detail: `${bot.target.waiting} runs of ${bot.name} wait already.`, retryAfterMs: 5_000 })
  if (created.outcome === 'over_quota')
    throw overQuota(parts.settings, created.quota === 'waiting' ? 'waiting' : 'storedBytes', created.used)
  if (created.outcome === 'key_reused')
    throw new RetrofitError('idempotency_key_reused', { detail: 'The key belongs to a run with another action or input.' })
  const { run } = created
  if (run.expired) {
    const detail = `The key belongs to run ${run.id}, which ended as ${run.status} (effect ${run.effect}) and has expired.`
    throw new RetrofitError('key_expired', { detail, effect: run.effect, runId: run.id })
  }
  return { run, outcome: hasEnded(run) ? 'replayed' : 'joined' }
}

export async function plan(parts: Parts, request: CallRequest): Promise<Plan> {
  const admitted = await admit(parts, request)
  if (admitted.refusal !== undefined) throw admitted.refusal
  return planOf(request, admitted)
}

export function planOf({ idempotencyKey }: CallRequest, { action, input }: Admitted): Plan {
  return {
    dryRun: true,
    action: action.name,
    effect: action.effect,
    input: mask(action.input, input),
    idempotencyKeys: [...(idempotencyKey === undefined ? [] : ['Idempotency-Key']), ...(action.idempotency.key ?? [])],
    steps: stepNames(action.steps),
    timeouts: action.timeouts
  }
}

/** Adapters that have steps name them; others are one step. */
function stepNames(steps: unknown): readonly string[] {
  const names = (steps as { readonly names?: unknown } | null | undefined)?.names
  return Array.isArray(names) ? names.map(String) : ['call']
}
