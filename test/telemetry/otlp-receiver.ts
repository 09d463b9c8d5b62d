import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** OTLP/HTTP as a collector takes it, JSON encoding: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
interface KeyValue {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number; readonly doubleValue?: number; readonly boolValue?: boolean }
}
interface WireSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly KeyValue[]
  readonly events: readonly { readonly name: string; readonly attributes: readonly KeyValue[] }[]
  readonly status: { readonly code?: number; readonly message?: string }
}
interface WireMetric {
  readonly name: string
  readonly unit: string
  readonly sum?: { readonly dataPoints: readonly { readonly attributes: readonly KeyValue[]; readonly asDouble?: number }[] }
  readonly gauge?: { readonly dataPoints: readonly { readonly attributes: readonly KeyValue[]; readonly asDouble?: number }[] }
  readonly histogram?: {
    readonly dataPoints: readonly { readonly attributes: readonly KeyValue[]; readonly count: number; readonly sum: number }[]
  }
}
interface Envelope {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] }
    readonly scopeSpans: readonly { readonly spans: readonly WireSpan[] }[]
  }[]
  readonly resourceMetrics?: readonly { readonly scopeMetrics: readonly { readonly metrics: readonly WireMetric[] }[] }[]
}

export const attributesOf = (list: readonly KeyValue[]): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]))

export async function otlpReceiver() {
  const bodies: { path: string; text: string; envelope: Envelope; headers: IncomingHttpHeaders }[] = []
  let status = 200
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks)
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString()
      bodies.push({ path: request.url ?? '', text, envelope: JSON.parse(text) as Envelope, headers: request.headers })
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    answer(next: number) {
      status = next
    },
    spans: () =>
      bodies.flatMap(({ envelope }) => envelope.resourceSpans ?? []).flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resources: () =>
      bodies.flatMap(({ envelope }) => envelope.resourceSpans ?? []).map(({ resource }) => attributesOf(resource.attributes)),
    metrics: () =>
      bodies.flatMap(({ envelope }) => envelope.resourceMetrics ?? []).flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(s => s.metrics)),
    close: () => new Promise<void>(resolve => server.close(() => resolve()).closeAllConnections())
  }
}
