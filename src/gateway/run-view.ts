/** A run as the JSON that callers see. */

import { callbackIdOf } from '../core/callback.ts'
import { traceIdOf } from '../core/trace-context.ts'
import type { Json, Run } from '../core/types.ts'
import { type Problem, problemOfRun } from './problem.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

/** Leaves out what is undefined. */
const present = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>

export function summaryOf(run: Run): object {
  return present({
    runId: run.id,
    action: run.action,
    bot: run.bot,
    status: run.status,
    effect: run.effect,
    attempt: run.attempt,
    createdAt: iso(run.createdAt),
    updatedAt: iso(run.updatedAt),
    endedAt: run.endedAt === undefined ? undefined : iso(run.endedAt),
    errorCode: problemOfRun(run)?.code,
    retryOf: run.retryOf,
    retriedBy: run.retriedBy
  })
}

export const artifactHref = ({ id }: Run, name: string): string => `/v1/runs/${id}/artifacts/${encodeURIComponent(name)}`

export interface Viewing {
  /** The part of the output that is wanted, as its reader may see it. */
  readonly output: (run: Run) => Json
  readonly error: (problem: Problem) => object
}

const asItIs: Viewing = { output: ({ output = null }) => output, error: problem => problem }

export function runView(run: Run, viewing: Viewing = asItIs): object {
  const error = problemOfRun(run)
  const { errorCode: _, ...summary } = summaryOf(run) as { errorCode?: string }
  return {
    ...summary,
    revision: run.revision,
    botDigest: run.botDigest,
    reference: run.reference,
    startedBy: { subject: run.subject, clientId: run.clientId },
    input: run.input,
    ...present({
      sessionId: run.session,
      output: run.output === undefined ? undefined : viewing.output(run),
      partial: run.partial,
      error: error === undefined ? undefined : viewing.error(error),
      cancelRequested: run.cancelRequested,
      priority: run.priority,
      resolvedBy: run.resolvedBy,
      probe: run.probed === undefined ? undefined : present({ ...run.probed, at: iso(run.probed.at) }),
      lookFor: run.lookFor === undefined ? undefined : { ...run.lookFor, at: iso(run.lookFor.at) },
      expired: run.expired,
      callbacks: run.callbacks?.map(({ number, address, state }) => ({ callbackId: callbackIdOf(run.id, number), address, state }))
    }),
    deadlineAt: iso(run.deadlineAt),
    steps: run.steps.map(stepView),
    artifacts: run.artifacts.map(artifact => ({ ...artifact, href: artifactHref(run, artifact.name) })),
    history: run.history.map(({ at, ...rest }) => ({ at: iso(at), ...rest })),
    traceId: traceIdOf(run.traceparent)
  }
}

export const stepView = ({ startedAt, ...rest }: Run['steps'][number]): object => ({ ...rest, startedAt: iso(startedAt) })

/** How soon it is worth to look again: about as long as the run has been there. */
export const pollAfterMs = (run: Run, now = Date.now()): number => Math.min(10_000, Math.max(500, Math.round((now - run.createdAt) / 2)))

export interface PendingView {
  readonly runId: string
  readonly status: Run['status']
  readonly pollAfterMs: number
  /** The request to send next. */
  readonly next: string
}

/** `query`: the shape in which the output is wanted. */
export const pendingView = (run: Run, query = ''): PendingView => ({
  runId: run.id,
  status: run.status,
  pollAfterMs: pollAfterMs(run),
  next: `GET /v1/runs/${run.id}?wait=20${query}`
})
