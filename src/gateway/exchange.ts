/** One request and its answer, as the operations see them. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Caller, Json, JsonObject } from '../core/types.ts'
import type { Span } from '../telemetry/telemetry.ts'
import type { McpBody } from './mcp/take-messages.ts'
import type { Problem } from './problem.ts'
import type { Route } from './routes.ts'

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Of `performance.now()`. */
  readonly receivedAt: number
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string | readonly string[]>>
  readonly headers: IncomingMessage['headers']
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
  readonly span: Span | undefined
  /** Set once the token is known to be good; an operation that needs a key never runs without. */
  caller?: Caller
  /** What went wrong while the token was looked up. */
  failure?: unknown
  /** The parsed body, where the operation takes JSON. */
  body?: JsonObject
  /** What was sent to `POST /mcp`; the body is empty then. */
  mcp?: McpBody
  /** Counts so many calls more against the rate of the key. Throws `rate_limited`. */
  countCalls?: (more: number) => Promise<void>
  /** The body as it came, where the operation takes a manifest. */
  text?: string
}

/** Of an operation that needs a key. */
export function callerOf(exchange: Exchange): Caller {
  if (exchange.caller === undefined) throw new Error(`${exchange.route.operationId} ran without a caller`)
  return exchange.caller
}

export function sendJson(response: ServerResponse, status: number, value: Json | object, headers?: OutgoingHttpHeaders): void {
  sendText(response, status, JSON.stringify(value), { 'content-type': 'application/json', ...headers })
}

export const sendPlain = (response: ServerResponse, text: string, headers?: OutgoingHttpHeaders): void =>
  sendText(response, 200, text, { 'content-type': 'text/plain; charset=utf-8', ...headers })

export function sendText(response: ServerResponse, status: number, text: string, headers: OutgoingHttpHeaders): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

export interface ProblemHeaders {
  readonly retryAfterMs?: number | undefined
  readonly headers?: OutgoingHttpHeaders
}

export function sendProblem(response: ServerResponse, problem: Problem, { retryAfterMs, headers }: ProblemHeaders = {}): void {
  sendText(response, problem.status, JSON.stringify(problem), {
    'content-type': 'application/problem+json',
    ...(problem.runId === undefined ? {} : { 'run-id': problem.runId }),
    ...(problem.status === 401 && !response.hasHeader('www-authenticate') ? { 'www-authenticate': 'Bearer realm="retrofit"' } : {}),
    ...(retryAfterMs === undefined ? {} : { 'retry-after': retryAfterSeconds(retryAfterMs) }),
    ...headers
  })
}

/** Whole seconds, at least one. */
export const retryAfterSeconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1_000)))

export interface Staying {
  /** Aborts when waiting callers have to go. */
  readonly leaving: AbortSignal
  readonly access: { follow(exchange: Exchange): AbortSignal }
}

/** Aborts when the client has gone, when the service is leaving, or, with a RetrofitError, when the caller's key or token has ended. */
export function goneSignal(exchange: Exchange, { leaving, access }: Staying): AbortSignal {
  const { response } = exchange
  const gone = new AbortController()
  const go = (): void => gone.abort('gone')
  const refused = access.follow(exchange)
  refused.addEventListener('abort', () => gone.abort(refused.reason))
  leaving.addEventListener('abort', go)
  response.once('close', () => {
    leaving.removeEventListener('abort', go)
    if (!response.writableFinished) go()
  })
  if (leaving.aborted || response.destroyed) go()
  return gone.signal
}
