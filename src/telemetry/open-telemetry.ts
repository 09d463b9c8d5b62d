import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { defaultResource, detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources'
import type { Logger } from 'pino'
import { traceIdOf } from '../core/trace-context.ts'
import type { Run } from '../core/types.ts'
import { type LogOptions, openLog } from './log.ts'
import { openMetrics } from './metrics.ts'
import { processGauges } from './process-gauges.ts'
import type { Telemetry } from './telemetry.ts'
import { unrecordedSpan } from './unrecorded-span.ts'

export interface TelemetryOptions extends Omit<LogOptions, 'service'> {
  readonly service: 'retrofit'
  readonly version: string
  /** The base, as `OTEL_EXPORTER_OTLP_ENDPOINT` has it; `/v1/traces` and `/v1/metrics` are added. Absent: nothing is exported. */
  readonly otlpEndpoint?: string | undefined
  /** Beside those of `OTEL_EXPORTER_OTLP_HEADERS`. */
  readonly otlpHeaders?: Readonly<Record<string, string>>
  readonly metricIntervalMs?: number
  /** How long `close` waits for a collector that does not answer. */
  readonly closeTimeoutMs?: number
}

export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { log, close: closeLog } = openLog(options)
  const resource = describe(options)
  const otlp = await openExport(options, resource, log)
  const metrics = openMetrics({ resource, readers: otlp === undefined ? [] : [otlp.reader], log })
  const gauges = processGauges(metrics)
  return {
    log,
    startSpan: otlp?.startSpan ?? unrecordedSpan,
    hop: metrics.hop,
    runEnded(run) {
      metrics.countRun(run)
      logRun(log, run)
    },
    gauge: metrics.gauge,
    metricsText: metrics.metricsText,
    async close() {
      gauges.stop()
      const closed = Promise.allSettled([otlp?.close(), metrics.close()])
      await Promise.race([closed, sleep(options.closeTimeoutMs ?? 3_000, undefined, { ref: false })])
      await closeLog()
    }
  }
}

async function openExport(options: TelemetryOptions, resource: Resource, log: Logger) {
  const { otlpEndpoint: endpoint, otlpHeaders: headers = {}, metricIntervalMs = 60_000 } = options
  if (endpoint === undefined || endpoint === '') return undefined
  const { openOtlp } = await import('./otlp.ts')
  return openOtlp({ endpoint, headers, metricIntervalMs, resource, log })
}

/** `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` have the last word. */
function describe({ service, version }: TelemetryOptions): Resource {
  const own = { 'service.name': service, 'service.version': version, 'service.instance.id': randomUUID(), 'process.pid': process.pid }
  return defaultResource()
    .merge(resourceFromAttributes(own))
    .merge(detectResources({ detectors: [envDetector] }))
}

const levels: Partial<Record<Run['status'], 'warn'>> = { failed: 'warn', outcome_unknown: 'warn' }

/** The one line of a run. Never its input or output, nor the error's detail: those may hold what must not be read here. */
function logRun(log: Logger, { id: runId, traceparent, action, bot, status, effect, attempt, createdAt, endedAt, updatedAt, error }: Run) {
  const durationMs = (endedAt ?? updatedAt) - createdAt
  const code = error === undefined ? undefined : { code: error.code }
  log[levels[status] ?? 'info'](
    { runId, traceId: traceIdOf(traceparent), action, bot, status, effect, attempt, durationMs, ...code },
    'run ended'
  )
}
