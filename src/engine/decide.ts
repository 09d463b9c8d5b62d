/** The decisions of a person or client about a run: cancel, resolve, retry. Each write is fenced like any other. */

import { canonicalJson } from '../core/canonical-json.ts'
import { withDefaults } from '../core/defaults.ts'
import { RetrofitError } from '../core/errors.ts'
import { cancel as cancelled, hasEnded, requestCancel, resolve as resolved, wantLook } from '../core/run.ts'
import type { Caller, JsonObject, Run } from '../core/types.ts'
import { sha256 } from '../governance/sealer.ts'
import { moveUp } from './line.ts'
import { checkProbeable, today } from './looking-version.ts'
import type { Parts } from './parts.ts'
import { publishAgain } from './publish.ts'
import { rememberOutput } from './session-use.ts'
import { accept } from './submit.ts'

/** How long a cancel waits for the worker to stop. */
const cancelWaitMs = 5_000
/** Events may be missed. */
const lookPollMs = 500

/** Applies a change to the newest state until it is written. */
export async function change(parts: Parts, run: Run, next: (run: Run, now: number) => Run): Promise<Run> {
  let at = run
  for (;;) {
    const wanted = next(at, parts.store.now())
    if (await parts.store.updateRun(wanted)) return wanted
    const fresh = await parts.store.getRun(at.id)
    if (fresh === undefined) throw new RetrofitError('run_not_found', { detail: `There is no run ${at.id}.` })
    at = fresh
  }
}

/** Honest about effects: a run that may have had one is not cancellable. */
export async function cancel(parts: Parts, run: Run): Promise<Run> {
  if (run.status === 'cancelled') return run
  const wanted = await change(parts, run, (at, now) => {
    if (hasEnded(at) || at.effect !== 'none') throw notCancellable(at)
    return at.status === 'working' ? requestCancel(at, now) : cancelled(at, now, 'cancelled before it started')
  })
  if (wanted.status === 'cancelled') {
    parts.telemetry.runEnded(wanted)
    if (wanted.attempt === 0) moveUp(parts, wanted)
    return wanted
  }
  const after = await parts.hub.ended(wanted, { waitMs: cancelWaitMs })
  if (after.status !== 'cancelled' && (hasEnded(after) || after.effect !== 'none')) throw notCancellable(after)
  return after
}

const notCancellable = (run: Run): RetrofitError => {
  const why = hasEnded(run) ? `It has ended as ${run.status}.` : 'It has passed its commit point: its effect may exist already.'
  return new RetrofitError('not_cancellable', { detail: why, effect: run.effect, runId: run.id })
}

export interface Decision {
  readonly outcome: 'completed' | 'not_done'
  readonly output?: JsonObject
}

export async function resolve(parts: Parts, { caller, run, decision }: { caller: Caller; run: Run; decision: Decision }): Promise<Run> {
  const action = await parts.catalog.actionOf(run)
  const { output } = decision
  if (output !== undefined && action !== undefined) {
    const errors = action.checkOutput(output).map(error => ({ ...error, pointer: `/output${error.pointer}` }))
    if (errors.length > 0)
      throw new RetrofitError('invalid_input', { detail: `The output does not fit the schema of ${run.action}.`, errors })
  }
  const sealed = output === undefined || action === undefined ? output : parts.sealer.seal(action.output, output)
  const after = await change(parts, run, (at, now) => {
    if (at.status !== 'outcome_unknown')
      throw new RetrofitError('not_resolvable', { detail: `Its status is ${at.status}.`, effect: at.effect, runId: at.id })
    if (decision.outcome === 'not_done' && (at.maySendUntil ?? 0) > now) throw tooEarly(at, at.maySendUntil ?? 0)
    return resolved(
      at,
      { outcome: decision.outcome, ...(sealed === undefined ? {} : { output: sealed }) },
      { subject: caller.subject, now }
    )
  })
  if (action !== undefined && output !== undefined && after.status === 'completed')
    await rememberOutput(parts, { action, session: run.session, tenant: run.tenant, output })
  parts.telemetry.log.info({ runId: run.id, by: caller.subject, outcome: decision.outcome }, 'resolved by a person')
  parts.telemetry.runEnded(after)
  return after
}

/** A person who looks now and sees nothing may be wrong a moment later. */
function tooEarly(run: Run, until: number): RetrofitError {
  const detail = `Its worker fell silent after the commit point and may be paused, not dead: it could still send until ${new Date(until).toISOString()}.`
  return new RetrofitError('not_resolvable_yet', { detail, effect: run.effect, runId: run.id })
}

/** Asks a worker for a look, and waits for it: `lookFor` stays where none has looked in time. */
export async function askProbe(parts: Parts, { caller, run, waitMs }: { caller: Caller; run: Run; waitMs: number }): Promise<Run> {
  await today(parts, checkProbeable(run))
  const asked = await change(parts, run, (at, now) => wantLook(checkProbeable(at), { now, by: caller.subject }))
  publishAgain(parts, asked)
  parts.telemetry.log.info({ runId: run.id, by: caller.subject }, 'a look of the probe was asked for')
  return looked(parts, asked, waitMs)
}

/** Woken by every write to the run, and from time to time. */
async function looked({ store, hub }: Parts, asked: Run, waitMs: number): Promise<Run> {
  const until = performance.now() + waitMs
  for (let at = asked; ; ) {
    const left = until - performance.now()
    if (at.lookFor === undefined || left <= 0) return at
    await new Promise<void>(resolve => {
      const off = hub.on(asked.id, event => event.type === 'status' && event.revision > at.revision && done())
      const timer = setTimeout(() => done(), Math.min(lookPollMs, left))
      const done = () => {
        off()
        clearTimeout(timer)
        resolve()
      }
    })
    at = (await store.getRun(asked.id)) ?? at
  }
}

/** A new run linked to the old one; asked for twice, it is the same new run. */
export async function retry(parts: Parts, caller: Caller, run: Run): Promise<Run> {
  const doable = (run.status === 'failed' || run.status === 'cancelled') && run.effect === 'none' && !run.expired
  if (!doable)
    throw new RetrofitError('not_retryable', {
      detail: `Its status is ${run.status}, its effect ${run.effect}.`,
      effect: run.effect,
      runId: run.id
    })
  const found = parts.catalog.action(run.action, caller.tenant)
  const before = await parts.catalog.actionOf(run)
  if (found === undefined || before === undefined)
    throw new RetrofitError('action_not_found', { detail: `There is no action ${run.action} any more.` })
  const input = withDefaults(found.action.input, parts.sealer.open(before.input, run.input)) as JsonObject
  const errors = found.action.checkInput(input)
  if (errors.length > 0) throw new RetrofitError('invalid_input', { detail: `The input does not fit ${run.action} any more.`, errors })
  const key = { key: sha256(canonicalJson(['retry', run.id])), fingerprint: run.id }
  const { session, sessionValues } = run
  const { run: again } = await accept(parts, { caller, ...found, input, keys: [key], again: run, session, sessionValues })
  parts.telemetry.log.info({ runId: run.id, by: caller.subject, retriedBy: again.id }, 'retried by a person')
  return again
}
