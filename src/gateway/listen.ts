/** The server around a gateway: its limits, and how it stops. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type ErrorCode, RetrofitError } from '../core/errors.ts'
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
      noDelay: true
    },
    gateway.listener
  )
  server.on('clientError', answerBroken)
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

const brokenStatus: Readonly<Record<string, { readonly code: ErrorCode; readonly status?: number; readonly detail: string }>> = {
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
  const { code, status, detail } = brokenStatus[error.code ?? ''] ?? {
    code: 'invalid_request' as const,
    detail: 'This is not an HTTP/1.1 request'
  }
  const { problem } = problemOfError(new RetrofitError(code, { detail }))
  const body = JSON.stringify({ ...problem, status: status ?? problem.status })
  const head = [
    `HTTP/1.1 ${status ?? problem.status} ${problem.code}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close'
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
