/** One HTTP POST: kept-alive connections for reads, a connection of its own for a call that must be sent at most once. */
import { lookup } from 'node:dns'
import type { LookupFunction, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import {
  askFirst,
  decodeContent,
  exchangeOn,
  headerOf,
  judgedLookup,
  largerThan,
  type Reach,
  watchIdle,
  wholeAnswer,
  writeRequest
} from '../../src/index.ts'
import { type TargetProxy, tunnelTo } from './access/proxy.ts'
import { receive, shownBytes } from './receive.ts'
import { acceptance, type TlsSettings } from './security/tls.ts'

export interface Post {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly signal: AbortSignal
  /** Answers beyond this are cut off. */
  readonly answerBytes: number
}

export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly location: string | undefined
  readonly retryAfter: string | undefined
  /** The values of WWW-Authenticate, as they came. */
  readonly challenges: readonly string[]
  readonly setCookies: readonly string[]
  readonly body: Buffer
  /** Why the body can not be used. */
  readonly broken: string | undefined
  /** Why the body is not whole. */
  readonly cut?: string | undefined
}

export interface Connection {
  post(request: Post): Promise<Answer>
  /** A request before it; the connection stays open. */
  ask(request: Omit<Post, 'answerBytes'>): Promise<Pick<Answer, 'status' | 'challenges'>>
  /** False as long as not a byte of a request was handed to the system. */
  readonly written: boolean
  close(): void
}

const headBytes = 256 * 1024
const connectTimeoutMs = 10_000
/** The signal of a call is the time limit; these only catch what has none. */
const idleMs = 600_000
const clientOptions = { headersTimeout: idleMs, bodyTimeout: idleMs, pipelining: 1, allowH2: false, maxHeaderSize: headBytes } as const
const keepAliveTimeout = 15_000

/** Where to, and by which right. */
export interface Way {
  readonly origin: string
  readonly reach?: Reach | undefined
  readonly tls?: TlsSettings | undefined
  readonly proxy?: TargetProxy | undefined
}

/** No session outlives its connection: each time the certificates are looked at again, as is the address each time. */
const connectOptions = ({ origin, reach, tls }: Way): buildConnector.BuildOptions => ({
  timeout: connectTimeoutMs,
  lookup: judgedLookup(lookup as LookupFunction, { origin, reach }),
  ...(tls !== undefined && {
    maxCachedSessions: 0,
    secureContext: tls.secureContext,
    ...(tls.servername === undefined ? {} : { servername: tls.servername })
  })
})

function connectorOf(way: Way): buildConnector.connector {
  const direct = buildConnector(connectOptions(way))
  const { proxy, origin, reach } = way
  return proxy === undefined ? direct : tunnelTo({ proxy, origin, reach, direct })
}

export const openPool = (way: Way): Pool =>
  new Pool(way.origin, { ...clientOptions, keepAliveTimeout, connections: 256, connect: connectorOf(way) })

/** Connects (TCP, TLS with the target's consent) and sends nothing yet. */
export async function connect(way: Way, signal: AbortSignal): Promise<Connection> {
  const socket = await openSocket(way, signal)
  let before = socket.bytesWritten
  let idle = watchIdle(socket)
  const { host } = new URL(way.origin)
  return {
    post: request => postOn(socket, request, { host, begin: () => idle.end() }),
    ask: async ({ signal, ...request }) => {
      const written = writeRequest({ method: 'POST', host, ...request }, 'keep-alive')
      idle.end()
      const asked = await askFirst(socket, written, { signal, headBytes, bodyBytes: headBytes })
      idle = asked.idle
      before = socket.bytesWritten
      return { status: asked.answer.status, challenges: asked.answer.headers.get('www-authenticate') ?? [] }
    },
    get written() {
      return socket.bytesWritten > before
    },
    close: () => void socket.destroy()
  }
}

interface Begin {
  readonly host: string
  /** Throws when the connection is lost. */
  begin(): void
}

/** One request, and its answer as leniently as a browser reads it. */
async function postOn(socket: Socket, { path, headers, body, signal, answerBytes }: Post, { host, begin }: Begin): Promise<Answer> {
  const request = writeRequest({ method: 'POST', path, host, headers, body })
  begin()
  const received = await exchangeOn(socket, request, { signal, headBytes, bodyBytes: answerBytes, shownBytes })
  const answer = await wholeAnswer(received, answerBytes)
  return {
    status: answer.status,
    contentType: headerOf(answer, 'content-type') ?? '',
    location: headerOf(answer, 'location'),
    retryAfter: headerOf(answer, 'retry-after'),
    challenges: answer.headers.get('www-authenticate') ?? [],
    setCookies: answer.headers.get('set-cookie') ?? [],
    body: answer.body,
    broken: answer.tooLarge ? largerThan(answerBytes) : answer.undecoded,
    cut: answer.tooLarge ? undefined : answer.missing
  }
}

async function openSocket(way: Way, signal: AbortSignal): Promise<Socket> {
  const socket = await startSocket(new URL(way.origin), signal, connectorOf(way))
  if (way.tls?.clientCertificate !== true) return socket
  try {
    await acceptance(socket as TLSSocket, signal)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

function startSocket({ protocol, hostname, port }: URL, signal: AbortSignal, connector: buildConnector.connector): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    connector({ protocol, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port, host: hostname }, (error, socket) => {
      signal.removeEventListener('abort', abort)
      if (signal.aborted) socket?.destroy()
      if (error === null) resolve(socket)
      else reject(error)
    })
  })
}

/** On a connection of its own. */
export async function postOnce(way: Way, request: Post): Promise<Answer> {
  const connection = await connect(way, request.signal)
  try {
    return await connection.post(request)
  } finally {
    connection.close()
  }
}

/** Over kept-alive connections. */
export async function post(dispatcher: Dispatcher, { path, headers, body, signal, answerBytes }: Post): Promise<Answer> {
  const received = await receive(dispatcher, { path, method: 'POST', headers, body }, { signal, answerBytes })
  const { status, headers: answered } = received
  const decoded =
    received.broken === undefined ? await decodeContent(received.body, one(answered['content-encoding']), answerBytes) : received
  return {
    status,
    contentType: one(answered['content-type']) ?? '',
    location: one(answered.location),
    retryAfter: one(answered['retry-after']),
    challenges: all(answered['www-authenticate']),
    setCookies: all(answered['set-cookie']),
    body: decoded.body,
    broken: decoded.broken
  }
}

const all = (value: string | string[] = []): readonly string[] => (Array.isArray(value) ? value : [value])

/** A header that came twice counts as it came first. */
const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)
