/** What a caller says about a call outside its body. */
import { RetrofitError } from '../core/errors.ts'
import type { FieldError } from '../core/types.ts'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>
type Query = Readonly<Record<string, string | readonly string[] | undefined>>

const invalid = (errors: FieldError): RetrofitError => new RetrofitError('invalid_request', { detail: errors.message, errors: [errors] })

const one = (value: string | readonly string[] | undefined): string | undefined => (typeof value === 'string' ? value : value?.[0])

/** A structured field's String (RFC 9651): printable ASCII in quotes, `\"` and `\\` escaped. */
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
/** Neither space, quote nor comma: two header lines are joined by a comma. */
const bare = /^[\x21\x23-\x2b\x2d-\x7e]+$/

/** The key of the header or of `?idempotencyKey=`. Two that differ are refused: nobody could tell which one counts. */
export function idempotencyKeyOf(headers: Headers, query: Query): string | undefined {
  const header = one(headers['idempotency-key'])
  const fromHeader = header === undefined ? undefined : parseKey(header.trim())
  const fromQuery = one(query.idempotencyKey)
  if (fromQuery !== undefined && !/^[\x20-\x7e]{1,255}$/.test(fromQuery)) throw badKey('/query/idempotencyKey')
  if (fromHeader !== undefined && fromQuery !== undefined && fromHeader !== fromQuery) {
    throw invalid({ pointer: '/header/Idempotency-Key', message: 'Idempotency-Key and idempotencyKey differ; send one' })
  }
  return fromHeader ?? fromQuery
}

/** The digest of the version of the bot that the caller wants, and no other. */
export function botVersionOf(headers: Headers): string | undefined {
  const version = one(headers['bot-version'])?.trim()
  return version === undefined || version === '' ? undefined : checkedVersion(version, '/header/Bot-Version')
}

/** 64 hexadecimal digits, as the OpenAPI document, `GET /v1/bots` and MCP tell it. `toldBy`: in the words of the caller. */
export function checkedVersion(version: unknown, pointer: string, toldBy = 'GET /v1/bots'): string {
  if (typeof version === 'string' && /^[0-9a-f]{64}$/i.test(version)) return version.toLowerCase()
  throw invalid({ pointer, message: `The version of a bot is its digest, 64 hexadecimal digits, as ${toldBy} tells it` })
}

/** The session of the header, of `?session=` or of what a model sent. Any two that differ are refused. */
export function sessionIdOf(headers: Headers, query: Query, argument: string | undefined): string | undefined {
  const named = [one(headers['session-id'])?.trim(), one(query.session), argument].filter(id => id !== undefined && id !== '')
  if (new Set(named).size > 1) throw invalid({ pointer: '/header/Session-Id', message: 'The call names two sessions; send one' })
  return named[0]
}

function parseKey(text: string): string {
  const inQuotes = quoted.exec(text)?.[1]
  if (inQuotes === undefined && !bare.test(text)) throw badKey('/header/Idempotency-Key')
  const key = inQuotes === undefined ? text : inQuotes.replace(/\\(.)/g, '$1')
  if (key.length < 1 || key.length > 255) throw badKey('/header/Idempotency-Key')
  return key
}

const badKey = (pointer: string): RetrofitError =>
  invalid({
    pointer,
    message: 'Send one idempotency key of 1 to 255 printable ASCII characters, in quotes or bare without spaces and commas'
  })

export interface Preference {
  /** Undefined: the caller says nothing. */
  readonly waitMs: number | undefined
  readonly respondAsync: boolean
}

/** RFC 7240, section 4.4: what is wrong is left out, and the rest is done. */
export const isLenient = (header: string | readonly string[] | undefined): boolean =>
  (one(header) ?? '').split(/[,;]/).some(part => /^\s*handling\s*=\s*"?lenient"?\s*$/i.test(part))

/** RFC 7240: unknown preferences and values that make no sense are ignored. */
export function preferenceOf(header: string | undefined): Preference {
  if (header === undefined) return { waitMs: undefined, respondAsync: false }
  const parts = header.split(/[,;]/).map(part => part.trim().toLowerCase())
  const wait = parts.map(part => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(part)?.[1]).find(value => value !== undefined)
  const respondAsync = parts.includes('respond-async')
  return { waitMs: wait === undefined ? (respondAsync ? 0 : undefined) : Number(wait) * 1_000, respondAsync }
}

export interface WaitOptions {
  readonly headers: Headers
  readonly query: Query
  readonly defaultWaitMs: number
  readonly maxWaitMs: number
}

export interface WaitDecision {
  readonly waitMs: number
  /** The header of the answer, when a preference was followed. */
  readonly applied: string | undefined
  /** The caller's own limit. */
  readonly timeoutMs: number | undefined
}

/** `Prefer` before `?wait=` before the default, and never so long that the answer comes after the caller's own limit. */
export function waitOf({ headers, query, defaultWaitMs, maxWaitMs }: WaitOptions): WaitDecision {
  const preference = preferenceOf(one(headers.prefer))
  const queried = one(query.wait)
  const timeout = one(headers['x-request-timeout'])
  const timeoutMs = timeout === undefined ? undefined : Number(timeout)
  const asked = preference.waitMs ?? (queried === undefined ? defaultWaitMs : Number(queried) * 1_000)
  const limit = timeoutMs === undefined ? maxWaitMs : Math.min(maxWaitMs, timeoutMs - marginMs(timeoutMs))
  return { waitMs: Math.min(asked, limit), applied: appliedOf(preference, maxWaitMs), timeoutMs }
}

/** What it takes to get the answer back to the caller. */
const marginMs = (timeoutMs: number): number => Math.min(100, Math.ceil(timeoutMs / 10))

function appliedOf({ waitMs, respondAsync }: Preference, maxWaitMs: number): string | undefined {
  if (waitMs === undefined) return undefined
  const wait = waitMs === 0 && respondAsync ? [] : [`wait=${Math.min(waitMs, maxWaitMs) / 1_000}`]
  return [...(respondAsync ? ['respond-async'] : []), ...wait].join(', ')
}
