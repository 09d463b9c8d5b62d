/** The safety net: runs that were never published, whose worker is silent, whose settle time or whose record's time is over. */
import { keyOfRun } from '../core/bot-key.ts'
import { callbackDueAt } from '../core/callback.ts'
import { RetrofitError } from '../core/errors.ts'
import { isPoison, workerLost } from '../core/lost-worker.ts'
import { bury, cancel, fail, hasEnded, park, requeue, settle, touch, withCallbacks } from '../core/run.ts'
import type { Action, Run } from '../core/types.ts'
import { backlogOf } from './backlog.ts'
import { isHeldHere } from './held-here.ts'
import { isInWindow, moveUp } from './line.ts'
import { runErrorOf, unknownOutcome } from './outcome.ts'
import type { Parts } from './parts.ts'
import { publish, publishAgain } from './publish.ts'

const batch = 500

/** Looks at every run that is due. Any number of processes may sweep at once: each write is fenced. */
export async function sweep(parts: Parts): Promise<number> {
  const due = await parts.store.dueRuns(parts.store.now(), batch)
  await Promise.all(
    due.map(run =>
      sweepOne(parts, run).catch(error => parts.telemetry.log.warn({ runId: run.id, err: error }, 'the sweep could not settle a run'))
    )
  )
  return due.length
}

async function sweepOne(parts: Parts, run: Run): Promise<void> {
  // Another sweep may have been quicker between the index and the row.
  if (run.dueAt === null || run.dueAt > parts.store.now()) return
  if (hasEnded(run) && run.status !== 'outcome_unknown') return expire(parts, run)
  if (run.lease !== undefined) return abandoned(parts, run)
  const now = parts.store.now()
  const limit = run.attempt === 0 ? run.startBy : run.deadlineAt
  if (run.status === 'queued' && run.effect === 'none' && limit <= now) return ended(parts, fail(run, waitedTooLong(), { now }))
  const touched = await parts.store.updateRun(touch(run, now))
  // The process that accepted it tells the queue of it when that is back; should that process be gone, the next look does.
  if (!touched) return
  if (run.attempt > 0) publishAgain(parts, run)
  else if (!backlogOf(parts, keyOfRun(run)).isWaiting && (await isInWindow(parts, run))) publish(parts, run)
}

const waitedTooLong = () => runErrorOf(new RetrofitError('deadline_exceeded', { detail: 'It waited in the queue longer than it may.' }))

async function ended(parts: Parts, run: Run): Promise<void> {
  if (!(await parts.store.updateRun(run))) return
  parts.telemetry.runEnded(run)
  if (run.attempt === 0) moveUp(parts, run)
}

/** The lease ran out: its worker is dead, paused or cut off. */
async function abandoned(parts: Parts, found: Run): Promise<void> {
  const now = parts.store.now()
  const run = workerLost(found)
  // The last one has twice the time: a machine that is too busy makes workers late, and those of it all at once.
  const patienceMs = isPoison(run) ? parts.settings.leaseMs : 0
  if ((found.lease?.until ?? 0) + patienceMs > now || isHeldHere(parts.store, found)) return
  const action = await parts.catalog.actionOf(run)
  if (run.effect !== 'none') return afterCommit(parts, { run, action, now })
  if (run.cancelRequested) return ended(parts, cancel(run, now, 'cancelled; its worker had gone'))
  const error = runErrorOf(
    new RetrofitError('target_failed', { detail: 'The worker was lost before the commit point, more often than the retry policy allows.' })
  )
  if (isPoison(run)) return ended(parts, fail(run, lostTwice(), { now }))
  if (run.deadlineAt <= now)
    return ended(parts, fail(run, { ...waitedTooLong(), detail: 'The worker was lost, and the time is over.' }, { now }))
  if (run.attempt >= (action?.retry.attempts ?? 1)) return ended(parts, fail(run, error, { now }))
  const next = requeue(run, { now, notBefore: now, note: 'its worker was lost' })
  if (await parts.store.updateRun(next)) publishAgain(parts, next)
}

const lostTwice = () =>
  runErrorOf(
    new RetrofitError('worker_lost', {
      detail: 'Two workers were lost before the commit point of this run; it may be what they died of, so that nobody takes it up again.'
    })
  )

async function afterCommit(parts: Parts, { run, action, now }: { run: Run; action: Action | undefined; now: number }): Promise<void> {
  if (isPoison(run)) return lostTwiceAfterCommit(parts, { run, action, now })
  const error = run.error ?? unknownOutcome('The worker was lost after the commit point')
  if (run.status === 'outcome_unknown') return void (await parts.store.updateRun(park(run, error, { now, probeAt: now })))
  const maySendUntil = sendsUntil(run, action, now)
  if (action?.probe === undefined && action?.rerun === undefined)
    return ended(parts, park(run, error, { now, probeAt: undefined, maySendUntil }))
  await parts.store.updateRun(settle(run, error, { now, until: now + action.settleMs, maySendUntil }))
}

/** No probe looks again: it may be the probe that workers die of. A person does. */
async function lostTwiceAfterCommit(parts: Parts, { run, action, now }: { run: Run; action: Action | undefined; now: number }) {
  const error = unknownOutcome(
    'Two workers were lost, at least one of them after the commit point; it may be what they died of, so that nobody takes it up again'
  )
  const parked = park(run, error, { now, probeAt: undefined, maySendUntil: sendsUntil(run, action, now) })
  if (run.status !== 'outcome_unknown') return ended(parts, parked)
  await parts.store.updateRun(parked)
}

/** A worker that is paused and not dead goes on where it was; its own time limit stops it at the latest. A late effect has its settle time too. */
const sendsUntil = (run: Run, action: Action | undefined, now: number): number =>
  Math.min(run.deadlineAt, (run.committedAt ?? now) + (action?.timeouts.runMs ?? 0)) + (action?.settleMs ?? 0)

/** A message that is still to be sent tells the output. */
const keptForCallbackMs = 3_600_000

/** A finished run leaves a tombstone; a tombstone whose time is over leaves nothing. */
async function expire({ store }: Parts, run: Run): Promise<void> {
  if (run.expired) return store.deleteRun(run.id)
  const now = store.now()
  if (callbackDueAt(run) !== undefined)
    return void (await store.updateRun(withCallbacks(run, run.callbacks ?? [], { now, keptUntil: now + keptForCallbackMs })))
  if (await store.updateRun(bury(run, store.now()))) await store.artifacts.deleteAll(run.id)
}

/** Sweeps for as long as the process lives, each time a little earlier or later than the others do. */
export function startSweeping(parts: Parts): () => Promise<void> {
  let stopped = false
  let wake = () => {}
  const loop = (async () => {
    while (!stopped) {
      const found = await tick(parts)
      if (found === batch) continue
      const pauseMs = parts.settings.sweepMs * (0.75 + Math.random() / 2)
      await new Promise<void>(resolve => {
        wake = resolve
        setTimeout(resolve, pauseMs).unref()
      })
    }
  })()
  return async () => {
    stopped = true
    wake()
    await loop
  }
}

async function tick(parts: Parts): Promise<number> {
  try {
    await parts.breakers.refresh()
    return await sweep(parts)
  } catch (error) {
    parts.telemetry.log.warn({ err: error }, 'the sweep failed; it tries again')
    return 0
  }
}
