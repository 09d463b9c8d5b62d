export interface GatewaySettings {
  /** Where it listens. */
  readonly host: string
  readonly maxBodyBytes: number
  /** How long a call waits for its run when the caller says nothing. */
  readonly defaultWaitMs: number
  /** The longest wait that a caller can ask for. */
  readonly maxWaitMs: number
  /** Calls of one key in a second, over all operations; 0: no limit. */
  readonly maxCallsPerSecond: number
  /** Keys from one address that may be refused in a minute; 0: no limit. */
  readonly maxFailedAuthentications: number
  /** That stand in front and add to X-Forwarded-For; 0: the header is not believed. */
  readonly proxies: number
  /** How long `close` lets waiting callers wait on. */
  readonly drainMs: number
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number
  /** A comment on an idle event stream. */
  readonly heartbeatMs: number
  /** What the published document says as its server; a request's Host header is not believed. */
  readonly publicUrl?: string
  /** Whose access tokens are accepted, as the protected-resource metadata says. */
  readonly issuer?: string
  /** How long an MCP client waits for a tool; most give up after 60 s. */
  readonly mcpWaitMs: number
  /** When a call becomes a task, for MCP clients that know tasks. */
  readonly mcpTaskAfterMs: number
  /** More actions than that are searched, not listed. */
  readonly mcpToolLimit: number
  /** Of JSON: an output schema that is longer stands in no list of tools. */
  readonly mcpOutputCharacters: number
  /** Tokens of a result that a model reads, over MCP and as text; what is longer is cut. 0: no limit. */
  readonly resultTokens: number
  /** Names beside loopback, `host` and `publicUrl` under which this service may be reached; `*.bank.example` for all below. */
  readonly mcpHosts: readonly string[]
  /** Origins whose pages may call from a browser. */
  readonly corsOrigins: readonly string[]
  /** Bots that are taken over HTTP: none, those of keys with all scopes, or every tenant's own. */
  readonly botsOverHttp: 'off' | 'admin' | 'tenant'
  /** Safeguards that are off, for whoever asks whether it is ready. */
  readonly warnings: readonly string[]
}

export const defaultGatewaySettings: GatewaySettings = {
  host: '127.0.0.1',
  maxBodyBytes: 1_048_576,
  defaultWaitMs: 25_000,
  maxWaitMs: 300_000,
  maxCallsPerSecond: 1_000,
  maxFailedAuthentications: 100,
  proxies: 0,
  drainMs: 10_000,
  requestTimeoutMs: 30_000,
  heartbeatMs: 15_000,
  mcpWaitMs: 45_000,
  mcpTaskAfterMs: 2_000,
  mcpToolLimit: 60,
  mcpOutputCharacters: 200,
  resultTokens: 20_000,
  mcpHosts: [],
  corsOrigins: [],
  botsOverHttp: 'admin',
  warnings: []
}
