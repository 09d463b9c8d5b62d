/** Spans, metrics and log lines behind one small face. Explicit parents: a span is named by its `traceparent`, here and in another process. */
import type { Logger } from 'pino'
import type { Run } from '../core/types.ts'

export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface Span {
  /** Of this span: what its children and the next process take as parent. */
  readonly traceparent: string
  set(attributes: Attributes): void
  fail(error: unknown): void
  end(): void
}

export interface SpanOptions {
  /** A traceparent; absent: a new trace. */
  readonly parent?: string | undefined
  readonly kind?: 'server' | 'client' | 'producer' | 'consumer' | 'internal'
  readonly attributes?: Attributes
  /** Unix milliseconds; absent: now. */
  readonly startedAt?: number
}

/** The hops of a call, each a histogram of milliseconds. */
export type Hop = 'request' | 'accept' | 'queue' | 'attempt' | 'step' | 'exchange'

export interface Telemetry {
  readonly log: Logger
  startSpan(name: string, options?: SpanOptions): Span
  hop(hop: Hop, durationMs: number, attributes?: Attributes): void
  /** Counts the run by action and status, its effect by kind, and writes its one log line. */
  runEnded(run: Run): void
  /** Gauges that are read when somebody looks: `read` yields `[attributes, value]` pairs. */
  gauge(name: string, description: string, read: () => Promise<readonly (readonly [Attributes, number])[]>): void
  /** The Prometheus text format. */
  metricsText(): Promise<string>
  close(): Promise<void>
}
