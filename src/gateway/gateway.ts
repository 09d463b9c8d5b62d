/** The HTTP door: express in front, openapi-backend inside, the engine behind. */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import express, { type ErrorRequestHandler } from 'express'
import { RetrofitError } from '../core/errors.ts'
import { parseTraceparent } from '../core/trace-context.ts'
import type { Caller, JsonObject } from '../core/types.ts'
import type { Engine } from '../engine/engine.ts'
import type { Authenticate } from '../governance/authenticate.ts'
import type { Span, Telemetry } from '../telemetry/telemetry.ts'
import { createAccessWatch } from './access-watch.ts'
import { actionOperations } from './actions.ts'
import { createAdmission } from './admission.ts'
import { batchOperations } from './batch.ts'
import { botOperations } from './bots.ts'
import { compressAnswers } from './bytes.ts'
import { callbackOperations } from './callbacks/operations.ts'
import { createCheckHost } from './check-host.ts'
import { docsOperation, serveDocsFiles } from './docs-page.ts'
import { documentOperations } from './documents.ts'
import { type Exchange, sendProblem } from './exchange.ts'
import { checkExpectations } from './expectations.ts'
import { guarded } from './failed-authentications.ts'
import { createTellLeftOut } from './left-out.ts'
import { changesOperation } from './mcp/changes.ts'
import type { McpDoor } from './mcp/door.ts'
import { challenge, metadataAddress, metadataOperations } from './mcp/metadata.ts'
import { mcpOperation } from './mcp/operation.ts'
import { openTo } from './pages.ts'
import { problemOfError } from './problem.ts'
import { createRouter, type Router } from './router.ts'
import { NotAllowed, type Route } from './routes.ts'
import { runOperations } from './runs.ts'
import { serviceOperations } from './service.ts'
import { sessionOperations } from './sessions.ts'
import type { GatewaySettings } from './settings.ts'
import { toolOperations } from './tools.ts'

export interface GatewayOptions {
  readonly engine: Engine
  readonly authenticate: Authenticate
  /** Tells when keys were made or revoked; absent: streams and long waits see it at their next heartbeat. */
  readonly onKeysChanged?: ((listener: () => void) => () => void) | undefined
  readonly telemetry: Telemetry
  readonly settings: GatewaySettings
}

export interface Gateway {
  readonly listener: RequestListener
  /** From now on requests are refused with 503. */
  drain(): void
  /** Whoever still waits gets a 202 now, and event streams end. */
  release(): void
}

interface Door extends GatewayOptions {
  readonly router: Router
  readonly exposed: readonly string[]
  draining: boolean
}

const maxUrlLength = 8_192
const quiet: ReadonlySet<string> = new Set([
  'getHealth',
  'getReadiness',
  'getMetrics',
  'getDocs',
  'getResourceMetadata',
  'getMcpResourceMetadata'
])

const securityHeaders: readonly (readonly [string, string])[] = [
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cache-control', 'no-store']
]

/** The same as openapi/retrofit.yaml, and read in a hundredth of the time. */
export const readContract = (): JsonObject =>
  JSON.parse(readFileSync(new URL('../../openapi/retrofit.json', import.meta.url), 'utf8')) as JsonObject

export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { engine, settings } = options
  const base = readContract()
  const leaving = new AbortController()
  const access = createAccessWatch({ ...options, heartbeatMs: settings.heartbeatMs })
  const waits = { engine, settings, leaving: leaving.signal, access }
  const tellLeftOut = createTellLeftOut(options.telemetry)
  const mcp: McpDoor = { ...waits, tellLeftOut, version: String((base.info as JsonObject).version) }
  const router = await createRouter({
    definition: base,
    authenticate: guarded(exchange => authenticated(options, exchange), settings),
    admit: createAdmission(settings),
    operations: {
      ...actionOperations(waits),
      ...batchOperations(waits),
      ...runOperations(waits),
      ...botOperations(engine, settings),
      ...sessionOperations(engine),
      ...callbackOperations(engine.callbacks),
      ...documentOperations({ base, catalog: engine.catalog, serverUrl: settings.publicUrl ?? '/', tellLeftOut }),
      ...toolOperations(engine.catalog, tellLeftOut),
      ...mcpOperation(mcp),
      ...changesOperation(mcp),
      ...metadataOperations(settings, engine.catalog),
      ...docsOperation(),
      ...serviceOperations(options)
    }
  })
  const door: Door = { ...options, router, exposed: exposedHeaders(base), draining: false }
  return {
    listener: application(door),
    drain: () => {
      door.draining = true
    },
    release: () => leaving.abort()
  }
}

/** What the contract names, what HTTP itself says, and the session of MCP. */
const exposedHeaders = ({ components }: JsonObject): readonly string[] => [
  ...new Set([...Object.keys((components as JsonObject).headers as JsonObject), 'Allow', 'Content-Encoding', 'Date', 'Mcp-Session-Id'])
]

const ofMcp: ReadonlySet<string> = new Set(['callMcp', 'listenMcp'])
/** Some hosts carry settings of their own in the address of an MCP server: nothing here is asked by a query. */
const takesAnyQuery: ReadonlySet<string> = new Set([...ofMcp, 'getResourceMetadata', 'getMcpResourceMetadata'])

