import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { complete } from '../../src/core/run.ts'
import type { Run } from '../../src/core/types.ts'
import { aRun, open, times } from '../contract/fixtures.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ settings: { heartbeatMs: 300 } })
})
afterAll(() => gateway.close())

const start = async (action: string, body: object, key: string): Promise<string> =>
  (await gateway.call(`/v1/actions/${action}?wait=0`, { body, headers: { 'idempotency-key': key } })).json.runId

const done = async (action: string, body: object, key: string): Promise<string> =>
  (await gateway.call(`/v1/actions/${action}`, { body, headers: { 'idempotency-key': key } })).headers.get('run-id') as string

describe('a run', () => {
  test('is looked up', async () => {
    const runId = await done('demo_pay', { to: { name: 'Ada' }, amount: 2 }, 'get-1')
    const { status, json, headers } = await gateway.call(`/v1/runs/${runId}`)
    expect(status).toBe(200)
    expect(headers.get('retry-after')).toBeNull()
    expect(json).toMatchObject({
      runId,
      action: 'demo_pay',
      bot: 'demo',
      status: 'completed',
      effect: 'committed',
      attempt: 1,
      startedBy: { subject: 'admin', clientId: 'admin' },
      input: { to: { name: 'Ada' }, amount: 2 },
      output: { to: { name: 'Ada' }, amount: 2 },
      artifacts: []
    })
    expect(new Date(json.endedAt).getTime()).toBeGreaterThanOrEqual(new Date(json.createdAt).getTime())
    expect(json.history.map((at: { status: string }) => at.status)).toEqual(expect.arrayContaining(['queued', 'working', 'completed']))
    expect(JSON.stringify(json)).not.toMatch(/lease|worker|dueAt|tenant/)
  })

  test('is waited for', async () => {
    const runId = await start('demo_slow', { text: 'w' }, 'wait-1')
    const now = await gateway.call(`/v1/runs/${runId}`)
    const short = await gateway.call(`/v1/runs/${runId}?wait=0.1`)
    const long = await gateway.call(`/v1/runs/${runId}?wait=20`)
    expect([now.json.status, short.json.status, long.json.status]).toEqual([expect.not.stringMatching('completed'), 'working', 'completed'])
    expect(Number(now.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  })

  test('with an unknown outcome is resolved by a person, then retried', async () => {
    const runId = await done('demo_lost', {}, 'resolve-1')
    const post = (what: string, body?: object) => gateway.call(`/v1/runs/${runId}/${what}`, { method: 'POST', ...(body && { body }) })
    expect((await post('retry')).json.code).toBe('not_retryable')
    expect([(await post('resolve', { outcome: 'perhaps' })).status, (await post('resolve', {})).json.errors]).toEqual([
      422,
      [{ pointer: '/outcome', message: 'is required' }]
    ])
    expect((await post('resolve', { outcome: 'not_done' })).json).toMatchObject({ status: 'failed', effect: 'none', resolvedBy: 'admin' })
    expect((await post('resolve', { outcome: 'not_done' })).json.code).toBe('not_resolvable')
    expect((await post('probe')).json.code).toBe('not_probeable')
    const retried = await post('retry')
    expect([retried.status, retried.json.runId === runId]).toEqual([202, false])
  })

  test('that has ended can not be cancelled', async () => {
    const runId = await done('demo_echo', { text: 'x' }, 'ended-1')
    const answer = await gateway.call(`/v1/runs/${runId}/cancel`, { method: 'POST' })
    expect([answer.status, answer.json.code]).toEqual([409, 'not_cancellable'])
  })
})

describe('the list', () => {
  test('has pages, newest first, and filters', async () => {
    for (let i = 0; i < 5; i++) await done('demo_note', { text: `note ${i}` }, `list-${i}`)
    const first = (await gateway.call('/v1/runs?action=demo_note&limit=2')).json
    const second = (await gateway.call(`/v1/runs?action=demo_note&limit=2&cursor=${first.next}`)).json
    const third = (await gateway.call(`/v1/runs?action=demo_note&limit=2&cursor=${second.next}`)).json
    const ids = [...first.runs, ...second.runs, ...third.runs].map(run => run.runId)
    expect(ids).toHaveLength(5)
    expect(ids).toEqual([...ids].sort().reverse())
    expect(third.next).toBeNull()
    expect(first.runs[0]).not.toHaveProperty('input')
    const failed = (await gateway.call('/v1/runs?status=failed&bot=demo')).json.runs
    expect(failed.every((run: { status: string }) => run.status === 'failed')).toBe(true)
    expect((await gateway.call('/v1/runs?bot=nobody')).json.runs).toEqual([])
    expect((await gateway.call('/v1/runs?status=finished')).status).toBe(400)
  })

  test('goes on where few of many runs fit, page by page, by a cursor', async () => {
    const { store } = gateway.parts
    const all = times(1_200, i =>
      aRun({ tenant: 'many', createdAt: 1_790_000_000_000 + i, status: i === 0 ? 'failed' : 'completed', dueAt: null })
    )
    await Promise.all(all.map(run => store.createRun(run, open())))
    const authorization = await gateway.bearer(['runs:read'], 'many')
    const page = async (cursor = '') => (await gateway.call(`/v1/runs?bot=teller&status=failed${cursor}`, { authorization })).json
    const first = await page()
    expect(first).toEqual({ runs: [], next: all[200]?.id })
    expect(await page(`&cursor=${first.next}`)).toMatchObject({ runs: [{ runId: all[0]?.id }], next: null })
  })

  test('shows only runs whose action the key may use', async () => {
    await done('demo_echo', { text: 'x' }, 'seen-1')
    await done('demo_note', { text: 'hidden' }, 'seen-2')
    const { runs } = (await gateway.call('/v1/runs?limit=100', { authorization: await gateway.bearer(['demo:read']) })).json
    expect(new Set(runs.map((run: { action: string }) => run.action))).not.toContain('demo_note')
    expect(runs.length).toBeGreaterThan(0)
  })
})

interface ServerEvent {
  readonly event: string
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape
  readonly data: any
}

const eventsIn = (text: string): readonly ServerEvent[] =>
  text
    .split('\n\n')
    .filter(block => block.startsWith('id:'))
    .map(block => {
      const fields = Object.fromEntries(
        block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)])
      )
      return { event: fields.event as string, id: fields.id as string, data: JSON.parse(fields.data as string) }
    })

