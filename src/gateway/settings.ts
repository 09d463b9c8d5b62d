export interface GatewaySettings {
  readonly maxBodyBytes: number
  /** How long a call waits for its run when the caller says nothing. */
  readonly defaultWaitMs: number
  /** The longest wait that a caller can ask for. */
  readonly maxWaitMs: number
  /** Calls of one key in a second, over all operations; 0: no limit. */
  readonly maxCallsPerSecond: number
  /** How long `close` lets waiting callers wait on. */
  readonly drainMs: number
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number
  /** A comment on an idle event stream. */
  readonly heartbeatMs: number
  /** What the published document says as its server; a request's Host header is not believed. */
  readonly publicUrl?: string
}

export const defaultGatewaySettings: GatewaySettings = {
  maxBodyBytes: 1_048_576,
  defaultWaitMs: 25_000,
  maxWaitMs: 300_000,
  maxCallsPerSecond: 1_000,
  drainMs: 10_000,
  requestTimeoutMs: 30_000,
  heartbeatMs: 15_000
}
