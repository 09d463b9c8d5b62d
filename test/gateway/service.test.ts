import { connect } from 'node:net'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type OpenGateway, type OpenOptions, openGateway } from './open-gateway.ts'

let gateway: OpenGateway | undefined
const open = async (options?: OpenOptions): Promise<OpenGateway> => {
  gateway = await openGateway(options)
  return gateway
}
afterEach(async () => {
  await gateway?.close()
  gateway = undefined
})

describe('the service', () => {
  test('is alive and ready, and shows its metrics to who may read them', async () => {
    const { call, bearer } = await open()
    expect((await call('/healthz', { authorization: null })).json).toEqual({ status: 'alive' })
    expect((await call('/readyz', { authorization: null })).json).toEqual({ status: 'ready' })
    await call('/v1/actions/demo_echo', { body: { text: 'x' } })
    const metrics = await call('/metrics', { authorization: await bearer(['metrics:read']) })
    expect(metrics.headers.get('content-type')).toContain('text/plain; version=0.0.4')
    expect(metrics.text).toMatch(/hop="request"|request/)
  })

  test('is alive but not ready when its ledger is away, and accepts nothing', async () => {
    const { call, parts, bearer } = await open()
    const authorization = await bearer(['runs:read'])
    await parts.queue.close()
    await parts.store.close()
    expect((await call('/healthz', { authorization: null })).status).toBe(200)
    const ready = await call('/readyz', { authorization: null })
    expect([ready.status, ready.json.code, ready.json.retryable]).toEqual([503, 'not_ready', true])
    expect(Number(ready.headers.get('retry-after'))).toBeGreaterThan(0)
    const refused = await call('/v1/actions/demo_echo', { body: { text: 'x' } })
    expect([refused.status, refused.json.code]).toEqual([503, 'not_ready'])
    expect(refused.text).not.toContain('sqlite')
    const unknown = await call('/v1/runs', { authorization })
    expect([unknown.status, unknown.json.code]).toEqual([503, 'not_ready'])
  })

  test('says no when too many runs wait', async () => {
    const { call } = await open({ worker: false })
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        call('/v1/actions/demo_echo?wait=0', { body: { text: `${i}` }, headers: { 'idempotency-key': `full-${i}` } })
      )
    )
    const statuses = answers.map(({ status }) => status)
    expect([statuses.filter(status => status === 202).length, statuses.filter(status => status === 503).length]).toEqual([50, 10])
    const refused = answers.find(({ status }) => status === 503)
    expect(refused?.json).toMatchObject({ code: 'queue_full', retryable: true, effect: 'none' })
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

/** A request whose last line is sent only when `finish` is called. */
function slowRequest(url: string): { finish(): Promise<string> } {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write('GET /v1/runs HTTP/1.1\r\nHost: localhost\r\n')
  return {
    async finish() {
      socket.write('\r\n')
      let answer = ''
      for await (const chunk of socket) answer += chunk
      return answer
    }
  }
}

describe('stopping', () => {
  test('lets waiting callers finish', async () => {
    const { call, closeServer } = await open({ settings: { drainMs: 5_000 } })
    const waiting = call('/v1/actions/demo_slow', { body: { text: 'finished' } })
    await new Promise(resolve => setTimeout(resolve, 200))
    const closed = closeServer()
    expect((await waiting).json).toEqual({ text: 'finished' })
    await closed
  })

  test('gives those a 202 who would wait too long, ends event streams, and refuses new calls', async () => {
    const { call, closeServer, url } = await open({ settings: { drainMs: 300 } })
    const started = await call('/v1/actions/demo_slow?wait=0', { body: { text: 'a' }, headers: { 'idempotency-key': 'stop' } })
    const waiting = call('/v1/actions/demo_slow', { body: { text: 'b' } })
    const events = call(`/v1/runs/${started.json.runId}/events`)
    const late = slowRequest(url)
    await new Promise(resolve => setTimeout(resolve, 200))
    const closed = closeServer()
    const refused = await late.finish()
    expect(refused).toMatch(/^HTTP\/1.1 503 /)
    expect(refused.toLowerCase()).toContain('connection: close')
    expect((await waiting).status).toBe(202)
    expect((await events).text).not.toContain('event: end')
    await closed
    await expect(call('/healthz')).rejects.toThrow()
  })
})
