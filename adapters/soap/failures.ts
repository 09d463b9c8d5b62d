/** A failure → the error that tells the engine and the caller what it means. */
import {
  BusinessError,
  connectionWords,
  isConnectionFailure,
  type Json,
  type JsonObject,
  NoAnswer,
  NothingSent,
  type NotReachable,
  RetrofitError,
  reachHint
} from '../../src/index.ts'
import { RefusedLogin } from './access/refused-login.ts'
import { firstLine } from './evidence.ts'
import { hasCode, type Symptom } from './faults.ts'
import type { Answer } from './http.ts'
import { type Invocation, isCommitted } from './invocation.ts'
import { pageHint, sayContent, sayStatus, wordsOf } from './say-answer.ts'
import type { TlsFailure } from './security/tls-failures.ts'
import { withoutTrace } from './stack-trace.ts'

/** After the commit point nothing here says that the effect does not exist, but a mapped fault. */
const effectOf = (invocation: Invocation) => (isCommitted(invocation) ? ('unknown' as const) : ('none' as const))

export function symptomError(invocation: Invocation, symptom: Symptom): Error {
  const { call, role } = invocation
  const { errors, notApplied } = call.steps
  const { said, targetSaid } = describe(call, symptom)
  if (role === 'login' && (symptom.fault !== undefined || refusing.has(symptom.http)))
    return new RefusedLogin({ detail: `The target refused the login (target.login): ${said}.`, targetSaid })
  // Where answers must be signed, a fault is; an HTTP status alone is not.
  const { verify } = invocation.operation.seal?.security ?? {}
  const believed = verify === undefined || verify.unsignedFaults || symptom.fault !== undefined
  const declared = !believed || role === 'probe' || role === 'login' ? undefined : errors.find(({ match }) => match?.(symptom) === true)
  if (declared !== undefined)
    return new BusinessError(declared.code, `The target answered: ${said}`, cleanTexts(declared.data?.(symptom)), targetSaid)
  // Not that nothing was sent, but the same for the run: the manifest says that this answer proves that there is no effect.
  if (believed && isCommitted(invocation) && notApplied.some(match => match(symptom)))
    return new NothingSent(`The target refused: ${said}`, { retryable: false, targetSaid })
  return new RetrofitError('target_failed', {
    detail: `The target answered: ${said}`,
    targetSaid,
    retryable: !isCommitted(invocation) && isTransient(symptom),
    effect: effectOf(invocation),
    targetDown: symptom.http >= 500 && isTransient(symptom),
    ...(isTransient(symptom) ? {} : { hint: refused })
  })
}

/** Without a fault. */
const refusing = new Set([401, 403])

const refused = 'The target refuses this request as it is: change the input or ask the owner of the bot. Repeating it does not help.'

