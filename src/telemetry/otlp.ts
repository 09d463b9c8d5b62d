/** Export over OTLP/HTTP. Heavy, so imported only where an endpoint is set; the exporters read the other `OTEL_*` themselves. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import type { Resource } from '@opentelemetry/resources'
import { type MetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { Logger } from 'pino'
import { recordedSpan } from './recorded-span.ts'
import { seldom } from './seldom.ts'
import type { Telemetry } from './telemetry.ts'

export interface OtlpOptions {
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly metricIntervalMs: number
  readonly resource: Resource
  readonly log: Logger
}

export interface Otlp extends Pick<Telemetry, 'startSpan' | 'close'> {
  readonly reader: MetricReader
}

export function openOtlp({ endpoint, headers, metricIntervalMs, resource, log }: OtlpOptions): Otlp {
  const warn = seldom(log)
  const to = (signal: string) => ({ url: `${endpoint.replace(/(?<!\/)\/+$/, '')}/v1/${signal}`, headers: { ...headers } })
  const spans = watched(new OTLPTraceExporter(to('traces')), error => warn(error, 'spans could not be exported'))
  const metrics = watched(new OTLPMetricExporter(to('metrics')), error => warn(error, 'metrics could not be exported'))
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(spans)] })
  const tracer = provider.getTracer('retrofit')
  return {
    reader: new PeriodicExportingMetricReader({
      exporter: metrics,
      exportIntervalMillis: metricIntervalMs,
      exportTimeoutMillis: Math.min(metricIntervalMs, 10_000)
    }),
    startSpan: (name, options) => recordedSpan(tracer, name, options),
    close: () => provider.shutdown()
  }
}

interface Exporter<Batch> {
  export(batch: Batch, done: (result: { code: number; error?: Error }) => void): void
}

/** The SDK keeps the failures of an export to itself. */
function watched<Batch, T extends Exporter<Batch>>(exporter: T, failed: (error: unknown) => void): T {
  const inner = exporter.export.bind(exporter)
  exporter.export = (batch, done) =>
    inner(batch, result => {
      if (result.code !== 0) failed(result.error)
      done(result)
    })
  return exporter
}
