/** The server around a gateway: its limits, and how it stops. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ErrorCode, RetrofitError } from '../core/errors.ts'
import { expectsContinue } from './expectations.ts'
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'
import { problemOfError } from './problem.ts'
import { defaultGatewaySettings, type GatewaySettings } from './settings.ts'

export interface ListenOptions extends Omit<GatewayOptions, 'settings'> {
  readonly settings?: Partial<Omit<GatewaySettings, 'host'>>
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

export interface Listening {
  readonly url: string
  /** Takes no new connection, refuses new requests with 503, lets waiting callers finish for `drainMs`, then gives them a 202. */
  close(): Promise<void>
}

const keepAliveMs = 65_000

export async function listen({ host, port, settings: some, ...options }: ListenOptions): Promise<Listening> {
  const settings = { ...defaultGatewaySettings, ...some, host }
  const gateway = await createGateway({ ...options, settings })
  const server = createServer(
    {
      requestTimeout: settings.requestTimeoutMs,
      headersTimeout: Math.min(15_000, settings.requestTimeoutMs),
      connectionsCheckingInterval: Math.min(5_000, settings.requestTimeoutMs),
      keepAliveTimeout: keepAliveMs,
      noDelay: true,
      // The gateway refuses it, in its own words.
      requireHostHeader: false
    },
    gateway.listener
  )
  server.on('clientError', answerBroken)
  server.on('checkExpectation', gateway.listener)
  server.on('checkContinue', (request, response) => {
    if (expectsContinue(request)) response.writeContinue()
    gateway.listener(request, response)
  })
  server.on('connect', (_request, socket) => end(socket, noTunnel))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 1_024 }, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, close: () => close(server, gateway, settings.drainMs) }
}

async function close(server: Server, gateway: Gateway, drainMs: number): Promise<void> {
  gateway.drain()
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  // A connection that was busy when the server closed stays open for the next request of its client.
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  const release = setTimeout(() => gateway.release(), drainMs)
  const cut = setTimeout(() => server.closeAllConnections(), drainMs + 2_000)
  await closed
  clearInterval(idle)
  clearTimeout(release)
  clearTimeout(cut)
}

interface Broken {
  readonly code: ErrorCode
  readonly status?: number
  readonly detail: string
}

const noTunnel: Broken = { code: 'method_not_allowed', detail: 'This is no proxy: CONNECT is not possible here' }

const brokenStatus: Readonly<Record<string, Broken>> = {
  HPE_HEADER_OVERFLOW: { code: 'headers_too_large', detail: 'The headers are over 16384 bytes' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'invalid_request', status: 408, detail: 'The request did not arrive in time' }
}

/** What node's parser refuses before there is a request. */
function answerBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (
    error.code === 'ECONNRESET' ||
    !socket.writable ||
    (socket as { _httpMessage?: { headersSent: boolean } })._httpMessage?.headersSent
  ) {
    socket.destroy()
    return
  }
  end(socket, brokenStatus[error.code ?? ''] ?? { code: 'invalid_request', detail: 'This is not an HTTP/1.1 request' })
}

function end(socket: Duplex, { code, status, detail }: Broken): void {
  const { problem } = problemOfError(new RetrofitError(code, { detail }))
  const body = JSON.stringify({ ...problem, status: status ?? problem.status })
  const head = [
    `HTTP/1.1 ${status ?? problem.status} ${problem.code}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(code === 'method_not_allowed' ? ['Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'] : []),
    'Connection: close'
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
