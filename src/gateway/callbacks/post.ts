/** One POST to an address that somebody else chose: no redirect is followed, and the address that the name leads to is judged as it is connected to. */
import { lookup } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { judgedLookup, NotReachable } from '../../core/reach.ts'
import { notPublic, whyNotCalled } from '../../engine/callbacks/new-callback.ts'

export interface Posting {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** On private networks that may be reached beside public addresses. */
  readonly origins: readonly string[]
  readonly signal: AbortSignal
}

export interface Posted {
  readonly status?: number | undefined
  /** Why there was no answer. It holds nothing of the address but its origin. */
  readonly error?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** Never rejects. */
export function post({ url, headers, body, origins, signal }: Posting): Promise<Posted> {
  const { origin, protocol } = new URL(url)
  const why = whyNotCalled(url, origins)
  if (why !== undefined) return Promise.resolve({ error: why })
  const send = protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise(resolve => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      lookup: judgedLookup(lookup as LookupFunction, { origin, reach: { origins } }),
      agent: false,
      signal
    })
    request.once('response', response => {
      resolve({ status: response.statusCode, retryAfterMs: retryAfterOf(response.headers['retry-after']) })
      // What it says beside its status is nothing to us.
      response.destroy()
    })
    request.on('error', error => resolve({ error: signal.aborted ? 'no answer in time' : reasonOf(error, origin) }))
    request.end(body)
  })
}

const reasonOf = (error: Error & { readonly code?: unknown }, origin: string): string =>
  error instanceof NotReachable ? notPublic(origin) : typeof error.code === 'string' ? `${error.code}` : 'the connection broke'

/** RFC 9110, section 10.2.3, as seconds or a date. */
function retryAfterOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? ms : undefined
}
