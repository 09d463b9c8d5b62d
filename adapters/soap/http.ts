/** One HTTP POST: kept-alive connections for reads, a connection of its own for a call that must be sent at most once. */
import { lookup } from 'node:dns'
import type { LookupFunction, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { buildConnector, Client, type Dispatcher, Pool } from 'undici'
import { judgedLookup, type Reach } from '../../src/index.ts'
import { receive } from './receive.ts'
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
  /** The challenges of `WWW-Authenticate`. */
  readonly authenticate?: string | undefined
  readonly body: Buffer
  /** Why the body is not whole. */
  readonly broken: string | undefined
}

export interface Connection {
  post(request: Post): Promise<Answer>
  /** False as long as not a byte of a request was handed to the system. */
  readonly written: boolean
  close(): void
}

const connectTimeoutMs = 10_000
/** The signal of a call is the time limit; these only catch what has none. */
const idleMs = 600_000
const clientOptions = { headersTimeout: idleMs, bodyTimeout: idleMs, pipelining: 1, allowH2: false } as const
const keepAliveTimeout = 15_000
const unzip = promisify(gunzip)

/** Where to, and by which right. */
export interface Way {
  readonly origin: string
  readonly reach?: Reach | undefined
  readonly tls?: TlsSettings | undefined
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

export const openPool = (way: Way): Pool =>
  new Pool(way.origin, { ...clientOptions, keepAliveTimeout, connections: 256, connect: connectOptions(way) })

/** Connects (TCP, TLS with the target's consent) and sends nothing yet. */
export async function connect(way: Way, signal: AbortSignal): Promise<Connection> {
  const { origin } = way
  const socket = await openSocket(way, signal)
  const before = socket.bytesWritten
  let given = false
  const client = new Client(origin, {
    ...clientOptions,
    // A second connection would be a second try. Later, as a real connector: called back at once, undici forgets the request.
    connect: (_, callback) => {
      if (given) return queueMicrotask(() => callback(new Error('the connection was closed'), null))
      given = true
      queueMicrotask(() => callback(null, socket))
    }
  })
  return {
    post: request => post(client, { ...request, headers: { ...request.headers, connection: 'close' } }),
    get written() {
      return socket.bytesWritten > before
    },
    close: () => {
      socket.destroy()
      void client.destroy()
    }
  }
}

async function openSocket(way: Way, signal: AbortSignal): Promise<Socket> {
  const socket = await startSocket(new URL(way.origin), signal, buildConnector(connectOptions(way)))
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

export async function post(dispatcher: Dispatcher, { path, headers, body, signal, answerBytes }: Post): Promise<Answer> {
  const received = await receive(dispatcher, { path, method: 'POST', headers, body }, { signal, answerBytes })
  const { status, headers: answered } = received
  const { body: content, broken } =
    received.broken === undefined ? await decode(received.body, one(answered['content-encoding']), answerBytes) : received
  return {
    status,
    contentType: one(answered['content-type']) ?? '',
    location: one(answered.location),
    retryAfter: one(answered['retry-after']),
    authenticate: [answered['www-authenticate'] ?? []].flat().join(', ') || undefined,
    body: content,
    broken
  }
}

/** What came twice counts as it came first. */
const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

type Decoded = Pick<Answer, 'body' | 'broken'>

async function decode(body: Buffer, encoding: string | undefined, limit: number): Promise<Decoded> {
  const name = (encoding ?? 'identity').trim().toLowerCase()
  if (name === 'identity' || name === '') return { body, broken: undefined }
  if (name !== 'gzip' && name !== 'x-gzip') return { body, broken: `its content encoding is ${name.slice(0, 20)}` }
  try {
    return { body: await unzip(body, { maxOutputLength: limit }), broken: undefined }
  } catch (error) {
    const large = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    return { body: Buffer.alloc(0), broken: large ? `it is larger than ${limit} bytes` : 'its gzip encoding is broken' }
  }
}
