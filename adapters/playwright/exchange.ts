/**
 * One request on a connection of its own. Chromium sends a request again, also a POST, when a reused connection is closed
 * before an answer; below every interception. The committing request may not be sent twice, so it does not leave through it.
 */
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { getCACertificates } from 'node:tls'

export interface Exchange {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
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

let authorities: string[] | undefined

export function exchangeOnce({ method, url, headers, body, signal, commit }: Exchange): Promise<Answer> {
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
      signal,
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

async function collect(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const headers = Object.entries(answer.headersDistinct).filter(([name]) => !hopByHop.has(name))
  return {
    status: answer.statusCode ?? 502,
    headers: Object.fromEntries(headers.map(([name, values]) => [name, (values ?? []).join('\n')])),
    body: Buffer.concat(chunks)
  }
}
