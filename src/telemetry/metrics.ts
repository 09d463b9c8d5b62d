import type { Histogram, ObservableGauge } from '@opentelemetry/api'
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import type { Resource } from '@opentelemetry/resources'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import type { Logger } from 'pino'
import type { Run } from '../core/types.ts'
import { labelSets } from './label-sets.ts'
import { seldom } from './seldom.ts'
import type { Attributes, Hop, Telemetry } from './telemetry.ts'

const scrapeTimeoutMs = 2_000
/** From a hop within one process to a slow screen. */
const boundaries = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000]

/** Read by `metricsText` alone: no server of its own. */
class TextReader extends MetricReader {
  override onForceFlush = () => Promise.resolve()
  override onShutdown = () => Promise.resolve()
}

export interface MetricsOptions {
  readonly resource: Resource
  /** Beside the Prometheus text. */
  readonly readers: readonly MetricReader[]
  readonly log: Logger
}

export interface Metrics extends Pick<Telemetry, 'hop' | 'gauge' | 'metricsText' | 'close'> {
  countRun(run: Run): void
}

export function openMetrics({ resource, readers, log }: MetricsOptions): Metrics {
  const reader = new TextReader()
  const provider = new MeterProvider({ resource, readers: [reader, ...readers] })
  const meter = provider.getMeter('retrofit')
  const serializer = new PrometheusSerializer('', false, undefined, false, true)
  const runs = meter.createCounter('retrofit_runs_total', { description: 'Runs that ended, by action, final status and effect.' })
  const effects = meter.createCounter('retrofit_effects_total', { description: 'Effects of the runs that ended, by action and kind.' })
  const hops = meter.createHistogram('retrofit_hop_duration_milliseconds', {
    description: 'How long each hop of a call took.',
    unit: 'ms',
    advice: { explicitBucketBoundaries: boundaries }
  })
  const gauges = new Map<string, ObservableGauge>()
  const warn = seldom(log)
  return {
    hop: recordHop(hops),
    countRun({ action, status, effect }) {
      runs.add(1, { action, status, effect })
      effects.add(1, { action, effect })
    },
    gauge(name, description, read) {
      const gauge = gauges.get(name) ?? meter.createObservableGauge(name, { description })
      gauges.set(name, gauge)
      gauge.addCallback(async result => {
        const rows = await read().catch(error => warn(error, `the gauge ${name} could not be read`))
        for (const [attributes, value] of rows ?? []) result.observe(value, attributes)
      })
    },
    async metricsText() {
      const { resourceMetrics, errors } = await reader.collect({ timeoutMillis: scrapeTimeoutMs })
      for (const error of errors) warn(error, 'a gauge did not answer in time')
      return `${serializer.serialize(resourceMetrics).trimEnd()}\n`
    },
    close: () => provider.shutdown()
  }
}

function recordHop(hops: Histogram): (hop: Hop, durationMs: number, attributes?: Attributes) => void {
  const labels = labelSets()
  return (hop, durationMs, attributes) => hops.record(durationMs, labels(hop, attributes))
}
