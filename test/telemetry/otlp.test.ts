import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { RetrofitError } from '../../src/core/errors.ts'
import { parseTraceparent } from '../../src/core/trace-context.ts'
import { freePort } from '../setup/free-port.ts'
import { until } from '../setup/until.ts'
import { callerParent, endedRun, memoryLog, open } from './fixtures.ts'
import { attributesOf, otlpReceiver } from './otlp-receiver.ts'

/** Span.SpanKind and Status.StatusCode of opentelemetry/proto/trace/v1/trace.proto. */
const kind = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 }
const statusError = 2

let receiver: Awaited<ReturnType<typeof otlpReceiver>>
beforeEach(async () => {
  receiver = await otlpReceiver()
})
afterEach(() => receiver.close())

const spanNamed = (name: string) => {
  const found = receiver.spans().filter(span => span.name === name)
  expect(found).toHaveLength(1)
  return found[0] as (typeof found)[number]
}

describe('spans over OTLP/HTTP', () => {
  test('one tree from the caller through two processes', async () => {
    const gateway = await open({ otlpEndpoint: receiver.url })
    const worker = await open({ otlpEndpoint: receiver.url })
    const request = gateway.startSpan('request', { parent: callerParent, kind: 'server', attributes: { 'http.request.method': 'POST' } })
    const publish = gateway.startSpan('publish', { parent: request.traceparent, kind: 'producer' })
    publish.end()
    const queued = worker.startSpan('queue', { parent: publish.traceparent, kind: 'consumer', startedAt: Date.now() - 500 })
    queued.end()
    const attempt = worker.startSpan('attempt', { parent: queued.traceparent })
    const exchange = worker.startSpan('POST /accounts', { parent: attempt.traceparent, kind: 'client' })
    await sleep(30)
    exchange.end()
    attempt.set({ 'retrofit.attempt': 1, 'retrofit.status': 'completed' })
    attempt.end()
    request.end()
    await Promise.all([gateway.close(), worker.close()])

    const caller = parseTraceparent(callerParent)
    const chain = ['request', 'publish', 'queue', 'attempt', 'POST /accounts'].map(spanNamed)
    expect(chain.map(span => span.parentSpanId)).toEqual([caller?.spanId, ...chain.slice(0, -1).map(span => span.spanId)])
    expect(new Set(chain.map(span => span.traceId))).toEqual(new Set([caller?.traceId]))
    expect(chain.map(span => span.kind)).toEqual([kind.server, kind.producer, kind.consumer, kind.internal, kind.client])
    expect(attributesOf(spanNamed('request').attributes)).toEqual({ 'http.request.method': 'POST' })
    expect(attributesOf(spanNamed('attempt').attributes)).toEqual({ 'retrofit.attempt': 1, 'retrofit.status': 'completed' })
    expect(chain.every(span => span.status.code === undefined || span.status.code === 0)).toBe(true)
    expect(receiver.bodies.filter(({ path }) => path === '/v1/traces').length).toBeGreaterThan(1)
    expect(receiver.resources()[0]).toMatchObject({ 'service.name': 'retrofit', 'service.version': '1.2.3' })
  })

  test('durations are those of the work, or from startedAt on', async () => {
    const telemetry = await open({ otlpEndpoint: receiver.url })
    const begun = performance.now()
    const late = telemetry.startSpan('late', { startedAt: Date.now() - 500 })
    const timed = telemetry.startSpan('timed')
    await sleep(50)
    timed.end()
    late.end()
    // A clock of whole milliseconds and a finer one.
    const elapsedMs = performance.now() - begun + 2
    await telemetry.close()
    const durationMs = (name: string) => Number(BigInt(spanNamed(name).endTimeUnixNano) - BigInt(spanNamed(name).startTimeUnixNano)) / 1e6
    expect(durationMs('timed')).toBeGreaterThanOrEqual(45)
    expect(durationMs('timed')).toBeLessThan(elapsedMs)
    expect(durationMs('late')).toBeGreaterThanOrEqual(545)
    expect(durationMs('late')).toBeLessThan(500 + elapsedMs)
  })

  test('a failure has a status and an event, and nothing that the target said', async () => {
    const telemetry = await open({ otlpEndpoint: receiver.url })
    const failing = {
      declared: new RetrofitError('target_failed', { detail: 'PLANTED-DETAIL' }),
      raw: new TypeError('PLANTED-MESSAGE\nPLANTED-LINE')
    }
    for (const [name, error] of Object.entries(failing)) {
      const span = telemetry.startSpan(name)
      span.fail(error)
      span.end()
    }
    await telemetry.close()
    expect(spanNamed('declared').status).toEqual({ code: statusError, message: 'The target did not do it' })
    expect(attributesOf(spanNamed('declared').attributes)).toEqual({ 'error.type': 'target_failed' })
    expect(spanNamed('raw').status).toEqual({ code: statusError, message: 'TypeError' })
    const [event] = spanNamed('raw').events
    expect(event?.name).toBe('exception')
    expect(attributesOf(event?.attributes ?? [])).toEqual({
      'exception.type': 'TypeError',
      'exception.stacktrace': expect.stringMatching(/^\s+at /)
    })
    expect(receiver.bodies.map(({ text }) => text).join()).not.toContain('PLANTED')
  })

  test('an invalid parent begins a trace; one that is not sampled is passed on and not exported', async () => {
    const telemetry = await open({ otlpEndpoint: receiver.url })
    const fresh = telemetry.startSpan('fresh', { parent: 'rubbish' })
    const quiet = telemetry.startSpan('quiet', { parent: callerParent.replace(/01$/, '00') })
    const below = telemetry.startSpan('below', { parent: quiet.traceparent })
    for (const span of [below, quiet, fresh]) span.end()
    await telemetry.close()
    expect(receiver.spans().map(({ name }) => name)).toEqual(['fresh'])
    expect(spanNamed('fresh').parentSpanId).toBeUndefined()
    expect(parseTraceparent(below.traceparent)).toMatchObject({ traceId: parseTraceparent(callerParent)?.traceId, sampled: false })
  })

  test('headers travel with every export', async () => {
    const telemetry = await open({ otlpEndpoint: `${receiver.url}/`, otlpHeaders: { 'x-api-key': 'k1' } })
    telemetry.startSpan('one').end()
    await telemetry.close()
    expect(receiver.bodies.map(({ path }) => path).sort()).toEqual(['/v1/metrics', '/v1/traces'])
    expect(receiver.bodies.every(({ headers }) => headers['x-api-key'] === 'k1')).toBe(true)
  })
})

