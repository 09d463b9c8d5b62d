/** POST /mcp: MCP over Streamable HTTP, revision 2026-07-28 and those of 2025 that clients speak. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuthInfo } from '@modelcontextprotocol/server'
import { RetrofitError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/types.ts'
import { missingScopes } from '../../governance/scopes.ts'
import { lacks } from '../access.ts'
import { sendAsItIs, sendSecretsAsTheyAre } from '../bytes.ts'
import { sessionIdOf } from '../call-headers.ts'
import { farewell } from '../event-stream.ts'
import { callerOf, type Exchange } from '../exchange.ts'
import type { Handle } from '../router.ts'
import { answerFormOf, takesStream } from './answer-form.ts'
import type { McpDoor } from './door.ts'
import { challenge, metadataAddress } from './metadata.ts'
import { openCalls } from './open-calls.ts'
import type { Serving } from './serve-messages.ts'
import type { McpBody } from './take-messages.ts'

const lastAnswerMs = 300

type NodeRequest = Parameters<NodeHandler>[0]
type NodeHandler = ReturnType<typeof import('@modelcontextprotocol/node').toNodeHandler>

export function mcpOperation(door: McpDoor): Record<'callMcp', Handle> {
  let opened: Promise<NodeHandler> | undefined
  const cancelledOf = openCalls()
  return {
    async callMcp(exchange) {
      const { request, response } = exchange
      const body = exchange.mcp ?? { messages: [], isBatch: false }
      for (const { message } of body.messages) {
        checkScopes(door, exchange, message)
        keepSecrets(door, exchange, message)
      }
      await countListening(door, exchange, body)
      opened ??= open(door)
      const handle = await opened
      const access = door.access.follow(exchange)
      const calls = new Map(
        body.messages.map(({ message, inexact }) => [message.id, { inexact, cancelled: cancelledOf(exchange, message) }])
      )
      const auth = authOf(exchange, { calls, access, isBatch: body.isBatch })
      const messages = body.messages.map(({ message }) => message)
      const handled = handle(Object.assign(request, { auth }) as NodeRequest, response, body.isBatch ? messages : (messages[0] ?? {}))
      await orRefused(handled, response, access)
    }
  }
}

const lists: ReadonlySet<unknown> = new Set(['initialize', 'server/discover', 'tools/list', 'resources/list', 'resources/templates/list'])

/** Of the answers that are compressed, none shows a secret. */
function keepSecrets({ engine }: McpDoor, exchange: Exchange, message: JsonObject): void {
  const { method, params } = message as { method?: unknown; params?: JsonObject }
  if (lists.has(method)) return
  if (method !== 'tools/call') sendAsItIs(exchange.response)
  else sendSecretsAsTheyAre(exchange.response, engine.catalog.action(String(params?.name), callerOf(exchange).tenant)?.action)
}

/** A listening request is answered by a stream, which lasts as long as its client. */
async function countListening({ engine }: McpDoor, exchange: Exchange, { messages }: McpBody): Promise<void> {
  if (!messages.some(({ message }) => message.method === 'subscriptions/listen')) return
  if (!takesStream(exchange.headers.accept))
    throw new RetrofitError('not_acceptable', { detail: 'The answer is text/event-stream', hint: 'Send Accept: text/event-stream.' })
  const release = await engine.stream(callerOf(exchange))
  if (exchange.response.destroyed) release()
  else exchange.response.once('close', release)
}

/** Loaded with the first request: most starts do not need it. */
async function open(door: McpDoor): Promise<NodeHandler> {
  const [{ toNodeHandler }, { serveMessages }] = await Promise.all([import('@modelcontextprotocol/node'), import('./serve-messages.ts')])
  return toNodeHandler(serveMessages(door))
}

/** The SDK carries it to where the server is made. */
function authOf(exchange: Exchange, asked: Pick<Serving, 'calls' | 'access' | 'isBatch'>): AuthInfo {
  const caller = callerOf(exchange)
  const { span, response, headers } = exchange
  return {
    token: '',
    clientId: caller.clientId,
    scopes: [...caller.scopes],
    extra: {
      caller,
      traceparent: span?.traceparent,
      form: answerFormOf(headers.accept),
      session: sessionIdOf(headers, {}, undefined),
      response,
      ...asked
    } satisfies Serving
  }
}

/** A client that listens or waits is sent away when its key or token ends: by status where there is no answer yet, else by a last event. */
async function orRefused(handled: Promise<void>, response: Exchange['response'], access: AbortSignal): Promise<void> {
  const refused = new Promise<RetrofitError>(resolve => access.addEventListener('abort', () => resolve(access.reason), { once: true }))
  const refusal = await Promise.race([handled, refused])
  if (refusal === undefined) return
  // Anything that the SDK still writes after the last event is lost.
  response.on('error', () => undefined)
  const over = handled.catch(() => undefined)
  if (!response.headersSent) throw whileCalling(refusal)
  // A tool says it in its own answer, which comes at once; what only listens has none.
  await Promise.race([over, sleep(lastAnswerMs, undefined, { ref: false })])
  if (!response.writableEnded) response.end(farewell(access))
}

const whileCalling = ({ code, message }: RetrofitError): RetrofitError =>
  new RetrofitError(code, {
    detail: message,
    effect: 'unknown',
    hint: 'A call that was under way goes on. Get a new key or token, and send it again with the same idempotency key.'
  })

/** A client can only ask its user for more scopes when it is told by status and header. */
function checkScopes({ engine, settings }: McpDoor, exchange: Exchange, message: JsonObject): void {
  const { method, params } = message as { method?: unknown; params?: JsonObject }
  if (method !== 'tools/call' || typeof params?.name !== 'string') return
  const action = engine.catalog.action(params.name, callerOf(exchange).tenant)?.action
  const missing = action === undefined ? [] : missingScopes(callerOf(exchange).scopes, action.scopes)
  if (missing.length === 0) return
  exchange.response.setHeader(
    'www-authenticate',
    challenge({ ...metadataAddress(settings, exchange), error: 'insufficient_scope', scope: missing.join(' ') })
  )
  throw lacks(missing)
}
