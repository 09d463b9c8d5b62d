/**
 * The protocol itself, by the SDK: a request is served in the revision that it is written in, and answered in the form that its client
 * takes. The SDK wants both forms named before it answers clients of 2025; here one is enough.
 */
import type { ServerResponse } from 'node:http'
import {
  createMcpHandler,
  isLegacyRequest,
  type McpHttpHandler,
  WebStandardStreamableHTTPServerTransport
} from '@modelcontextprotocol/server'
import type { McpDoor } from './door.ts'
import { type Asking, openServer } from './open-server.ts'
import { watchList } from './watch-list.ts'

export interface Serving extends Asking {
  readonly isBatch: boolean
  readonly response: ServerResponse
}

export type ServeMessages = Pick<McpHttpHandler, 'fetch'>
type Options = NonNullable<Parameters<McpHttpHandler['fetch']>[1]>

const servingOf = ({ authInfo }: Options): Serving => authInfo?.extra as unknown as Serving

export function serveMessages(door: McpDoor): ServeMessages {
  const make = (responseMode: 'sse' | 'auto'): McpHttpHandler =>
    createMcpHandler(({ authInfo, era }) => openServer(door, authInfo?.extra as unknown as Asking, era), { legacy: 'reject', responseMode })
  // To a client that takes no stream nothing is told before the answer, which is JSON then.
  const [stream, auto] = [make('sse'), make('auto')]
  door.leaving.addEventListener('abort', () => {
    for (const handler of [stream, auto]) void handler.close()
  })
  return {
    async fetch(request, options = {}) {
      if (await isLegacyRequest(request, options.parsedBody)) return serveLegacy(door, request, options)
      const { method } = options.parsedBody as { readonly method?: unknown }
      if (method === 'subscriptions/listen') return listen(door, { request, options, handler: make('sse') })
      return (servingOf(options).form === 'stream' ? stream : auto).fetch(request, options)
    }
  }
}

/** A server for this request alone, as each of the later revision has one. */
async function serveLegacy(door: McpDoor, request: Request, options: Options): Promise<Response> {
  const { isBatch, response, ...asking } = servingOf(options)
  const isJson = asking.form === 'json'
  const server = openServer(door, asking, 'legacy')
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: isJson })
  response.once('close', () => void server.close().catch(() => undefined))
  await server.connect(transport)
  const headers = new Headers(request.headers)
  headers.set('accept', 'application/json, text/event-stream')
  const answer = await transport.handleRequest(new Request(request.url, { method: 'POST', headers, signal: request.signal }), options)
  return isBatch && isJson && answer.status === 200 ? asList(answer) : answer
}

/** The SDK answers a batch of one request by its answer alone (JSON-RPC 2.0, section 6). */
async function asList(answer: Response): Promise<Response> {
  const value: unknown = await answer.json()
  return Response.json(Array.isArray(value) ? value : [value], { status: answer.status, headers: answer.headers })
}

interface Listening {
  readonly request: Request
  readonly options: Options
  readonly handler: McpHttpHandler
}

/** A handler of its own: what one client hears is not for others. */
function listen(door: McpDoor, { request, options, handler }: Listening): Promise<Response> {
  const { caller, response } = servingOf(options)
  const off = watchList(door, { caller, tell: () => handler.notify.toolsChanged() })
  const close = (): void => void handler.close()
  door.leaving.addEventListener('abort', close)
  response.once('close', () => {
    off()
    door.leaving.removeEventListener('abort', close)
    close()
  })
  return handler.fetch(request, options)
}