/** An MCP client learns from the challenge where to get a token. */
async function authenticated({ authenticate, settings }: GatewayOptions, exchange: Exchange): Promise<Caller | undefined> {
  const { response, headers, route } = exchange
  // RFC 6750, section 3.1: no error code for who has tried nothing.
  const problem = headers.authorization === undefined ? {} : { error: 'invalid_token' }
  const refuse = () =>
    response.setHeader(
      'www-authenticate',
      challenge({ ...(ofMcp.has(route.operationId) && metadataAddress(settings, exchange)), ...problem })
    )
  try {
    const caller = await authenticate(headers.authorization)
    if (caller === undefined) refuse()
    return caller
  } catch (error) {
    if (error instanceof RetrofitError && error.status === 401) refuse()
    throw error
  }
}

function application(door: Door): RequestListener {
  const app = express()
  app.disable('x-powered-by').disable('etag').set('query parser', false)
  app.use((_request, response, next) => {
    for (const [name, value] of securityHeaders) response.setHeader(name, value)
    next()
  })
  compressAnswers(app)
  app.use(openTo({ origins: door.settings.corsOrigins, exposed: door.exposed }))
  const checkHost = createCheckHost(door.settings)
  app.use((request, _response, next) => {
    checkExpectations(request)
    checkHost(request)
    next()
  })
  serveDocsFiles(app)
  app.use((request, response) => serve(door, request, response))
  const failed: ErrorRequestHandler = (error, _request, response, _next) => refuse(door, response, asBadUrl(error))
  app.use(failed)
  return app
}

/** express refuses a path with a broken escape by itself. */
const asBadUrl = (error: unknown): unknown =>
  !(error instanceof RetrofitError) && (error as { status?: number }).status === 400
    ? new RetrofitError('invalid_request', { detail: 'The path holds a broken percent escape' })
    : error

async function serve(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const receivedAt = performance.now()
  let exchange: Exchange | undefined
  try {
    exchange = open(door, request, response, receivedAt)
    if (exchange !== undefined) await door.router.serve(exchange)
  } catch (error) {
    exchange?.span?.fail(error)
    if (request.method === 'OPTIONS' && error instanceof NotAllowed) response.writeHead(204, { allow: error.allow }).end()
    else refuse(door, response, error)
  } finally {
    if (exchange !== undefined) finish(door, exchange)
  }
}

/** Undefined: answered already. */
function open(door: Door, request: IncomingMessage, response: ServerResponse, receivedAt: number): Exchange | undefined {
  const url = request.url ?? '/'
  if (url.length > maxUrlLength) throw new RetrofitError('uri_too_long', { detail: `The address is over ${maxUrlLength} bytes` })
  const method = request.method ?? 'GET'
  const [path = '/', search = ''] = split(url)
  const { route, params } = door.router.match(method, path)
  if (door.draining && route.operationId !== 'getHealth') {
    response.setHeader('connection', 'close')
    throw new RetrofitError('not_ready', { detail: 'The service is shutting down', retryAfterMs: 2_000 })
  }
  const query = takesAnyQuery.has(route.operationId) ? {} : queryOf(search)
  const span = quiet.has(route.operationId) ? undefined : startSpan(door.telemetry, request, { route, params })
  return { request, response, receivedAt, method, path, query, headers: request.headers, route, params, span }
}

/** The path and the query; an address in absolute form loses its origin (RFC 9112, 3.2.2). */
function split(url: string): readonly [string, string] {
  const rest = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?#]*/i, '') || '/'
  const mark = rest.indexOf('?')
  return mark < 0 ? [rest, ''] : [rest.slice(0, mark), rest.slice(mark + 1)]
}

function queryOf(search: string): Record<string, string | readonly string[]> {
  const query: Record<string, string | readonly string[]> = {}
  if (search === '') return query
  for (const [name, value] of new URLSearchParams(search)) {
    const before = Object.hasOwn(query, name) ? query[name] : undefined
    const now = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value]
    Object.defineProperty(query, name, { value: now, enumerable: true, configurable: true, writable: true })
  }
  return query
}

function startSpan(
  telemetry: Telemetry,
  { headers, method = '' }: IncomingMessage,
  { route, params }: { route: Route; params: object }
): Span {
  const traceparent = headers.traceparent as string | undefined
  const action = (params as { action?: string }).action
  return telemetry.startSpan(`${route.method} ${route.path}`, {
    kind: 'server',
    parent: parseTraceparent(traceparent) === undefined ? undefined : traceparent,
    attributes: {
      'http.request.method': method,
      'http.route': route.path,
      ...(action === undefined ? {} : { 'retrofit.action': action.slice(0, 64) })
    }
  })
}

function finish({ telemetry }: Door, { span, route, response, receivedAt }: Exchange): void {
  if (span === undefined) return
  span.set({ 'http.response.status_code': response.statusCode })
  span.end()
  if (route.operationId !== 'watchRun')
    telemetry.hop('request', performance.now() - receivedAt, { operation: route.operationId, status: response.statusCode })
}

function refuse({ telemetry }: Door, response: ServerResponse, error: unknown): void {
  const { problem, retryAfterMs } = problemOfError(error)
  if (!(error instanceof RetrofitError)) telemetry.log.error({ err: error }, 'a request failed')
  else if (error.status >= 500 && error.cause !== undefined) telemetry.log.warn({ err: error.cause, code: error.code }, error.message)
  if (response.headersSent) {
    response.destroy()
    return
  }
  sendProblem(response, problem, { retryAfterMs, ...(error instanceof NotAllowed ? { headers: { allow: error.allow } } : {}) })
}
