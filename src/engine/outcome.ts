/** From what an adapter threw to what the ledger keeps. */
import { BusinessError, errorKinds, hintOf, NothingSent, RetrofitError } from '../core/errors.ts'
import { ExpressionError } from '../core/expression.ts'
import { own } from '../core/own.ts'
import type { Action, DeclaredError, Json, JsonObject, RunEffect, RunError } from '../core/types.ts'
import { mask } from '../governance/sealer.ts'

export const runErrorOf = (error: RetrofitError): RunError => ({
  code: error.code,
  status: error.status,
  title: error.title,
  detail: error.message,
  retryable: error.retryable,
  hint: error.hint,
  quota: error.quota,
  ...(error.errors.length === 0 ? {} : { errors: error.errors })
})

/** The output of an action held a credential. */
export const secretInOutput = (action: string, effect: RunEffect): RetrofitError =>
  new RetrofitError('secret_in_output', { detail: `The output of ${action} holds a value of the target's credentials.`, effect })
const mostSaid = 1_000

/** For the run that is kept: without a member where nothing was said. */
function said(
  { targetSaid }: { readonly targetSaid?: string | undefined },
  redact: (text: string) => string
): Pick<RunError, 'targetSaid'> {
  return targetSaid === undefined || targetSaid === '' ? {} : { targetSaid: redact(targetSaid).slice(0, mostSaid) }
}

/** A declared error of the action, or undefined when the code is not declared. */
export function businessErrorOf(
  action: Action,
  error: unknown,
  call: { redact(text: string): string; holdsSecret(value: Json): boolean }
): (RunError & { readonly notApplied: boolean }) | undefined {
  if (!(error instanceof BusinessError)) return undefined
  const declared = own(action.errors, error.code)
  if (declared === undefined) return undefined
  return {
    code: error.code,
    status: declared.status,
    title: declared.title,
    detail: call.redact(error.message),
    ...said(error, text => call.redact(text)),
    retryable: false,
    ...dataOf(declared, error.data, call),
    hint: declared.hint ?? 'The target said no for a reason of its own; change the input or ask the user. Do not retry as it is.',
    notApplied: declared.notApplied
  }
}

/** Data that does not fit is no part of the contract: it stays here. Nobody opens a failed run's seals, so marked parts are dots at once. */
function dataOf(
  { data: declared }: DeclaredError,
  data: Json | undefined,
  call: { redact(text: string): string; holdsSecret(value: Json): boolean }
): { readonly data?: Json } {
  if (declared === undefined || data === undefined || declared.check(data).length > 0 || call.holdsSecret(data)) return {}
  return { data: mapTexts(mask(declared.schema, data), text => call.redact(text)) }
}

function mapTexts(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(each => mapTexts(each, change))
  return Object.fromEntries(Object.entries(value as JsonObject).map(([name, each]) => [name, mapTexts(each, change)]))
}

/** Any other failure is technical. The detail of a foreign error is its first line, redacted and cut. */
export function technicalErrorOf(error: unknown, redact: (text: string) => string): RunError {
  if (error instanceof RetrofitError) return { ...runErrorOf(error), detail: redact(error.message), ...said(error, redact) }
  const text = Error.isError(error) ? error.message : String(error)
  const detail = redact(text.split('\n', 1)[0] ?? '').slice(0, 500)
  const { status, title } = errorKinds.target_failed
  const isEnded = error instanceof ExpressionError && error.isEnded
  const retryable = error instanceof NothingSent ? error.retryable : !isEnded
  const told = error instanceof NothingSent ? said(error, redact) : {}
  return { code: 'target_failed', status, title, detail, retryable, hint: hintOf('target_failed', retryable), ...told }
}

/** The error of a run whose outcome nobody can tell. `reason` says what happened after the commit point. */
export function unknownOutcome(reason: string, targetSaid?: string): RunError {
  const { status, title, retryable, hint } = errorKinds.outcome_unknown
  return { code: 'outcome_unknown', status, title, detail: reason, retryable, hint, ...said({ targetSaid }, text => text) }
}