describe('metrics over OTLP/HTTP', () => {
  test('counters, histogram and gauges arrive, at the interval and again at close', async () => {
    const telemetry = await open({ otlpEndpoint: receiver.url, metricIntervalMs: 100 })
    telemetry.gauge('retrofit_queue_depth', 'Runs that wait.', async () => [[{ bot: 'teller' }, 7]])
    telemetry.hop('attempt', 42, { action: 'teller_transfer' })
    telemetry.runEnded(endedRun)
    await until('metrics at the interval', () => receiver.metrics().length > 0)
    telemetry.runEnded(endedRun)
    await telemetry.close()
    const last = (name: string) => receiver.metrics().findLast(metric => metric.name === name)
    expect(last('retrofit_runs_total')?.sum?.dataPoints[0]?.asDouble).toBe(2)
    expect(attributesOf(last('retrofit_runs_total')?.sum?.dataPoints[0]?.attributes ?? [])).toEqual({
      action: 'teller_transfer',
      status: 'completed',
      effect: 'committed'
    })
    expect(last('retrofit_hop_duration_milliseconds')?.histogram?.dataPoints[0]).toMatchObject({ count: 1, sum: 42 })
    expect(last('retrofit_queue_depth')?.gauge?.dataPoints[0]?.asDouble).toBe(7)
  })
})

describe('a collector that does not take it', () => {
  // The exporters read it by themselves; it ends their retries, which would outlive the test.
  beforeEach(() => {
    process.env.OTEL_EXPORTER_OTLP_TIMEOUT = '700'
  })
  afterEach(() => {
    delete process.env.OTEL_EXPORTER_OTLP_TIMEOUT
  })

  test('an unreachable one neither blocks nor crashes nor floods the log', async () => {
    const log = memoryLog()
    const otlpEndpoint = `http://127.0.0.1:${await freePort()}`
    const telemetry = await open({ otlpEndpoint, metricIntervalMs: 50, logDestination: log.destination, closeTimeoutMs: 500 })
    let turned = false
    setImmediate(() => {
      turned = true
    })
    for (let i = 0; i < 3_000; i++) telemetry.startSpan('x').end()
    // Nothing was waited for.
    expect(turned).toBe(false)
    await sleep(600)
    expect(await telemetry.metricsText()).toContain('retrofit_memory_bytes')
    await telemetry.close()
    expect(log.lines.length).toBeLessThanOrEqual(2)
  })

  test('one that refuses is named in the log', async () => {
    const log = memoryLog()
    receiver.answer(400)
    const refused = await open({ otlpEndpoint: receiver.url, logDestination: log.destination })
    refused.startSpan('x').end()
    await refused.close()
    expect(log.records().map(({ level, msg }) => [level, msg])).toEqual(
      expect.arrayContaining([
        ['warn', 'spans could not be exported'],
        ['warn', 'metrics could not be exported']
      ])
    )
  })
})
