/** The life of a run as pure functions: the only place that builds the next Run. */
import { armed, buried, type Callback } from './callback.ts'
import { errorKinds } from './errors.ts'
import { withoutLoss } from './lost-worker.ts'
import type { PartialList } from './partial-list.ts'
import type { ProbeSight } from './probe-sight.ts'
import type { RunEvent } from './run-event.ts'
import type { ArtifactRef, Json, Run, RunError, RunStatus, StepRecord, Transition } from './types.ts'
import { withoutUndefined } from './without-undefined.ts'

/** How long the sweep leaves a new run alone before it publishes it again, and how long between later publishes. */
export const publishGraceMs = 5_000
export const republishMs = 30_000
/** Tombstones live this long after the run's own ttl. */
export const tombstoneMs = 400 * 24 * 3_600_000
const historyLength = 50
const stepsLength = 100
const artifactsLength = 50
const reasonChars = 300
/** A larger row is looked up by those who want it. */
const eventBytes = 16_384

const endedStatuses: ReadonlySet<RunStatus> = new Set(['completed', 'failed', 'cancelled', 'outcome_unknown'])

/** Ended for the caller: an answer exists. `outcome_unknown` may still be settled by a later probe or a person. */
export const hasEnded = (run: Pick<Run, 'status'>): boolean => endedStatuses.has(run.status)

/** What watchers hear of a write. `bytes` is the size of the row. */
export function statusEvent(run: Run, bytes: number): RunEvent & { type: 'status' } {
  const { id, revision, status, effect } = run
  const event = { type: 'status', runId: id, revision, status, effect } as const
  return hasEnded(run) && bytes <= eventBytes ? { ...event, run } : event
}

/** Final: nothing but its expiry changes it any more. */
export const isFinal = (run: Run): boolean => hasEnded(run) && run.status !== 'outcome_unknown'

type Changes = { -readonly [K in keyof Run]?: Run[K] | undefined }

/** Applies changes (undefined removes a key), counts the revision, notes the transition when the status, the effect or the attempt changes. */
function next(run: Run, now: number, changes: Changes, note?: string): Run {
  const ends = changes.status !== undefined && changes.status !== run.status && endedStatuses.has(changes.status)
  const callbacks = ends ? armed(run.callbacks, now) : (changes.callbacks ?? run.callbacks)
  const clean = withoutUndefined({ ...run, ...changes, callbacks, revision: run.revision + 1, updatedAt: now }) as Run
  const moved = clean.status !== run.status || clean.effect !== run.effect || clean.attempt !== run.attempt || note !== undefined
  if (!moved) return clean
  const reason = changes.status === 'failed' ? undefined : changes.error?.detail.slice(0, reasonChars)
  const transition: Transition = {
    at: now,
    status: clean.status,
    effect: clean.effect,
    attempt: clean.attempt,
    ...(note === undefined ? {} : { note }),
    ...(reason === undefined ? {} : { reason })
  }
  return { ...clean, history: [...run.history, transition].slice(-historyLength) }
}

export interface Lease {
  readonly worker: string
  readonly now: number
  readonly leaseMs: number
}

const leaseOf = ({ worker, now, leaseMs }: Lease) => ({ lease: { worker, until: now + leaseMs }, dueAt: now + leaseMs })

/** queued → working, by one worker. */
export const claim = (run: Run, by: Lease): Run =>
  next(run, by.now, { status: 'working', attempt: run.attempt + 1, error: undefined, steps: [], ...leaseOf(by) })

/** A worker takes a run whose effect is unknown, to ask the probe; the status stays. */
export const claimProbe = (run: Run, by: Lease): Run =>
  next(run, by.now, { probes: run.probes + (run.lookFor === undefined ? 1 : 0), ...leaseOf(by) })

/** Somebody asks for a look; of a run whose effect is known the look changes nothing. */
export function wantLook(run: Run, { now, by }: { readonly now: number; readonly by: string }): Run {
  const due = run.status === 'outcome_unknown' && run.lease === undefined ? { notBefore: now, dueAt: now } : {}
  return next(run, now, { ...due, lookFor: { at: now, by } }, `a look was asked for by ${by}`)
}

/** To be followed by where the run goes from here. */
export const withSight = (run: Run, probed: ProbeSight): Run => withoutUndefined({ ...run, probed, lookFor: undefined }) as Run