/** Old services put their stack into the detail too. */
function cleanTexts<Value extends Json | undefined>(value: Value): Value | Json {
  if (typeof value === 'string') return withoutTrace(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(each => cleanTexts(each))
  return Object.fromEntries(Object.entries(value as JsonObject).map(([name, each]) => [name, cleanTexts(each)]))
}

/** In our words, and in the target's. */
function describe(call: Invocation['call'], { http, fault }: Symptom): { readonly said: string; readonly targetSaid: string | undefined } {
  if (fault === undefined) return { said: `HTTP ${http}`, targetSaid: undefined }
  const text = firstLine(call, fault.text)
  const code = firstLine(call, fault.codes.join(' '))
  return { said: code === '' && text === '' ? 'a fault without a code' : 'a fault', targetSaid: text || code || undefined }
}

const transientStatus = new Set([408, 425, 429, 500, 502, 503, 504])
const isTransient = ({ http, fault }: Symptom): boolean => (fault === undefined ? transientStatus.has(http) : hasCode(fault, 'Server'))

/**
 * The answer came, and one of its values is none of the schema. No fault: after the commit point it was done, unless it takes an
 * expression over the answer to see that the target said no.
 */
export function unreadableError(invocation: Invocation, why: string): Error {
  const saysNo = invocation.call.steps.errors.some(({ response }) => response !== undefined)
  const effect = isCommitted(invocation) && !saysNo ? 'committed' : effectOf(invocation)
  return new RetrofitError('invalid_output', { detail: `The target's answer can not be used: ${why}.`, retryable: false, effect })
}

/** An answer that is no SOAP message. */
export function answerError(invocation: Invocation, answer: Answer, why: string): Error {
  const { status } = answer
  const symptom = { http: status, fault: undefined }
  if (status < 300 && answer.cut !== undefined) return cutError(invocation, answer.cut)
  const words = wordsOf(answer)
  const targetSaid = words === undefined ? undefined : firstLine(invocation.call, words)
  if (status < 300) {
    const detail = `The target's answer can not be used: ${sayContent(answer, why)}.`
    const hint = isCommitted(invocation) || targetSaid === undefined ? undefined : pageHint
    return new RetrofitError('invalid_output', { detail, targetSaid, hint, retryable: false, effect: effectOf(invocation) })
  }
  const mapped = symptomError(invocation, symptom)
  if (!(mapped instanceof RetrofitError) || mapped instanceof RefusedLogin) return mapped
  const detail = `The target answered ${sayStatus(answer, invocation.call.steps.auth)}.`
  const retryAfterMs = Number(answer.retryAfter) * 1_000
  return new RetrofitError('target_failed', {
    detail,
    targetSaid,
    retryable: mapped.retryable,
    effect: effectOf(invocation),
    targetDown: mapped.targetDown,
    hint: mapped.retryable || isCommitted(invocation) ? undefined : refused,
    ...(retryAfterMs > 0 ? { retryAfterMs: Math.min(retryAfterMs, 3_600_000) } : {})
  })
}

export function connectError({ call }: Invocation, error: unknown): Error {
  return new RetrofitError('target_failed', {
    detail: `The target can not be reached (${codeOf(error)}); nothing was sent.`,
    hint: hintOf(error, 'Try again later'),
    retryable: true,
    effect: 'none',
    targetDown: true,
    cause: cleanCause(call, error)
  })
}

/** The answer says so where no new login helps. */
export const endedError = (invocation: Invocation): Error =>
  new RetrofitError('target_failed', {
    detail: 'The target answered that the login has ended (target.login.expired).',
    retryable: false,
    effect: effectOf(invocation)
  })

/** There is no connection: the address is none that the bot may go to. */
export const reachError = (error: NotReachable | { readonly message: string }): Error =>
  new RetrofitError('target_failed', { detail: `Nothing was sent: ${error.message}.`, retryable: false, effect: 'none', hint: reachHint })

/** It proves nothing: not an error of the business, and not that nothing was applied. */
export const untrustedError = (invocation: Invocation, why: string): Error =>
  new RetrofitError('invalid_output', {
    detail: `The target's answer is not trusted: ${why}.`,
    retryable: false,
    effect: effectOf(invocation),
    hint: 'An operator has to find out who answered, or correct target.security.verify; do not retry.'
  })

/** Before the commit point: no request is read by whom the certificates do not satisfy. */
export const tlsError = ({ by, why }: TlsFailure): Error =>
  new RetrofitError('target_failed', {
    detail: `No safe connection to the target: ${why}. ${by === 'us' ? 'Nothing was sent' : 'No request was read'}.`,
    retryable: false,
    effect: 'none',
    targetDown: by === 'us',
    hint:
      by === 'us'
        ? 'An operator has to trust the certificate (target.tls.ca) or correct the address; do not retry.'
        : "An operator has to correct the client's certificate (target.tls); do not retry."
  })

/** It came in part. */
const cutError = (invocation: Invocation, why: string): Error =>
  new RetrofitError('target_failed', {
    detail: `The answer is not whole: ${why}.`,
    retryable: !isCommitted(invocation),
    effect: effectOf(invocation),
    ...(isCommitted(invocation) && {
      hint: 'Whether it was done can not be told from it: a probe in the manifest looks, or ask an operator.'
    })
  })

/** Sent, and no whole answer came back. */
export function exchangeError(invocation: Invocation, error: unknown): Error {
  const why = error instanceof NoAnswer ? `: ${error.message}` : ''
  return new RetrofitError('target_failed', {
    detail: `The connection to the target failed before its answer was complete${why} (${codeOf(error)}).`,
    hint: isCommitted(invocation) ? undefined : hintOf(error, 'Nothing was changed in the target; try again later'),
    retryable: !isCommitted(invocation),
    effect: effectOf(invocation),
    targetDown: isConnectionFailure(error),
    cause: cleanCause(invocation.call, error)
  })
}

export function timeoutError(invocation: Invocation, timeoutMs: number): Error {
  return new RetrofitError('target_failed', {
    detail: `The target gave no answer within ${timeoutMs} ms.`,
    retryable: !isCommitted(invocation),
    effect: effectOf(invocation),
    targetDown: true
  })
}

/** The technical reason why a connection failed. */
export const reasonOf = (error: unknown): string => (error instanceof NoAnswer ? error.message : codeOf(error))

/** Says what to do next, and what to look at when that does not help. */
function hintOf(error: unknown, next: string): string | undefined {
  const words = connectionWords(error)
  return words === undefined ? undefined : `${next}. The target: ${words} (target.url).`
}

const codeOf = (error: unknown): string => {
  const { code, name } = error as NodeJS.ErrnoException
  return String(code ?? name ?? 'unknown')
}

const cleanCause = (call: Invocation['call'], error: unknown): Error =>
  new Error(firstLine(call, String((error as Error).message ?? error)))
