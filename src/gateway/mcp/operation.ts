/** POST /mcp: MCP over Streamable HTTP, revision 2026-07-28 and those of 2025 that clients speak. */
import type { AuthInfo, McpHttpHandler } from '@modelcontextprotocol/server'
import type { JsonObject } from '../../core/types.ts'
import { missingScopes } from '../../governance/scopes.ts'
import { lacks } from '../access.ts'
import { callerOf, type Exchange } from '../exchange.ts'
import type { Handle } from '../router.ts'
import type { McpDoor } from './door.ts'
import { checkOrigin } from './guard.ts'
import { challenge, metadataAddress } from './metadata.ts'
import { openCalls } from './open-calls.ts'
import type { Asking } from './open-server.ts'

type NodeRequest = Parameters<NodeHandler>[0]
type NodeHandler = ReturnType<typeof import('@modelcontextprotocol/node').toNodeHandler>

export function mcpOperation(door: McpDoor): Record<'callMcp', Handle> {
  let opened: Promise<NodeHandler> | undefined
  const cancelledOf = openCalls()
  return {
    async callMcp(exchange) {
      const { request, response, headers, body } = exchange
      checkOrigin(headers, door.settings)
      checkScopes(door, exchange)
      await countListening(door, exchange)
      opened ??= open(door)
      const handle = await opened
      await handle(Object.assign(request, { auth: authOf(exchange, cancelledOf(exchange)) }) as NodeRequest, response, body)
    }
  }
}

/** A listening request is answered by a stream, which lasts as long as its client. */
async function countListening({ engine }: McpDoor, exchange: Exchange): Promise<void> {
  if (exchange.body?.method !== 'subscriptions/listen') return
  const release = await engine.stream(callerOf(exchange))
  if (exchange.response.destroyed) release()
  else exchange.response.once('close', release)
}

/** Loaded with the first request: most starts do not need it. */
async function open(door: McpDoor): Promise<NodeHandler> {
  const [{ createMcpHandler }, { toNodeHandler }, { openServer }] = await Promise.all([
    import('@modelcontextprotocol/server'),
    import('@modelcontextprotocol/node'),
    import('./open-server.ts')
  ])
  const handler: McpHttpHandler = createMcpHandler(({ authInfo, era }) => openServer(door, authInfo?.extra as unknown as Asking, era))
  const off = door.engine.catalog.onChange(() => handler.notify.toolsChanged())
  door.leaving.addEventListener('abort', () => {
    off()
    void handler.close()
  })
  return toNodeHandler(handler)
}

/** The SDK carries it to where the server is made. */
function authOf(exchange: Exchange, cancelled: AbortSignal | undefined): AuthInfo {
  const caller = callerOf(exchange)
  return {
    token: '',
    clientId: caller.clientId,
    scopes: [...caller.scopes],
    extra: { caller, traceparent: exchange.span?.traceparent, cancelled } satisfies Asking
  }
}

/** A client can only ask its user for more scopes when it is told by status and header. */
function checkScopes({ engine, settings }: McpDoor, exchange: Exchange): void {
  const { method, params } = (exchange.body ?? {}) as { method?: unknown; params?: JsonObject }
  if (method !== 'tools/call' || typeof params?.name !== 'string') return
  const action = engine.catalog.action(params.name)?.action
  const missing = action === undefined ? [] : missingScopes(callerOf(exchange).scopes, action.scopes)
  if (missing.length === 0) return
  exchange.response.setHeader(
    'www-authenticate',
    challenge({ ...metadataAddress(settings, exchange), error: 'insufficient_scope', scope: missing.join(' ') })
  )
  throw lacks(missing)
}
