import type { Run } from '../../src/core/types.ts'
import { openTelemetry, type TelemetryOptions } from '../../src/telemetry/open-telemetry.ts'

export const callerParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

/** Keeps the log lines in memory. */
export function memoryLog() {
  const lines: string[] = []
  return {
    lines,
    destination: { write: (line: string) => void lines.push(line) },
    records: () => lines.map(line => JSON.parse(line) as Record<string, unknown>)
  }
}

export const open = (options: Partial<TelemetryOptions> = {}) =>
  openTelemetry({ service: 'retrofit', version: '1.2.3', logLevel: 'info', logDestination: memoryLog().destination, ...options })

export const endedRun: Run = {
  id: 'run_1',
  revision: 4,
  tenant: 'acme',
  subject: 'ada',
  clientId: 'cli',
  bot: 'teller',
  botDigest: 'd',
  action: 'teller_transfer',
  actionEffect: 'irreversible',
  input: { account: 'PLANTED-INPUT' },
  status: 'completed',
  effect: 'committed',
  attempt: 2,
  reference: 'R1',
  createdAt: 1_000,
  updatedAt: 1_900,
  startBy: 5_000,
  deadlineAt: 6_000,
  notBefore: 1_000,
  dueAt: null,
  probes: 0,
  endedAt: 1_750,
  ttlMs: 1,
  output: { confirmation: 'PLANTED-OUTPUT' },
  steps: [],
  artifacts: [],
  history: [],
  traceparent: callerParent
}
