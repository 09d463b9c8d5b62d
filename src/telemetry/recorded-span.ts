import {
  type Context,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace
} from '@opentelemetry/api'
import { formatTraceparent, parseTraceparent } from '../core/trace-context.ts'
import type { Span, SpanOptions } from './telemetry.ts'

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER
} as const

export function recordedSpan(tracer: Tracer, name: string, { parent, kind = 'internal', attributes, startedAt }: SpanOptions = {}): Span {
  const started = { kind: kinds[kind], ...(attributes && { attributes }), ...(startedAt !== undefined && { startTime: startedAt }) }
  const span = tracer.startSpan(name, started, contextOf(parent))
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    traceparent: formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }),
    set: more => void span.setAttributes(more),
    fail: error => markFailed(span, error),
    end: () => span.end()
  }
}

function contextOf(parent: string | undefined): Context {
  const named = parseTraceparent(parent)
  if (named === undefined) return ROOT_CONTEXT
  const { traceId, spanId, sampled } = named
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}

/** An error's message may quote what the target said, so the span gets its type, its code and where it was thrown, no more. */
function markFailed(span: SdkSpan, error: unknown): void {
  const { type, code, title, frames } = facts(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: title ?? code ?? type })
  span.setAttribute('error.type', code ?? type)
  span.addEvent('exception', { 'exception.type': type, ...(frames && { 'exception.stacktrace': frames }) })
}

function facts(error: unknown): { type: string; code?: string; title?: string; frames?: string } {
  if (typeof error !== 'object' || error === null) return { type: typeof error }
  const { name, code, title, stack } = error as Readonly<Record<string, unknown>>
  const frames = typeof stack === 'string' ? stack.split('\n').filter(line => /^\s+at /.test(line)) : []
  return {
    type: typeof name === 'string' ? name : 'Error',
    ...(typeof code === 'string' && { code }),
    ...(typeof title === 'string' && { title }),
    ...(frames.length > 0 && { frames: frames.join('\n') })
  }
}
