import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway()
})
afterAll(() => gateway.close())

const call = (path: string, options?: Parameters<OpenGateway['call']>[1]) => gateway.call(path, options)

describe('a call', () => {
  test('answers the output itself, with the run and the time of each hop', async () => {
    const answer = await call('/v1/actions/demo_echo', { body: { text: 'hello' } })
    expect([answer.status, answer.json]).toEqual([200, { text: 'hello' }])
    expect(answer.headers.get('run-id')).toMatch(/^run_[0-9a-z]{21}$/)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('server-timing')).toMatch(/^accept;dur=[\d.]+, queue;dur=[\d.]+, attempt;dur=[\d.]+, total;dur=[\d.]+$/)
    expect(answer.headers.get('idempotent-replayed')).toBeNull()
    expect(answer.headers.get('x-powered-by')).toBeNull()
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('the same key and input is the same run, quoted or bare, in the header or the query; another input is refused', async () => {
    const body = { to: { name: 'Ada' }, amount: 1 }
    const first = await call('/v1/actions/demo_pay', { body, headers: { 'idempotency-key': '"key-1"' } })
    const again = await call('/v1/actions/demo_pay?idempotencyKey=key-1', { body })
    const other = await call('/v1/actions/demo_pay', { body: { ...body, amount: 2 }, headers: { 'idempotency-key': 'key-1' } })
    expect([first.status, again.status, other.status]).toEqual([200, 200, 422])
    expect(again.headers.get('run-id')).toBe(first.headers.get('run-id'))
    expect([first.headers.get('idempotent-replayed'), again.headers.get('idempotent-replayed')]).toEqual([null, 'true'])
    expect(other.json.code).toBe('idempotency_key_reused')
  })

  test('a side effect without any key is refused', async () => {
    const answer = await call('/v1/actions/demo_pay', { body: { to: { name: 'Ada' }, amount: 1 } })
    expect([answer.status, answer.json.code]).toEqual([400, 'idempotency_key_required'])
  })

  test.each([
    ['two that differ', { 'idempotency-key': 'a' }, '?idempotencyKey=b'],
    ['two headers joined', { 'idempotency-key': 'a, b' }, ''],
    ['empty', { 'idempotency-key': '""' }, ''],
    ['too long', { 'idempotency-key': 'x'.repeat(256) }, ''],
    ['spaces without quotes', { 'idempotency-key': 'a b' }, ''],
    ['half a quote', { 'idempotency-key': '"a' }, ''],
    ['control characters', {}, '?idempotencyKey=a%0Ab'],
    ['an empty one in the query', {}, '?idempotencyKey=']
  ])('a key of the wrong form is refused: %s', async (_, headers, query) => {
    const answer = await call(`/v1/actions/demo_echo${query}`, { body: { text: 'x' }, headers: headers as Record<string, string> })
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid_request'])
    expect(answer.json.errors).toHaveLength(1)
  })

  test.each([
    ['Prefer: respond-async', { prefer: 'respond-async' }, '', 'respond-async'],
    ['Prefer: wait=0', { prefer: 'wait=0' }, '', 'wait=0'],
    ['?wait=0', {}, '?wait=0', null],
    ['a short X-Request-Timeout', { 'x-request-timeout': '500' }, '', null]
  ])('202 when the wait is over: %s', async (_, headers, query, applied) => {
    const startedAt = Date.now()
    const answer = await call(`/v1/actions/demo_slow${query}`, { body: {}, headers: headers as Record<string, string> })
    expect(answer.status).toBe(202)
    // Without the header the wait is 25 s.
    expect(Date.now() - startedAt).toBeLessThan(20_000)
    const { runId, status, pollAfterMs, next } = answer.json
    expect(answer.headers.get('location')).toBe(`/v1/runs/${runId}`)
    expect(answer.headers.get('run-id')).toBe(runId)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(['queued', 'working']).toContain(status)
    expect(pollAfterMs).toBeGreaterThan(0)
    expect(next).toBe(`GET /v1/runs/${runId}?wait=20`)
    expect(answer.headers.get('preference-applied')).toBe(applied)
  })

  test('a key whose run is under way joins it', async () => {
    const options = { body: { text: 'x' }, headers: { 'idempotency-key': 'join-1', prefer: 'respond-async' } }
    const first = await call('/v1/actions/demo_slow', options)
    const second = await call('/v1/actions/demo_slow', { ...options, headers: { 'idempotency-key': 'join-1' } })
    expect([first.status, second.status]).toEqual([202, 200])
    expect(second.headers.get('run-id')).toBe(first.json.runId)
  })

  test('a client that goes away does not end its run', async () => {
    const body = JSON.stringify({ text: 'gone' })
    const headers = { authorization: `Bearer ${gateway.adminKey}`, 'content-type': 'application/json', 'idempotency-key': 'gone-1' }
    const signal = AbortSignal.timeout(200)
    await expect(fetch(`${gateway.url}/v1/actions/demo_slow`, { method: 'POST', body, headers, signal })).rejects.toThrow()
    const later = await call('/v1/actions/demo_slow', { raw: body, headers: { 'idempotency-key': 'gone-1' } })
    expect([later.status, later.json]).toEqual([200, { text: 'gone' }])
  })

  test('a dry run shows the plan and starts nothing', async () => {
    const before = (await call('/v1/runs?action=demo_pay')).json.runs.length
    const answer = await call('/v1/actions/demo_pay?dryRun=true', {
      body: { to: { name: 'Ada' }, amount: 3 },
      headers: { 'idempotency-key': 'dry' }
    })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/vnd.retrofit.plan+json')
    expect(answer.json).toMatchObject({ dryRun: true, action: 'demo_pay', effect: 'irreversible' })
    expect((await call('/v1/runs?action=demo_pay')).json.runs).toHaveLength(before)
  })

  test('an action without required input can be called by a bare POST', async () => {
    const answer = await call('/v1/actions/demo_slow?wait=0', { method: 'POST' })
    expect(answer.status).toBe(202)
  })
})

describe('a run that ended badly', () => {
  test('is a problem, and as another try can help, its key begins one', async () => {
    const options = { body: {}, headers: { 'idempotency-key': 'broken-1' } }
    const first = await call('/v1/actions/demo_broken', options)
    const again = await call('/v1/actions/demo_broken', options)
    const runId = first.headers.get('run-id')
    expect(first.status).toBe(502)
    expect(first.headers.get('content-type')).toBe('application/problem+json')
    expect(first.json).toMatchObject({
      type: 'urn:retrofit:problem:target_failed',
      status: 502,
      code: 'target_failed',
      effect: 'none',
      instance: `/v1/runs/${runId}`,
      runId
    })
    const followed = await call(`/v1/runs/${runId}`)
    expect(followed.json.retriedBy).toBe(again.json.runId)
    expect(again.json).toEqual({ ...first.json, runId: again.json.runId, instance: `/v1/runs/${again.json.runId}` })
    expect([first.headers.get('idempotent-replayed'), again.headers.get('idempotent-replayed')]).toEqual([null, null])
  })

  test('an answer that does not fit its schema is not passed on', async () => {
    const answer = await call('/v1/actions/demo_odd', { body: {} })
    expect([answer.status, answer.json.code]).toEqual([502, 'invalid_output'])
    expect(answer.text).not.toContain('many')
  })

  test("the caller's own limit ends the run, and the answer comes before it", async () => {
    const headers = { 'idempotency-key': 'late-1', 'x-request-timeout': '400' }
    const first = await call('/v1/actions/demo_slow', { body: {}, headers })
    expect(first.status).toBe(202)
    const again = await call('/v1/actions/demo_slow', { body: {}, headers: { 'idempotency-key': 'late-1' } })
    expect([again.status, again.json.code, again.json.effect]).toEqual([504, 'deadline_exceeded', 'none'])
  })

  test('an unknown outcome says so', async () => {
    const answer = await call('/v1/actions/demo_lost', { body: {}, headers: { 'idempotency-key': 'lost-1' } })
    expect([answer.status, answer.json.code, answer.json.effect]).toEqual([502, 'outcome_unknown', 'unknown'])
    expect(answer.json.hint).toContain('Do NOT repeat')
  })

  test('a cancelled run is a conflict', async () => {
    const headers = { 'idempotency-key': 'cancel-1' }
    const { json } = await call('/v1/actions/demo_slow', { body: {}, headers: { ...headers, prefer: 'respond-async' } })
    const cancelled = await call(`/v1/runs/${json.runId}/cancel`, { method: 'POST' })
    expect([cancelled.status, cancelled.json.status]).toEqual([200, 'cancelled'])
    const answer = await call('/v1/actions/demo_slow', { body: {}, headers })
    expect([answer.status, answer.json.code]).toEqual([409, 'run_cancelled'])
  })
})
