/** OAuth protected-resource metadata (RFC 9728), and the challenge that leads a client to it. */
import type { JsonObject } from '../../core/types.ts'
import type { Exchange } from '../exchange.ts'
import { sendJson } from '../exchange.ts'
import type { Handle } from '../router.ts'
import type { GatewaySettings } from '../settings.ts'

const path = '/.well-known/oauth-protected-resource'

/** Without a public address: the one that the client used, which `checkOrigin` knows. */
const baseOf = ({ publicUrl }: GatewaySettings, { headers }: Exchange): string =>
  publicUrl?.replace(/\/+$/, '') ?? `http://${headers.host ?? 'localhost'}`

export function metadataOperations(settings: GatewaySettings): Record<'getResourceMetadata' | 'getMcpResourceMetadata', Handle> {
  const send: Handle = exchange => sendJson(exchange.response, 200, metadataOf(settings, exchange))
  return { getResourceMetadata: send, getMcpResourceMetadata: send }
}

const metadataOf = (settings: GatewaySettings, exchange: Exchange): JsonObject => ({
  resource: `${baseOf(settings, exchange)}/mcp`,
  resource_name: 'Retrofit',
  bearer_methods_supported: ['header']
})

/** RFC 9728, section 5.1. */
export function challenge(settings: GatewaySettings, exchange: Exchange, more: Readonly<Record<string, string>> = {}): string {
  const parts = { resource_metadata: `${baseOf(settings, exchange)}${path}/mcp`, ...more }
  const written = Object.entries(parts).map(([name, value]) => `${name}="${value.replaceAll(/["\\\r\n]/g, '')}"`)
  return `Bearer realm="retrofit", ${written.join(', ')}`
}
