/** What one tenant has used up it is refused, with what is used and what is allowed; others do not notice. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { until } from '../setup/until.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
let [one, other] = ['', '']
beforeAll(async () => {
  const quotas = { sessions: 2, waiting: 3, streams: 2, bots: 1, storedBytes: 50_000 }
  gateway = await openGateway({ worker: false, quotas, settings: { proxies: 1, maxFailedAuthentications: 5 } })
  one = await gateway.bearer(['*'], 'one')
  other = await gateway.bearer(['*'], 'other')
})
afterAll(() => gateway.close())

const over = (name: string, allowed: number, used = allowed) => ({
  code: 'quota_exceeded',
  status: 429,
  retryable: true,
  effect: 'none',
  detail: expect.stringContaining(`${used} `),
  quota: { name, used, allowed }
})
const start = (authorization: string, text: string, key = text) =>
  gateway.call('/v1/actions/demo_note?wait=0', { body: { text }, headers: { 'idempotency-key': key }, authorization })

describe('a tenant at its limit', () => {
  test('of sessions gets no other one, until one is deleted', async () => {
    const make = (authorization: string) => gateway.call('/v1/sessions', { body: {}, authorization })
    const made = [await make(one), await make(one)]
    const refused = await make(one)
    expect(refused.json).toMatchObject(over('sessions', 2))
    expect([refused.headers.get('content-type'), refused.headers.get('retry-after')]).toEqual(['application/problem+json', '60'])
    expect((await make(other)).status).toBe(201)
    await gateway.call(`/v1/sessions/${made[0]?.json.sessionId}`, { method: 'DELETE', authorization: one })
    expect((await make(one)).status).toBe(201)
  })

  test('of waiting runs gets no new one, and still every one that it has', async () => {
    for (const text of ['a', 'b', 'c']) expect((await start(one, text)).status).toBe(202)
    const refused = await start(one, 'd')
    expect(refused.json).toMatchObject(over('waiting_runs', 3))
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect((await start(one, 'a')).status).toBe(202)
    expect((await start(other, 'd')).status).toBe(202)
  })

  test('hears the same over MCP', async () => {
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'demo_note', arguments: { text: 'e' }, _meta: { idempotencyKey: 'e' } }
    }
    const headers = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }
    const { text } = await gateway.call('/mcp', { body, headers, authorization: one })
    const { result } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text)
    expect(result).toMatchObject({ isError: true, _meta: { problem: over('waiting_runs', 3) } })
    expect(result.content[0].text).toContain('3 runs that wait, of 3')
  })

  test('of event streams gets no other one, of runs or of MCP, until one has ended', async () => {
    const { runId } = (await start(one, 'a')).json
    const headers = { accept: 'text/event-stream' }
    const open = async (path: string, authorization: string) => {
      const stop = new AbortController()
      const answer = await fetch(`${gateway.url}${path}`, { headers: { ...headers, authorization }, signal: stop.signal })
      return { answer, stop: () => stop.abort() }
    }
    const streams = [await open(`/v1/runs/${runId}/events`, one), await open('/mcp', one)]
    expect(streams.map(({ answer }) => answer.status)).toEqual([200, 200])
    for (const path of [`/v1/runs/${runId}/events`, '/mcp'])
      expect((await gateway.call(path, { headers, authorization: one })).json).toMatchObject(over('event_streams', 2))
    const listening = { jsonrpc: '2.0', id: 2, method: 'subscriptions/listen', params: {} }
    expect((await gateway.call('/mcp', { body: listening, authorization: one })).json).toMatchObject(over('event_streams', 2))
    const others = await open('/mcp', other)
    expect(others.answer.status).toBe(200)
    streams[0]?.stop()
    await until('there is room again', async () => {
      const again = await open(`/v1/runs/${runId}/events`, one)
      again.stop()
      return again.answer.status === 200
    })
    for (const { stop } of [...streams, others]) stop()
  })

  test('of stored bytes gets no new run', async () => {
    const large = { body: { text: 'x'.repeat(60_000) }, headers: { 'idempotency-key': 'large' } }
    const refused = await gateway.call('/v1/actions/demo_note?wait=0', { ...large, authorization: await gateway.bearer(['*'], 'third') })
    expect(refused.json).toMatchObject(over('stored_bytes', 50_000, 0))
  })

  test('of registered bots gets no other one, and may replace those that it has', async () => {
    const put = (name: string, authorization = one) =>
      gateway.call(`/v1/bots/${name}`, {
        method: 'PUT',
        raw: `bot: ${name}\nversion: 1.0.0\ntitle: A bot\nadapter: echo\ntarget: { url: 'http://127.0.0.1:9' }\nactions:\n  say:\n    title: Say\n    description: Says what it hears.\n    effect: read\n    scopes: [demo:read]\n    input: { type: object }\n    output: { type: object }\n`,
        headers: { 'content-type': 'application/yaml' },
        authorization
      })
    expect([(await put('first')).status, (await put('first')).status]).toEqual([201, 200])
    expect((await put('second')).json).toMatchObject(over('bots', 1))
    expect([(await put('first', other)).status, (await put('second', other)).status]).toEqual([201, 429])
  })
})

describe('an address whose keys are refused', () => {
  const from = (address: string, authorization: string) =>
    gateway.call('/v1/runs', { authorization, headers: { 'x-forwarded-for': `6.6.6.6, ${address}` } })

  test('has to wait after so many, whatever key it sends; who was known before goes on, and so do others', async () => {
    const [known, unknown] = [await gateway.bearer(['*']), await gateway.bearer(['*'])]
    expect((await from('10.0.0.1', known)).status).toBe(200)
    const answers = []
    for (let i = 0; i < 7; i++) answers.push((await from('10.0.0.1', `Bearer wrong-${i}`)).status)
    expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429])
    const refused = await from('10.0.0.1', unknown)
    expect(refused.json).toMatchObject({ code: 'rate_limited', quota: { name: 'failed_authentications', used: 5, allowed: 5 } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1)
    expect(refused.text).toBe((await from('10.0.0.1', 'Bearer wrong-9')).text)
    expect([(await from('10.0.0.1', known)).status, (await from('10.0.0.2', unknown)).status]).toEqual([200, 200])
  })

  test('is the network that one client of IPv6 has', async () => {
    for (let i = 0; i < 5; i++) await from(`2001:db8:1:2::${i}`, `Bearer wrong-${i}`)
    expect((await from('2001:0db8:0001:0002:ffff::', 'Bearer wrong')).status).toBe(429)
    expect((await from('2001:db8:1:3::', 'Bearer wrong')).status).toBe(401)
  })
})
