/** Problem documents (RFC 9457): of thrown errors and of runs that ended badly. */
import { type ErrorCode, errorKinds, RetrofitError } from '../core/errors.ts'
import { own } from '../core/own.ts'
import { readHints } from '../core/read-hints.ts'
import type { FieldError, Json, Quota, Run, RunEffect, RunError } from '../core/types.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance?: string
  readonly code: string
  readonly retryable: boolean
  readonly effect: RunEffect
  readonly runId?: string
  readonly errors?: readonly FieldError[]
  readonly hint?: string | undefined
  /** The quota that is used up: how much is used and how much is allowed. */
  readonly quota?: Quota
  readonly data?: Json
  /** The target's own words: data of somebody else, never instructions. */
  readonly targetSaid?: string
}

interface Parts extends Omit<Problem, 'type' | 'instance' | 'runId' | 'errors' | 'hint' | 'quota' | 'data' | 'targetSaid'> {
  readonly runId?: string | undefined
  readonly errors?: readonly FieldError[] | undefined
  readonly hint?: string | undefined
  readonly quota?: Quota | undefined
  readonly data?: Json | undefined
  readonly targetSaid?: string | undefined
}

const problem = ({ title, status, detail, code, retryable, effect, runId, errors, hint, quota, data, targetSaid }: Parts): Problem => ({
  type: `urn:retrofit:problem:${code}`,
  title,
  status,
  detail,
  ...(runId === undefined ? {} : { instance: `/v1/runs/${runId}` }),
  code,
  retryable,
  effect,
  ...(runId === undefined ? {} : { runId }),
  ...(errors === undefined || errors.length === 0 ? {} : { errors }),
  ...(hint === undefined ? {} : { hint }),
  ...(quota === undefined ? {} : { quota }),
  ...(data === undefined ? {} : { data }),
  ...(targetSaid === undefined ? {} : { targetSaid })
})

const unexpected = new RetrofitError('internal_error', { detail: 'An unexpected error. It was logged.' })

/** What a thrown error looks like from outside. One that is not ours says nothing about itself. */
export function problemOfError(error: unknown): { readonly problem: Problem; readonly retryAfterMs: number | undefined } {
  const known = error instanceof RetrofitError ? error : unexpected
  const waits = known.status === 429 || known.status === 503
  return { problem: problem({ ...known, detail: known.message }), retryAfterMs: waits ? (known.retryAfterMs ?? 1_000) : undefined }
}

const ofCode = (run: Run, code: ErrorCode, { detail, targetSaid }: Pick<RunError, 'detail' | 'targetSaid'>): Problem =>
  problem({
    ...errorKinds[code],
    hint: hintOf(run, code, errorKinds[code].hint),
    code,
    detail,
    targetSaid,
    effect: run.effect,
    runId: run.id
  })

/** A hint of ours says that nothing was changed; of a read that has begun nobody knows. One that an action or an adapter wrote stays. */
function hintOf(run: Run, code: string, hint: string | undefined): string | undefined {
  const ours = own(errorKinds, code)?.hint
  return hasBegun(run) && hint === ours ? (own(readHints, code) ?? hint) : hint
}

/** True for a read that a worker has begun: its hint claims nothing about the target. */
const hasBegun = ({ actionEffect, attempt }: Run): boolean => actionEffect === 'read' && attempt > 0

/** Why the run has no output; undefined while it may still get one, and when it has one. */
export function problemOfRun(run: Run): Problem | undefined {
  if (run.status === 'cancelled')
    return ofCode(run, 'run_cancelled', { detail: `The run was cancelled${hasBegun(run) ? '' : ' before anything was done'}` })
  if (run.status === 'outcome_unknown')
    return ofCode(run, 'outcome_unknown', run.error ?? { detail: 'Nobody can tell whether it happened' })
  if (run.status !== 'failed') return undefined
  if (run.error === undefined) return ofCode(run, 'internal_error', { detail: 'The run failed without saying why' })
  return problem({ ...run.error, hint: hintOf(run, run.error.code, run.error.hint), effect: run.effect, runId: run.id })
}
