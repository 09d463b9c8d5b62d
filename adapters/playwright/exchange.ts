/**
 * One request on a connection of its own. Chromium sends a request again, also a POST, when a reused connection is closed
 * before an answer; below every interception. The committing request may not be sent twice, so it does not leave through it.
 */
import { lookup } from 'node:dns'
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { getCACertificates } from 'node:tls'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { judgedLookup, type Reach, whyNotThere } from '../../src/index.ts'

export interface Exchange {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
  /** The limits of a bot that came over HTTP. */
  readonly reach: Reach | undefined
  readonly signal: AbortSignal
  /** The fence: asked when there is a connection, and nothing leaves before it resolves. */
  readonly commit: () => Promise<void>
}

export interface Answer {
  readonly status: number
  /** Several values of one name are joined by a line break, as Playwright takes them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** No connection came about, or it was lost before the fence: not one byte of the request has left. */
export class NotConnected extends Error {}

const perConnection = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'host',
  'accept-encoding',
  'upgrade',
  'te'
])
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'content-encoding'])

/** No page, and no file that a step keeps, comes near it; without it, one answer could fill the memory of a worker. */
const largestAnswerMiB = 64
const largestAnswerBytes = largestAnswerMiB * 1024 * 1024
/** As much as Chromium takes; Node's own limit is 16 KiB. */
const largestHeadBytes = 256 * 1024

let authorities: string[] | undefined

export function exchangeOnce({ method, url, headers, body, reach, signal, commit }: Exchange): Promise<Answer> {
  const destination = { origin: url.origin, reach }
  const why = whyNotThere(destination)
  if (why !== undefined) return Promise.reject(new NotConnected(why))
  return new Promise((resolve, reject) => {
    let leaving = false
    let fenced: unknown
    const secure = url.protocol === 'https:'
    const own = Object.fromEntries(
      Object.entries(headers).filter(([name]) => !name.startsWith(':') && !perConnection.has(name.toLowerCase()))
    )
    const length = body === null ? (method === 'GET' ? {} : { 'content-length': '0' }) : { 'content-length': String(body.length) }
    const options: RequestOptions & { ca?: string[] } = {
      method,
      agent: false,
      lookup: judgedLookup(lookup as LookupFunction, destination),
      signal,
      maxHeaderSize: largestHeadBytes,
      headers: { ...own, ...length, 'accept-encoding': 'identity', connection: 'close' }
    }
    if (secure) {
      authorities ??= [...getCACertificates('default'), ...getCACertificates('system')]
      options.ca = authorities
    }
    const sent = (secure ? httpsRequest : httpRequest)(url, options, answer => collect(answer).then(resolve, reject))
    sent.on('socket', socket =>
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        // Node sends the head with the first part of the body: nothing has left yet.
        commit().then(
          () => {
            leaving = true
            sent.end(body ?? undefined)
          },
          error => {
            fenced = error
            sent.destroy()
            reject(error)
          }
        )
      })
    )
    sent.once('error', error => reject(fenced ?? (leaving ? error : new NotConnected(error.message, { cause: error }))))
  })
}

/** Not asked for; some servers encode all the same. */
const decoders = { gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress) }

async function decoded(body: Buffer, encoding = ''): Promise<Buffer> {
  const decode = decoders[encoding.trim().toLowerCase() as keyof typeof decoders]
  return decode === undefined || body.length === 0 ? body : decode(body, { maxOutputLength: largestAnswerBytes })
}

async function collect(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer) {
    bytes += chunk.length
    if (bytes > largestAnswerBytes) throw new Error(`the answer has more than ${largestAnswerMiB} MiB`)
    chunks.push(chunk)
  }
  const headers = Object.entries(answer.headersDistinct).filter(([name]) => !hopByHop.has(name))
  return {
    status: answer.statusCode ?? 502,
    headers: Object.fromEntries(headers.map(([name, values]) => [name, (values ?? []).join('\n')])),
    body: await decoded(Buffer.concat(chunks), answer.headers['content-encoding'])
  }
}