/** Notes what a probe saw of a run whose effect is known. */
export const noteSight = (run: Run, probed: ProbeSight, now: number): Run =>
  next(run, now, { probed, lookFor: undefined }, probed.agrees === false ? 'the probe disagrees' : undefined)

/** Its worker was counted as lost, and is there. Undefined where there is nothing to take back, or it is too late. */
export function cameBack(run: Run, worker: string, now: number): Run | undefined {
  const counted = isFinal(run) ? undefined : withoutLoss(run, worker)
  return counted && next(run, now, counted, 'a worker that was late came back')
}

export const renew = (run: Run, by: Lease): Run => next(run, by.now, leaseOf(by))

/**
 * The fence. Succeeds once in a run's life; again only when evidence cleared it (nothing had left for the target),
 * or when the manifest says why a second crossing is harmless (`again`). Renews the lease with it.
 */
export function crossCommit(run: Run, by: Lease & { readonly again: boolean; readonly sent?: ArtifactRef | undefined }): Run {
  if (run.effect !== 'none' && !by.again) throw new Error(`run ${run.id} has crossed its commit point before`)
  return next(
    run,
    by.now,
    { effect: 'unknown', committedAt: run.committedAt ?? by.now, artifacts: withArtifact(run, by.sent), ...leaseOf(by) },
    'commit point'
  )
}

/** Evidence that nothing left for the target: the commit point was not crossed after all. */
export const clearCommit = (run: Run, now: number): Run => next(run, now, { effect: 'none', committedAt: undefined }, 'nothing was sent')

export interface Outcome {
  readonly now: number
  readonly steps?: readonly StepRecord[]
}

const ending = (run: Run, { now, steps }: Outcome): Changes => ({
  lease: undefined,
  endedAt: run.endedAt ?? now,
  notBefore: now,
  dueAt: now + run.ttlMs,
  ...(steps === undefined ? {} : { steps: steps.slice(-stepsLength) })
})

export const complete = (
  run: Run,
  output: Json,
  outcome: Outcome & { readonly note?: string | undefined; readonly partial?: readonly PartialList[] | undefined }
): Run =>
  next(
    run,
    outcome.now,
    {
      ...ending(run, outcome),
      status: 'completed',
      output,
      partial: outcome.partial?.length === 0 ? undefined : outcome.partial,
      error: undefined,
      effect: run.effect === 'none' ? 'none' : 'committed'
    },
    outcome.note
  )

/** Failed and nothing was done: the effect is none. */
export const fail = (run: Run, error: RunError, outcome: Outcome): Run =>
  next(run, outcome.now, { ...ending(run, outcome), status: 'failed', effect: 'none', error })

/** Failed although the effect is there, e.g. an answer that does not fit the output schema after a commit that the target confirmed. */
export const failCommitted = (run: Run, error: RunError, outcome: Outcome & { readonly note?: string | undefined }): Run =>
  next(run, outcome.now, { ...ending(run, outcome), status: 'failed', effect: 'committed', error }, outcome.note)

export const cancel = (run: Run, now: number, note: string): Run =>
  next(run, now, { ...ending(run, { now }), status: 'cancelled', effect: 'none', error: undefined }, note)

/** Asks the worker that has the run to stop before the commit point. */
export const requestCancel = (run: Run, now: number): Run => next(run, now, { cancelRequested: true }, 'cancel requested')

/** Back to the queue, before the commit point (or where a second crossing is harmless). */
export const requeue = (
  run: Run,
  outcome: Outcome & { readonly notBefore: number; readonly error?: RunError; readonly note: string }
): Run =>
  next(
    run,
    outcome.now,
    {
      status: 'queued',
      lease: undefined,
      notBefore: outcome.notBefore,
      dueAt: outcome.notBefore,
      error: outcome.error,
      ...(outcome.steps === undefined ? {} : { steps: outcome.steps.slice(-stepsLength) })
    },
    outcome.note
  )

/** After the commit point without an answer: nobody holds it until the settle time is over, then the probe is asked. */
export const settle = (
  run: Run,
  error: RunError,
  outcome: Outcome & { readonly until: number; readonly maySendUntil?: number | undefined }
): Run =>
  next(
    run,
    outcome.now,
    {
      lease: undefined,
      error,
      notBefore: outcome.until,
      dueAt: outcome.until,
      maySendUntil: outcome.maySendUntil,
      ...(outcome.steps === undefined ? {} : { steps: outcome.steps.slice(-stepsLength) })
    },
    'waits for the probe'
  )

