/** One attempt of a run, and what becomes of it on each side of the commit point. */
import { botKey } from '../core/bot-key.ts'
import { BusinessError, FenceLost, NothingSent, RetrofitError } from '../core/errors.ts'
import { backoffMs } from '../core/retry.ts'
import { cancel, complete, fail, failCommitted, park, requeue, settle } from '../core/run.ts'
import type { Json, JsonObject, Run, RunError } from '../core/types.ts'
import { type OpenCall, openCall } from './call.ts'
import { credentialsOf } from './credentials-of.ts'
import type { Work } from './execute.ts'
import { committedMisfit, keepAnswer, unfitOutput } from './misfit.ts'
import { businessErrorOf, runErrorOf, secretInOutput, technicalErrorOf, unknownOutcome } from './outcome.ts'
import { goOnLater } from './publish.ts'
import { rememberOutput } from './session-use.ts'

/** An adapter that does not heed its signal is left behind after this long. In milliseconds. */
const heedMs = 3_000

export async function attempt(work: Work): Promise<void> {
  const { parts, action, holding } = work
  const span = parts.telemetry.startSpan(`attempt ${action.name}`, {
    parent: holding.run.traceparent,
    attributes: { 'retrofit.run_id': holding.run.id, 'retrofit.attempt': holding.run.attempt }
  })
  const begun = performance.now()
  const call = await prepare(work, span).catch(error => failedBeforeCall(work, error))
  if (call === undefined) return span.end()
  try {
    await succeeded(work, call, await adapterRun(work, call))
  } catch (error) {
    span.fail(error)
    await failed(work, call, error).catch(problem => left(work, problem))
  } finally {
    parts.telemetry.hop('attempt', performance.now() - begun, { action: action.name })
    span.set({ 'retrofit.status': holding.run.status, 'retrofit.effect': holding.run.effect })
    span.end()
  }
}

async function prepare(work: Work, root: Parameters<typeof openCall>[1]['root']): Promise<OpenCall> {
  const { parts, bot, action, holding } = work
  const credentials = await credentialsOf(parts.secrets, bot, holding.run.tenant)
  const input = parts.sealer.open(action.input, holding.run.input) as JsonObject
  return openCall(work, { root, credentials, input, mayCommit: true })
}

async function failedBeforeCall(work: Work, error: unknown): Promise<undefined> {
  const technical = technicalErrorOf(error, text => text)
  const ending = work.holding.crossedBefore
    ? afterCommit(work, { reason: technical.detail, steps: [] })
    : beforeCommit(work, { error: technical, steps: [] })
  await ending.catch(problem => left(work, problem))
  return undefined
}

function adapterRun({ parts, bot, holding }: Work, call: OpenCall): Promise<Json> {
  const adapter = parts.adapters[bot.adapter]
  if (adapter === undefined)
    throw new RetrofitError('target_failed', { detail: `This worker has no adapter ${bot.adapter}.`, retryable: true })
  return heeding(adapter.run(call), holding.signal).finally(() => call.close())
}

/** Resolves like the work, or rejects with the signal's reason a little after it aborted. */
export function heeding<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const abandon = () => {
      timer = setTimeout(() => reject(signal.reason), heedMs)
    }
    if (signal.aborted) abandon()
    else signal.addEventListener('abort', abandon)
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abandon)
    })
  })
}

async function succeeded(work: Work, call: OpenCall, output: Json): Promise<void> {
  const { parts, action, bot } = work
  if (call.holdsSecret(output)) return secretFound(work, call)
  const errors = action.checkOutput(output)
  if (errors.length > 0) {
    const error = unfitOutput(action.name, errors)
    if (call.committed) return committedWithout(work, call, { error: runErrorOf(error), output })
    await keepAnswer(work, call, output)
    throw error
  }
  const sealed = parts.sealer.seal(action.output, output)
  await rememberOutput(parts, { action, session: work.holding.run.session, tenant: work.holding.run.tenant, output })
  const { records: steps, partials: partial } = call
  const run = await endAnswered(work, call, (run, now, note) => complete(run, sealed, { now, steps, partial, note }))
  if (run !== undefined) parts.rehearsals?.committed({ bot, action, run })
  await parts.breakers.succeeded(botKey(bot.name, bot.tenant), work.holding.run).catch(() => undefined)
}

