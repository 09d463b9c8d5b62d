/** W3C Trace Context, level 1: `traceparent`. */
import { randomHex } from './ids.ts'

const pattern = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/

export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

/** Undefined when the header is missing or invalid: then a new trace begins. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = header === undefined || header.startsWith('ff') ? null : pattern.exec(header)
  if (match === null) return undefined
  const [, traceId = '', spanId = '', flags = ''] = match
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

export const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string => `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`

export const newTraceparent = (): string => formatTraceparent({ traceId: randomHex(16), spanId: randomHex(8), sampled: true })

export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35)