describe('the events of a run', () => {
  test('begin with its state, follow every change, hold through, and end with it', async () => {
    const runId = await start('demo_slow', { text: 'e' }, 'events-1')
    const answer = await gateway.call(`/v1/runs/${runId}/events`)
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    const events = eventsIn(answer.text)
    expect(answer.text).toContain(': still there')
    expect(events[0]?.event).toBe('status')
    expect(events.filter(({ event }) => event === 'status').at(-1)?.data).toMatchObject({ runId, status: 'completed' })
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { runId, status: 'completed', output: { text: 'e' } } })
    const revisions = events.filter(({ event }) => event === 'status').map(({ data }) => data.revision)
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b))
  })

  test('of an ended run come at once, with its steps', async () => {
    const runId = await done('demo_pay', { to: { name: 'Ada' }, amount: 9 }, 'events-2')
    const events = eventsIn((await gateway.call(`/v1/runs/${runId}/events`)).text)
    expect(events.map(({ event }) => event)).toEqual(['status', 'step', 'end'])
    expect(events[1]?.data).toMatchObject({ name: 'commit', ok: true })
  })

  test.each([
    ['a person', (runId: string) => gateway.call(`/v1/runs/${runId}/resolve`, { body: { outcome: 'not_done' } }), ['failed', 'none']],
    ['a later probe', foundByProbe, ['completed', 'committed']]
  ] as const)('go on after an unknown outcome until %s has settled it', async (_who, settle, [status, effect]) => {
    const runId = await done('demo_lost', {}, `events-${status}`)
    const answer = await fetch(`${gateway.url}/v1/runs/${runId}/events`, { headers: { authorization: `Bearer ${gateway.adminKey}` } })
    let text = ''
    let settled = false
    for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk
      // Still open after a while: two heartbeats have come.
      if (settled || text.split(': still there').length < 3) continue
      settled = true
      await settle(runId)
    }
    const events = eventsIn(text).filter(({ event }) => event !== 'step')
    expect(events.map(({ event, data }) => [event, data.status, data.effect])).toEqual([
      ['status', 'outcome_unknown', 'unknown'],
      ['status', status, effect],
      ['end', status, effect]
    ])
  })

  async function foundByProbe(runId: string): Promise<void> {
    const { store } = gateway.parts
    const run = (await store.getRun(runId)) as Run
    expect(await store.updateRun(complete(run, {}, { now: store.now(), note: 'found by the probe' }))).toBe(true)
  }

  test('a hundred readers at once', async () => {
    const runId = await start('demo_slow', {}, 'events-3')
    const texts = await Promise.all(Array.from({ length: 100 }, async () => (await gateway.call(`/v1/runs/${runId}/events`)).text))
    expect(texts.every(text => text.includes('event: end'))).toBe(true)
  })

  test('are refused to who does not take them', async () => {
    const runId = await done('demo_echo', { text: 'x' }, 'events-4')
    expect((await gateway.call(`/v1/runs/${runId}/events`, { headers: { accept: 'application/json' } })).status).toBe(406)
  })
})

describe('an artifact', () => {
  const attach = async (runId: string, name: string, mediaType: string): Promise<void> => {
    const { store } = gateway.parts
    const content = Buffer.from('<script>alert(1)</script>')
    await store.artifacts.put(runId, name, { content, mediaType })
    const run = await store.getRun(runId)
    if (run === undefined) throw new Error('no run')
    const artifacts = [...run.artifacts, { name, mediaType, bytes: content.length }]
    expect(await store.updateRun({ ...run, artifacts, revision: run.revision + 1 })).toBe(true)
  }

  test.each([
    ['page.html', 'text/html', 'attachment; filename="page.html"', 'text/html'],
    ['shot.png', 'image/png', 'inline; filename="shot.png"', 'image/png'],
    ['log.txt', 'text/plain', 'inline; filename="log.txt"', 'text/plain; charset=utf-8'],
    ['odd', 'text/html\r\nx: y', 'attachment; filename="odd"', 'application/octet-stream']
  ])('%s of %j is harmless', async (name, mediaType, disposition, type) => {
    const runId = await done('demo_echo', { text: name }, `artifact-${name}`)
    await attach(runId, name, mediaType)
    const [artifact] = (await gateway.call(`/v1/runs/${runId}`)).json.artifacts
    const { status, headers, text } = await gateway.call(artifact.href)
    expect([status, text]).toEqual([200, '<script>alert(1)</script>'])
    expect(headers.get('content-type')).toBe(type)
    expect(headers.get('content-disposition')).toBe(disposition)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  })

  test.each(['../ledger', '%2e%2e%2fledger', '..%2Fledger', '%00', 'none.png', 'a%0d%0ab'])('%s is not there', async name => {
    const runId = await done('demo_echo', { text: 'x' }, 'artifact-none')
    const answer = await gateway.call(`/v1/runs/${runId}/artifacts/${name}`)
    expect(answer.status).toBe(404)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })
})
