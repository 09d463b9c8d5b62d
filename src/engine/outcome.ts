/** From what an adapter threw to what the ledger keeps. */
import { BusinessError, errorKinds, RetrofitError } from '../core/errors.ts'
import type { Action, RunError } from '../core/types.ts'

export const runErrorOf = (error: RetrofitError): RunError => ({
  code: error.code,
  status: error.status,
  title: error.title,
  detail: error.message,
  retryable: error.retryable,
  hint: error.hint,
  ...(error.errors.length === 0 ? {} : { errors: error.errors })
})

/** A declared error of the action, or undefined when the code is not declared. */
export function businessErrorOf(action: Action, error: unknown): (RunError & { readonly notApplied: boolean }) | undefined {
  if (!(error instanceof BusinessError)) return undefined
  const declared = action.errors[error.code]
  if (declared === undefined) return undefined
  return {
    code: error.code,
    status: declared.status,
    title: declared.title,
    detail: error.message,
    retryable: false,
    hint: declared.hint ?? 'The target said no for a reason of its own; change the input or ask the user. Do not retry as it is.',
    notApplied: declared.notApplied
  }
}

/** Any other failure is technical. The detail of a foreign error is its first line, redacted and cut. */
export function technicalErrorOf(error: unknown, redact: (text: string) => string): RunError {
  if (error instanceof RetrofitError) return { ...runErrorOf(error), detail: redact(error.message) }
  const text = Error.isError(error) ? error.message : String(error)
  const detail = redact(text.split('\n', 1)[0] ?? '').slice(0, 500)
  const { status, title, retryable, hint } = errorKinds.target_failed
  return { code: 'target_failed', status, title, detail, retryable, hint }
}

/** What is known when nobody can tell. `reason` says what happened after the commit point. */
export function unknownOutcome(reason: string): RunError {
  const { status, title, retryable, hint } = errorKinds.outcome_unknown
  return { code: 'outcome_unknown', status, title, detail: reason, retryable, hint }
}
