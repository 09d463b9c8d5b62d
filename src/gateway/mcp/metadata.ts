/** OAuth protected-resource metadata (RFC 9728), and the challenge that leads a client to it. */
import type { JsonObject } from '../../core/types.ts'
import type { Catalog } from '../../engine/engine.ts'
import type { Exchange } from '../exchange.ts'
import { sendJson } from '../exchange.ts'
import type { Handle } from '../router.ts'
import type { GatewaySettings } from '../settings.ts'

const path = '/.well-known/oauth-protected-resource'

/** Without a public address: the one that the client used, which is one of ours. */
const baseOf = ({ publicUrl }: GatewaySettings, { headers }: Exchange): string =>
  publicUrl?.replace(/(?<!\/)\/+$/, '') ?? `http://${headers.host ?? 'localhost'}`

export function metadataOperations(
  settings: GatewaySettings,
  catalog: Catalog
): Record<'getResourceMetadata' | 'getMcpResourceMetadata', Handle> {
  const send: Handle = exchange => sendJson(exchange.response, 200, metadataOf(settings, catalog, exchange))
  return { getResourceMetadata: send, getMcpResourceMetadata: send }
}

/** The resource is named as the client that asks names it, with or without a slash at the end: some compare the two (section 3.3). */
const metadataOf = (settings: GatewaySettings, catalog: Catalog, exchange: Exchange): JsonObject => ({
  resource: `${baseOf(settings, exchange)}/mcp${exchange.path.endsWith('/mcp/') ? '/' : ''}`,
  resource_name: 'Retrofit',
  bearer_methods_supported: ['header'],
  // Who has no token yet asks for these scopes; keys get theirs by hand.
  ...(settings.issuer !== undefined && { authorization_servers: [settings.issuer], scopes_supported: scopesOf(catalog) })
})

const scopesOf = (catalog: Catalog): readonly string[] =>
  [...new Set(catalog.entries().flatMap(({ bot }) => bot.actions.flatMap(({ scopes }) => scopes)))].sort()

/** RFC 9728, section 5.1. */
export const metadataAddress = (settings: GatewaySettings, exchange: Exchange): { readonly resource_metadata: string } => ({
  resource_metadata: `${baseOf(settings, exchange)}${path}/mcp${exchange.path === '/mcp/' ? '/' : ''}`
})

/** The value of WWW-Authenticate: RFC 6750, section 3. */
export function challenge(parts: Readonly<Record<string, string>>): string {
  const written = Object.entries(parts).map(([name, value]) => `${name}="${value.replaceAll(/["\\\r\n]/g, '')}"`)
  return ['Bearer realm="retrofit"', ...written].join(', ')
}