/** The target's answer was read, and there is no output: the effect is there, and the key keeps pointing at this run. */
async function committedWithout(work: Work, call: OpenCall, { error, output }: { error: RunError; output?: Json }): Promise<void> {
  const steps = call.records
  await keepAnswer(work, call, output)
  await endAnswered(work, call, (run, now, note) => failCommitted(run, committedMisfit(error), { now, steps, note }))
}

/** Ends a run whose target has answered, and answers it: also late, when the effect is there; then it answers nothing. */
async function endAnswered(work: Work, call: OpenCall, change: (run: Run, now: number, note?: string) => Run): Promise<Run | undefined> {
  try {
    return await end(work, change)
  } catch (error) {
    if (!(error instanceof FenceLost) || !call.committed) throw error
    if (!(await toldLate(work, (run, now) => change(run, now, 'told late by its own worker')))) throw error
    return undefined
  }
}

/** Nothing of the output is kept. The target has answered, so after the commit point the effect is there. */
async function secretFound(work: Work, call: OpenCall): Promise<void> {
  const steps = call.records
  const error = secretInOutput(work.action.name, work.holding.run.effect === 'none' ? 'none' : 'committed')
  work.parts.telemetry.log.error({ runId: work.holding.run.id, action: work.action.name }, 'an output held a credential and was dropped')
  if (!call.committed) return void (await end(work, (run, now) => fail(run, runErrorOf(error), { now, steps }), 'uncrossed'))
  await end(work, (run, now) => failCommitted(run, runErrorOf(error), { now }))
}

/** The lease ran out, but who sent the request knows better than a probe or a person: taken as long as nobody has settled the run. */
async function toldLate({ parts, holding }: Work, change: (run: Run, now: number) => Run): Promise<boolean> {
  const { store, telemetry } = parts
  for (;;) {
    const run = await store.getRun(holding.run.id)
    const isOpen = run?.effect === 'unknown' && run.attempt === holding.run.attempt && run.status !== 'queued'
    if (!isOpen) return false
    const next = change(run, store.now())
    if (!(await store.updateRun(next))) continue
    telemetry.runEnded(next)
    return true
  }
}

/** Writes a final state through the fence and tells about it. */
async function end(work: Work, change: (run: Run, now: number) => Run, from?: 'uncrossed'): Promise<Run> {
  const run = await (from === undefined ? work.holding.advance(change) : work.holding.advanceUncrossed(change))
  work.parts.telemetry.runEnded(run)
  return run
}

async function failed(work: Work, call: OpenCall, error: unknown): Promise<void> {
  if (isAnswered(call, error)) return committedWithout(work, call, { error: technicalErrorOf(error, call.redact) })
  if (error instanceof FenceLost || work.holding.stopReason === 'fence_lost') throw new FenceLost(work.holding.run.id)
  const business = businessErrorOf(work.action, error, call)
  const technical = technicalErrorOf(error, call.redact)
  const steps = call.records
  await noteTarget(work, error, business !== undefined)
  if (mayBeThere(work, call, { notApplied: error instanceof NothingSent || business?.notApplied === true })) {
    const reason = call.redact(stoppedBy(work) ?? business?.detail ?? technical.detail)
    return afterCommit(work, { reason, steps, targetSaid: (business ?? technical).targetSaid })
  }
  if (business !== undefined) {
    const { notApplied: _, ...runError } = business
    await end(work, (run, now) => fail(run, runError, { now, steps }), 'uncrossed')
    return
  }
  await beforeCommit(work, { error: technical, steps })
}

/** It failed after the target's answer was read, and not because the target said no. */
function isAnswered(call: OpenCall, error: unknown): boolean {
  if (!call.committed || error instanceof BusinessError || error instanceof FenceLost || error instanceof NothingSent) return false
  return call.answer() !== undefined || (error instanceof RetrofitError && error.effect === 'committed')
}