/** outcome_unknown: `probeAt` is when a later probe looks again, undefined when none will. */
export const park = (
  run: Run,
  error: RunError,
  outcome: Outcome & { readonly probeAt: number | undefined; readonly maySendUntil?: number | undefined }
): Run =>
  next(
    run,
    outcome.now,
    {
      ...ending(run, outcome),
      status: 'outcome_unknown',
      effect: 'unknown',
      error,
      notBefore: outcome.probeAt ?? outcome.now,
      dueAt: outcome.probeAt ?? null,
      maySendUntil: outcome.maySendUntil ?? run.maySendUntil
    },
    'parked'
  )

/** What was unknown is known: it was not done, and can be. */
function notDone(before: RunError | undefined): RunError {
  const { status, title, hint } = errorKinds.target_failed
  const detail = `A person looked at the target: it was not done. Before: ${before?.detail ?? 'nobody could tell'}`.slice(0, 500)
  return { code: 'target_failed', status, title, detail, retryable: true, hint, targetSaid: before?.targetSaid }
}

/** A person says what happened. */
export function resolve(
  run: Run,
  decision: { readonly outcome: 'completed' | 'not_done'; readonly output?: Json },
  by: { readonly subject: string; readonly now: number }
): Run {
  const note = `resolved as ${decision.outcome}`
  const common = { ...ending(run, { now: by.now }), resolvedBy: by.subject, dueAt: by.now + run.ttlMs }
  if (decision.outcome === 'completed') {
    return next(
      run,
      by.now,
      { ...common, status: 'completed', effect: 'committed', output: decision.output ?? null, error: undefined },
      note
    )
  }
  return next(run, by.now, { ...common, status: 'failed', effect: 'none', error: notDone(run.error) }, note)
}

/** Notes that the sweep published the run again, and when it looks next. */
export function touch(run: Run, now: number): Run {
  const again = now + republishMs
  return next(run, now, { dueAt: run.status === 'queued' && run.startBy > now ? Math.min(again, run.startBy) : again })
}

export const attach = (run: Run, artifact: ArtifactRef, now: number): Run => next(run, now, { artifacts: withArtifact(run, artifact) })

const withArtifact = ({ artifacts }: Run, added: ArtifactRef | undefined): readonly ArtifactRef[] =>
  added === undefined ? artifacts : [...artifacts.filter(({ name }) => name !== added.name), added].slice(-artifactsLength)

export const linkRetry = (run: Run, retriedBy: string, now: number): Run => next(run, now, { retriedBy }, `retried by ${retriedBy}`)

/** Nothing was done, and another try can help: the next call with its key is a new run. */
export const freesKey = ({ status, effect, error, retriedBy }: Run): boolean =>
  status === 'failed' && effect === 'none' && error?.retryable === true && retriedBy === undefined

/** A finished run whose ttl is over: input, output and files go, the outcome stays for late retries. */
export const bury = (run: Run, now: number): Run =>
  next(run, now, {
    input: null,
    sessionValues: undefined,
    output: undefined,
    partial: undefined,
    steps: [],
    artifacts: [],
    callbacks: buried(run.callbacks),
    expired: true,
    dueAt: now + tombstoneMs
  })

/** What became of its callbacks. `keptUntil`: its record is not to expire before. */
export const withCallbacks = (
  run: Run,
  callbacks: readonly Callback[],
  { now, keptUntil = 0 }: { readonly now: number; readonly keptUntil?: number | undefined }
): Run => next(run, now, { callbacks, dueAt: isFinal(run) && run.dueAt !== null ? Math.max(run.dueAt, keptUntil) : run.dueAt })

export type Turn = 'attempt' | 'probe' | 'wait' | 'none'

/** What a worker that got hold of the run's name may do with it now. */
export function turnOf(run: Run, now: number): Turn {
  if (isFinal(run) || run.status === 'input_required') return 'none'
  if (run.lease !== undefined && run.lease.until > now) return 'none'
  if (run.notBefore > now) return 'wait'
  if (run.effect === 'unknown') return run.status === 'queued' ? 'attempt' : run.dueAt === null ? 'none' : 'probe'
  return run.status === 'queued' ? 'attempt' : 'none'
}
