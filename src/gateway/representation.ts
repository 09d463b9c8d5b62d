/** A document in the codings that clients take: each is made once, when the first one asks for it. */
import { hash } from 'node:crypto'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { qualityOf } from './accept.ts'
import { sendAsItIs } from './bytes.ts'

type Coding = 'br' | 'gzip' | 'identity'

/** Of those that a client likes alike, the first. */
const codings: readonly Coding[] = ['br', 'gzip', 'identity']
/** A document that is smaller is sent as it is. */
const smallest = 1_024

const coders = {
  br: (bytes: Buffer) =>
    promisify(brotliCompress)(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength }
    }),
  gzip: (bytes: Buffer) => promisify(gzip)(bytes),
  identity: async (bytes: Buffer) => bytes
} as const satisfies Record<Coding, (bytes: Buffer) => Promise<Buffer>>

/** Kept as it is sent: to write a text of some megabytes into a socket takes longer than all the rest. */
export interface Representation {
  etagOf(coding: Coding): string
  bytesOf(coding: Coding): Promise<Buffer>
  readonly byteLength: number
}

/** Strong validators (RFC 9110, 8.8.1): each coding has its own. */
export function representation(bytes: Buffer): Representation {
  const digest = hash('sha256', bytes, 'base64url').slice(0, 22)
  const made = new Map<Coding, Promise<Buffer>>()
  return {
    byteLength: bytes.byteLength,
    etagOf: coding => (coding === 'identity' ? `"${digest}"` : `"${digest}-${coding}"`),
    bytesOf(coding) {
      const known = made.get(coding) ?? coders[coding](bytes)
      made.set(coding, known)
      known.catch(() => made.delete(coding))
      return known
    }
  }
}

interface Exchanged {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** 304 for who has it, in whatever coding. `headers` are those of the document. */
export async function sendRepresentation(
  { request, response }: Exchanged,
  shown: Representation,
  headers: OutgoingHttpHeaders
): Promise<void> {
  const { 'content-type': mediaType, ...all } = headers
  sendAsItIs(response)
  response.appendHeader('vary', 'Accept-Encoding')
  const held = heldOf(request.headers['if-none-match'], shown)
  if (held !== undefined) {
    response.writeHead(304, { ...all, etag: held }).end()
    return
  }
  const coding = shown.byteLength < smallest ? 'identity' : codingOf(request.headers['accept-encoding'])
  const bytes = await shown.bytesOf(coding)
  if (response.destroyed) return
  if (coding !== 'identity') response.setHeader('content-encoding', coding)
  response.writeHead(200, { ...all, etag: shown.etagOf(coding), 'content-type': mediaType, 'content-length': bytes.byteLength }).end(bytes)
}

/** RFC 9110, 12.5.3. Who takes none of ours, nor the document as it is, gets it all the same. */
export function codingOf(accept: string | string[] | undefined): Coding {
  const header = String(accept ?? '')
  const liked = codings.map(coding => ({ coding, quality: qualityOf(header, coding) })).filter(({ quality }) => quality > 0)
  return liked.reduce((best, one) => (one.quality > best.quality ? one : best), liked[0] ?? { coding: 'identity' as const, quality: 0 })
    .coding
}

/** The validator that the client has of it (RFC 9110, 13.1.2: a weak comparison). */
function heldOf(header: string | undefined, shown: Representation): string | undefined {
  if (header === undefined) return undefined
  if (header.trim() === '*') return shown.etagOf('identity')
  const named = header.split(',').map(one => one.trim().replace(/^W\//, ''))
  return codings.map(coding => shown.etagOf(coding)).find(etag => named.includes(etag))
}