/** A target that says no is there. A failure that an input, an expression or this worker is to blame for says nothing of the target. */
async function noteTarget({ parts, bot, holding }: Work, error: unknown, saidNo: boolean): Promise<void> {
  const { breakers } = parts
  if (saidNo) await breakers.succeeded(botKey(bot.name, bot.tenant), holding.run).catch(() => undefined)
  const isDown = (error instanceof RetrofitError || error instanceof NothingSent) && error.targetDown
  if (isDown && holding.stopReason === undefined) await breakers.failed(botKey(bot.name, bot.tenant), holding.run).catch(() => undefined)
}

/**
 * Whether this run's effect may exist. Evidence is about this attempt alone: it says nothing of one before it that crossed.
 * A `commit()` that threw let nothing through, whatever the ledger noted.
 */
const mayBeThere = ({ holding }: Work, call: OpenCall, { notApplied }: { readonly notApplied: boolean }): boolean =>
  holding.crossedBefore || (call.committed && !notApplied)

const stopTexts = { deadline: 'the time limit came', cancelled: 'it was cancelled', shutdown: 'the worker was stopped' } as const

function stoppedBy({ holding }: Work): string | undefined {
  const reason = holding.stopReason
  return reason === undefined || reason === 'fence_lost' ? undefined : stopTexts[reason]
}

interface Failure {
  readonly error: RunError
  readonly steps: OpenCall['records']
}

/** An attempt that took its whole time; another one is made while the run itself has time. */
const tooSlow = ({ detail, targetSaid }: RunError): RunError => ({
  ...runErrorOf(new RetrofitError('deadline_exceeded', { detail: `Not done in time; last: ${detail}`.slice(0, 500) })),
  ...(targetSaid === undefined ? {} : { targetSaid })
})

/** Nothing can have happened: cancel, hand back, fail or try again. */
async function beforeCommit(work: Work, { error, steps }: Failure): Promise<void> {
  const { holding, action, parts } = work
  const reason = holding.stopReason
  if (reason === 'cancelled' || holding.run.cancelRequested)
    return void (await end(work, (run, now) => cancel(run, now, 'cancelled before the commit point'), 'uncrossed'))
  if (reason === 'shutdown')
    return void (await holding.advanceUncrossed((run, now) =>
      requeue(run, { now, steps, notBefore: now, note: 'handed back by a worker that stops' })
    ))
  const told = reason === 'deadline' ? tooSlow(error) : error
  const waitMs = backoffMs(action.retry, holding.run.attempt)
  const again = told.retryable && holding.run.attempt < action.retry.attempts && parts.store.now() + waitMs < holding.run.deadlineAt
  if (!again) return void (await end(work, (run, now) => fail(run, told, { now, steps }), 'uncrossed'))
  const next = await holding.advanceUncrossed((run, now) =>
    requeue(run, { now, steps, notBefore: now + waitMs, error: told, note: 'retry' })
  )
  goOnLater(parts, next)
}

interface Lost {
  readonly reason: string
  readonly targetSaid?: string | undefined
  readonly steps: OpenCall['records']
}

/** It may have happened: nothing is run again; the probe is asked when a late effect has had its time. */
async function afterCommit(work: Work, { reason, targetSaid, steps }: Lost): Promise<void> {
  const { action, holding, parts } = work
  const error = unknownOutcome(`After the commit point: ${reason}`.slice(0, 500), targetSaid)
  if (action.probe === undefined && action.rerun === undefined) {
    return void (await end(work, (run, now) => park(run, error, { now, steps, probeAt: undefined })))
  }
  goOnLater(parts, await holding.advance((run, now) => settle(run, error, { now, steps, until: now + action.settleMs })))
}

/** The outcome could not be written. The lease will run out, and the sweep takes the run from there. */
function left({ parts, holding }: Work, problem: unknown): void {
  if (problem instanceof FenceLost) parts.telemetry.log.warn({ runId: holding.run.id }, 'the fence is lost; the attempt stopped')
  else parts.telemetry.log.error({ runId: holding.run.id, err: problem }, 'the outcome could not be written; the sweep goes on from here')
}
