import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { until } from '../setup/until.ts'
import { attributesOf, otlpReceiver } from '../telemetry/otlp-receiver.ts'
import { deploy, kinds } from './deployment.ts'
import { payment } from './payments.ts'
import { openSite, type Site } from './site.ts'

let site: Site
let collector: Awaited<ReturnType<typeof otlpReceiver>>
beforeEach(async () => {
  site = openSite()
  collector = await otlpReceiver()
  site.onClose(() => collector.close())
})
afterEach(() => site.close())

interface Node {
  readonly name: string
  readonly pid: unknown
  readonly below: readonly Node[]
}

interface SpanFrom {
  readonly name: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly start: bigint
  readonly pid: unknown
}

/** Spans of one trace, each with the process that sent it. */
function spansOf(traceId: string): readonly SpanFrom[] {
  return collector.bodies
    .flatMap(({ envelope }) => envelope.resourceSpans ?? [])
    .flatMap(({ resource, scopeSpans }) => {
      const pid = attributesOf(resource.attributes)['process.pid']
      const spans = scopeSpans.flatMap(scope => scope.spans).filter(span => span.traceId === traceId)
      return spans.map(({ name, spanId, parentSpanId, startTimeUnixNano }) => ({
        name,
        spanId,
        parentSpanId,
        start: BigInt(startTimeUnixNano),
        pid
      }))
    })
}

const treeBelow = (spans: readonly SpanFrom[], parent: string): readonly Node[] =>
  spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .sort((a, b) => (a.start < b.start ? -1 : 1))
    .map(({ name, spanId, pid }) => ({ name, pid, below: treeBelow(spans, spanId) }))

const names = (nodes: readonly Node[]): object => Object.fromEntries(nodes.map(({ name, below }) => [name, names(below)]))

function find(nodes: readonly Node[], name: string): Node | undefined {
  for (const node of nodes) {
    const found = node.name === name ? node : find(node.below, name)
    if (found !== undefined) return found
  }
  return undefined
}

test.each(kinds)(
  "%s: one trace from the caller's traceparent to the call on the target",
  async kind => {
    site.copyBot('corebank')
    await site.startTarget('corebank')
    const { client, gateways } = await deploy(site, kind, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '200' })
    const [traceId, callerSpan] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')]
    const traceparent = `00-${traceId}-${callerSpan}-01`
    const answer = await client.call('corebank_post_payment', payment(), { key: 'traced', headers: { traceparent } })
    expect(answer.status).toBe(200)
    expect((await client.run(answer.runId ?? '')).traceId).toBe(traceId)

    const expected = {
      'POST /v1/actions/{action}': {
        'publish corebank_post_payment': { 'queue corebank_post_payment': {} },
        'attempt corebank_post_payment': { build: {}, send: { 'POST PostPayment': {} }, read: {} }
      }
    }
    await until('every span', () => spansOf(traceId).length >= 8)
    const tree = treeBelow(spansOf(traceId), callerSpan)
    expect(names(tree)).toEqual(expected)
    expect(spansOf(traceId)).toHaveLength(8)

    const pidOf = (name: string) => find(tree, name)?.pid
    expect(pidOf('POST /v1/actions/{action}')).toBe(gateways[0]?.program.pid)
    expect(pidOf('publish corebank_post_payment')).toBe(gateways[0]?.program.pid)
    expect(pidOf('queue corebank_post_payment') === gateways[0]?.program.pid).toBe(kind === 'embedded')
    expect(pidOf('POST PostPayment')).toBe(pidOf('attempt corebank_post_payment'))
    expect(pidOf('attempt corebank_post_payment')).toBe(pidOf('queue corebank_post_payment'))
  },
  60_000
)
