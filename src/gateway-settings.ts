/** What the gateway takes of the settings of the process. */
import type { Settings } from './config.ts'
import type { Notice } from './core/adapter.ts'
import type { GatewaySettings } from './gateway/settings.ts'

export const gatewaySettingsOf = (settings: Settings, notices: readonly Notice[]): Partial<GatewaySettings> => ({
  maxBodyBytes: settings.MAX_BODY_BYTES,
  defaultWaitMs: settings.WAIT_MS,
  maxCallsPerSecond: settings.RATE_LIMIT,
  maxFailedAuthentications: settings.AUTH_FAILURES,
  proxies: settings.TRUST_PROXY,
  drainMs: settings.SHUTDOWN_GRACE_MS,
  mcpToolLimit: settings.MCP_TOOL_LIMIT,
  mcpOutputCharacters: settings.MCP_OUTPUT_CHARACTERS,
  resultTokens: settings.RESULT_TOKENS,
  mcpHosts: namesIn(settings.MCP_HOSTS),
  corsOrigins: settings.CORS_ORIGINS,
  botsOverHttp: settings.BOTS_OVER_HTTP,
  warnings: notices.flatMap(({ severity, message }) => (severity === 'warning' ? [message] : [])),
  ...(settings.PUBLIC_URL === '' ? {} : { publicUrl: settings.PUBLIC_URL }),
  ...(settings.OIDC_ISSUER === '' ? {} : { issuer: settings.OIDC_ISSUER })
})

/** A list with commas. */
export const namesIn = (list: string): readonly string[] =>
  list
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
