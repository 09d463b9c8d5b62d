/**
 * One request on a connection of its own. Chromium sends a request again, also a POST, when a reused connection is closed
 * before an answer; below every interception. The committing request may not be sent twice, so it does not leave through it.
 */
import { lookup } from 'node:dns'
import { once } from 'node:events'
import { isIP, type LookupFunction, connect as openTcp, type Socket } from 'node:net'
import { getCACertificates, connect as openTls } from 'node:tls'
import {
  exchangeOn,
  judgedLookup,
  largerThan,
  NoAnswer,
  type Reach,
  type WholeAnswer,
  watchIdle,
  wholeAnswer,
  whyNotThere,
  writeRequest
} from '../../src/index.ts'

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
  /** Several cookies are joined by a line break, as Playwright takes them. */
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

export async function exchangeOnce({ method, url, headers, body, reach, signal, commit }: Exchange): Promise<Answer> {
  const destination = { origin: url.origin, reach }
  const why = whyNotThere(destination)
  if (why !== undefined) throw new NotConnected(why)
  const request = writeRequest({
    method,
    path: `${url.pathname}${url.search}`,
    host: url.host,
    headers: { ...ownHeaders(headers), 'accept-encoding': 'identity' },
    body: body ?? (method === 'GET' || method === 'HEAD' ? undefined : Buffer.alloc(0))
  })
  const socket = await connect(url, judgedLookup(lookup as LookupFunction, destination), signal)
  try {
    await fence(socket, commit)
    const limits = { headBytes: largestHeadBytes, bodyBytes: largestAnswerBytes, signal }
    return answerOf(await wholeAnswer(await exchangeOn(socket, request, limits).catch(unanswered), largestAnswerBytes))
  } finally {
    socket.destroy()
  }
}

const ownHeaders = (headers: Exchange['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':') && !perConnection.has(name.toLowerCase())))

/** Rejects with NotConnected. */
async function connect(url: URL, judged: LookupFunction, signal: AbortSignal): Promise<Socket> {
  const secure = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const where = { host, port: Number(url.port) || (secure ? 443 : 80), lookup: judged, noDelay: true }
  if (secure) authorities ??= [...getCACertificates('default'), ...getCACertificates('system')]
  const name = isIP(host) === 0 ? host : ''
  const socket = secure ? openTls({ ...where, servername: name, ca: authorities, ALPNProtocols: ['http/1.1'] }) : openTcp(where)
  try {
    await once(socket, secure ? 'secureConnect' : 'connect', { signal })
    return socket
  } catch (error) {
    socket.on('error', () => undefined).destroy()
    throw new NotConnected((error as Error).message, { cause: error })
  }
}

/** A connection that is lost before the fence has carried nothing. */
async function fence(socket: Socket, commit: () => Promise<void>): Promise<void> {
  const idle = watchIdle(socket)
  await commit()
  try {
    idle.end()
  } catch (error) {
    throw new NotConnected((error as Error).message, { cause: error })
  }
}

function answerOf({ status, headers, body, missing, undecoded, tooLarge }: WholeAnswer): Answer {
  if (tooLarge || undecoded === largerThan(largestAnswerBytes)) throw new Error(`the answer has more than ${largestAnswerMiB} MiB`)
  const why = missing ?? undecoded
  if (why !== undefined) throw new Error(`no whole answer to the committing request: ${why}. ${whatToWrite}`)
  const own = [...headers].filter(([name]) => !hopByHop.has(name))
  return { status, headers: Object.fromEntries(own.map(([name, values]) => [name, oneOf(name, [...new Set(values)])])), body }
}

/** Chromium goes by the last type, and nowhere where two addresses are named. */
function oneOf(name: string, values: readonly string[]): string {
  if (name === 'set-cookie') return values.join('\n')
  if (name === 'content-type') return values.at(-1) ?? ''
  if (values.length > 1 && single.has(name))
    throw new Error(`the answer to the committing request names ${name} twice, differently: no browser takes it`)
  return values.join(', ')
}

const single: ReadonlySet<string> = new Set(['location', 'content-disposition'])

function unanswered(error: unknown): never {
  if (!(error instanceof NoAnswer)) throw error
  throw new NoAnswer(`no answer to the committing request: ${error.message}. ${whatToWrite}`, error.code, error.cause)
}

const whatToWrite = 'Where browsers show that page all the same, write via: browser at commit; a probe tells what became of the request'
