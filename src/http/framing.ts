/** How long the body of an answer is (RFC 9112, section 6.3), as browsers see it. */
import type { AnswerHead } from './answer-head.ts'

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'length'; readonly bytes: number }
  /** `doubt`: why nobody can tell whether it was whole when the connection closed. */
  | { readonly kind: 'close'; readonly doubt: string | undefined }

const bodiless: ReadonlySet<number> = new Set([204, 205, 304])

export function framingOf({ status, headers }: AnswerHead, method: string): Framing {
  if (method === 'HEAD' || bodiless.has(status)) return { kind: 'none' }
  // Everything that follows is the tunnel's (RFC 9110, section 9.3.6).
  if (method === 'CONNECT' && status >= 200 && status <= 299) return { kind: 'none' }
  const codings = (headers.get('transfer-encoding') ?? []).flatMap(value => value.toLowerCase().split(','))
  // Chunks count, whatever length stands beside them.
  if (codings.some(coding => coding.trim() === 'chunked')) return { kind: 'chunked' }
  const lengths = new Set((headers.get('content-length') ?? []).flatMap(value => value.split(',')).map(value => value.trim()))
  const [length, ...others] = lengths
  if (length === undefined) return { kind: 'close', doubt: undefined }
  if (others.length > 0)
    return { kind: 'close', doubt: `it names different lengths, ${[...lengths].slice(0, 3).join(' and ').slice(0, 60)}` }
  // A Content-Length that is no number is ignored.
  return /^\d{1,15}$/.test(length) ? { kind: 'length', bytes: Number(length) } : { kind: 'close', doubt: undefined }
}
