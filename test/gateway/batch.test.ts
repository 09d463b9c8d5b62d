/** Many calls in one: checked together, accepted each by itself, counted each, answered each. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { until } from '../setup/until.ts'
import { echoManifest, type OpenGateway, openGateway } from './open-gateway.ts'
import { openReceiver, type Receiver } from './receiver.ts'

const moreBot = `
bot: more
version: 1.0.0
title: More
description: Other kinds of actions.
adapter: echo
target: { url: 'http://127.0.0.1:9' }
actions:
  keyed:
    title: Take a key
    description: An input is called key, another one input.
    effect: read
    scopes: [demo:read]
    input: { type: object, additionalProperties: false, properties: { key: { type: string }, input: { type: integer } } }
    output: { type: object }
  say: { title: Say, description: Says it again., effect: read, scopes: [demo:read], input: { type: object, properties: { text: { type: string } } }, output: { type: object } }
  wizard: { title: Begin, description: The first page., effect: read, scopes: [demo:read], screen: pinned, input: { type: object }, output: { type: object } }
  remember:
    title: Remember
    description: Fills in the account of the session.
    effect: read
    scopes: [demo:read]
    input: { type: object, required: [account], properties: { account: { type: string, x-session: account }, text: { type: string } } }
    output: { type: object }
`

let receiver: Receiver
let gateway: OpenGateway
beforeAll(async () => {
  receiver = await openReceiver()
  gateway = await openGateway({ manifests: [echoManifest, moreBot], callbacks: { origins: [receiver.origin] } })
})
afterAll(async () => {
  await gateway.close()
  await receiver.close()
})

// biome-ignore lint/suspicious/noExplicitAny: items of any shape
type Any = any
const batch = (action: string, items: Any, headers: Record<string, string> = {}, query = '') =>
  gateway.call(`/v1/actions/${action}/batch${query}`, { body: { items }, headers })
const waits = { prefer: 'wait=120' }
const pay = (amount: unknown, key?: string) => ({ ...(key === undefined ? {} : { key }), input: { to: { name: 'Ada' }, amount } })
const places = (json: Any) => json.errors.map(({ pointer }: Any) => pointer)
const runsOf = async (action: string) => (await gateway.call(`/v1/runs?action=${action}&limit=100`)).json.runs.length

describe('a batch', () => {
  test('answers each item in its order, with its key, its run and its output', async () => {
    const items = Array.from({ length: 120 }, (_, i) => ({ key: `echo-${i}`, input: { text: `t${i}` } }))
    const { status, json, headers } = await batch('more_say', items, waits)
    expect([status, headers.get('preference-applied')]).toEqual([200, 'wait=120'])
    expect(json).toMatchObject({ accepted: 120, refused: 0, ended: 120 })
    expect(json.items.map(({ index, key, output }: Any) => [index, key, output.text])).toEqual(
      items.map(({ key, input }, i) => [i, key, input.text])
    )
    expect(new Set(json.items.map(({ runId }: Any) => runId)).size).toBe(120)
    const again = await batch('more_say', items)
    expect(again.status).toBe(200)
    expect(again.json.items.map(({ runId, outcome }: Any) => [runId, outcome])).toEqual(
      json.items.map(({ runId }: Any) => [runId, 'replayed'])
    )
  })

  test('does not wait unless it is asked to, and says how to look on', async () => {
    const { status, json, headers } = await batch('demo_slow', [{ input: {} }])
    expect(status).toBe(202)
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(json.items[0]).toMatchObject({ outcome: 'created', status: 'queued' })
    expect((await gateway.call(json.items[0].href)).json.runId).toBe(json.items[0].runId)
  })

  test('names each item that failed with its problem, and lets the others be', async () => {
    const { json } = await batch(
      'demo_broken',
      [
        { key: 'b-1', input: {} },
        { key: 'b-2', input: {} }
      ],
      waits
    )
    expect(json).toMatchObject({ accepted: 2, ended: 2 })
    for (const { error, runId } of json.items) expect(error).toMatchObject({ code: 'target_failed', runId })
  })
})

describe('what is not valid', () => {
  test('refuses the whole batch, names every such item, and nothing is accepted', async () => {
    const before = await runsOf('demo_pay')
    const { status, json } = await batch('demo_pay', [pay(1, 'v-0'), pay('x', 'v-1'), pay(2), pay(-1, 'v-3'), pay(3, 'v-4')])
    expect([status, json.code]).toEqual([422, 'invalid_input'])
    expect(places(json)).toEqual(['/items/1/input/amount', '/items/2/key', '/items/3/input/amount'])
    expect(json.detail).toContain('3 of 5 items')
    expect(await runsOf('demo_pay')).toBe(before)
  })

  test('is left out where the caller is lenient, and named in the answer', async () => {
    const { status, json, headers } = await batch('demo_pay', [pay(1, 'l-0'), pay('x', 'l-1')], { prefer: 'wait=120, handling=lenient' })
    expect([status, headers.get('preference-applied')]).toEqual([200, 'wait=120, handling=lenient'])
    expect(json).toMatchObject({ accepted: 1, refused: 1 })
    expect(json.items[1]).toMatchObject({
      index: 1,
      key: 'l-1',
      error: { code: 'invalid_input', errors: [{ pointer: '/items/1/input/amount' }] }
    })
    expect(json.items[1]).not.toHaveProperty('runId')
  })

  test('is refused as a whole where every item is so, also leniently', async () => {
    const { status, json } = await batch('demo_pay', [pay('x', 'n-0'), pay('y', 'n-1')], { prefer: 'handling=lenient' })
    expect([status, places(json)]).toEqual([422, ['/items/0/input/amount', '/items/1/input/amount']])
  })

  test('is told by its place, also where inputs are called key and input', async () => {
    const { json } = await batch('more_keyed', [{ input: { key: 1, input: 'x' } }])
    expect(places(json).sort()).toEqual(['/items/0/input/input', '/items/0/input/key'])
  })

  test('is a key or an effect that stands in it twice', async () => {
    const twice = await batch('demo_echo', [
      { key: 'same', input: { text: 'a' } },
      { key: 'same', input: { text: 'a' } }
    ])
    expect([twice.status, places(twice.json)]).toEqual([422, ['/items/1/key']])
    const notes = await batch('demo_note', [
      { key: 'n1', input: { text: 'one' } },
      { key: 'n2', input: { text: 'one' } }
    ])
    expect([notes.status, places(notes.json)]).toEqual([422, ['/items/1/input']])
    expect(notes.json.errors[0].message).toContain('the same text as /items/0')
  })

  test.each<[string, Any, string]>([
    ['no items', [], '/items'],
    ['too many', Array.from({ length: 1_001 }, () => ({ input: {} })), '/items'],
    ['an item without input', [{ key: 'a' }], '/items/0/input'],
    ['a word that is not known', [{ input: {}, kee: 1 }], '/items/0/kee'],
    ['an input that is a list', [{ input: [] }], '/items/0/input'],
    ['a key with a line break', [{ key: 'a\nb', input: {} }], '/items/0/key'],
    ['an empty key', [{ key: '', input: {} }], '/items/0/key'],
    ['no list', { 0: {} }, '/items']
  ])('is %s', async (_, items, pointer) => {
    const { status, json } = await batch('demo_slow', items)
    expect([status, places(json)[0]]).toEqual([422, pointer])
  })

  test('is a key for all, and a number that loses digits', async () => {
    const keyed = await batch('demo_slow', [{ input: {} }], { 'idempotency-key': 'all' })
    expect([keyed.status, places(keyed.json)]).toEqual([400, ['/header/Idempotency-Key']])
    const shaped = await batch('demo_slow', [{ input: {} }], {}, '?fields=text')
    expect([shaped.status, places(shaped.json)]).toEqual([400, ['/query/fields']])
    const raw = '{"items":[{"key":"q","input":{"to":{"name":"Ada"},"amount":12345678901234567890}}]}'
    const inexact = await gateway.call('/v1/actions/demo_pay/batch', { raw })
    expect([inexact.status, places(inexact.json)]).toEqual([422, ['/items/0/input/amount']])
  })
})

describe('what is the same for all items is refused once', () => {
  test.each([
    ['an action that is not there', 'demo_nothing', {}, 404, 'action_not_found'],
    ['another version', 'demo_echo', { 'bot-version': '0'.repeat(64) }, 409, 'version_changed'],
    ['a session of nobody', 'demo_echo', { 'session-id': 'ses_0000000000000000' }, 404, 'session_not_found'],
    ['an address that may not be called', 'demo_echo', { 'callback-url': 'https://hooks.example/x' }, 403, 'callback_refused']
  ])('%s', async (_, action, headers, status, code) => {
    const items = [{ input: { text: 'a' } }, { input: { text: 'b' } }]
    const answer = await batch(action, items, headers as Record<string, string>)
    expect([answer.status, answer.json.code]).toEqual([status, code])
  })

  test('a scope that the key lacks', async () => {
    const authorization = await gateway.bearer(['demo:read'])
    const { json } = await gateway.call('/v1/actions/demo_pay/batch', { body: { items: [pay(1, 's-0')] }, authorization })
    expect(json.code).toBe('insufficient_scope')
  })

  test('the screen of a session', async () => {
    const { sessionId } = (await gateway.call('/v1/sessions', { body: {} })).json
    const { status, json } = await batch('more_wizard', [{ input: {} }, { input: {} }], { 'session-id': sessionId })
    expect([status, json.detail]).toEqual([422, expect.stringContaining('one call at a time')])
  })
})

describe('each item', () => {
  test('of a known key with another input is refused alone', async () => {
    await gateway.call('/v1/actions/demo_pay', { body: pay(1).input, headers: { 'idempotency-key': 'taken' } })
    const { json } = await batch('demo_pay', [pay(5, 'free'), pay(6, 'taken')], waits)
    expect(json).toMatchObject({ accepted: 1, refused: 1, items: [{ status: 'completed' }, { error: { code: 'idempotency_key_reused' } }] })
  })

  test('is filled from the session, and tells its end to the address of the batch', async () => {
    const session = await gateway.call('/v1/sessions', { body: { variables: { account: '40012345' } } })
    const filled = await batch('more_remember', [{ input: { text: 'a' } }, { input: { text: 'b' } }], {
      'session-id': session.json.sessionId,
      ...waits
    })
    expect(filled.json.items.map(({ output }: Any) => output.account)).toEqual(['40012345', '40012345'])
    const { key } = await gateway.keys.create({ name: 'k', tenant: 'default', scopes: ['*'], callbacks: [receiver.origin] })
    const { json } = await gateway.call('/v1/actions/demo_echo/batch', {
      body: { items: [{ input: { text: 'a' } }, { input: { text: 'b' } }] },
      authorization: `Bearer ${key}`,
      headers: { 'callback-url': receiver.origin }
    })
    await until('both', () => receiver.received.length === 2)
    expect(receiver.received.map(one => one.json.data.runId).sort()).toEqual(json.items.map(({ runId }: Any) => runId).sort())
  })

  test('has a plan in a dry run, and nothing is accepted', async () => {
    const before = await runsOf('demo_pay')
    const { status, json } = await batch('demo_pay', [pay(1, 'd-0'), pay(2, 'd-1')], {}, '?dryRun=true')
    expect(status).toBe(200)
    expect(json.items.map(({ plan }: Any) => plan.input.amount)).toEqual([1, 2])
    expect([json.accepted, await runsOf('demo_pay')]).toEqual([0, before])
  })

  test('counts against the rate of its key', async () => {
    const narrow = await openGateway({ worker: false, settings: { maxCallsPerSecond: 10 } })
    const items = (count: number) => ({ body: { items: Array.from({ length: count }, () => ({ input: {} })) } })
    const large = await narrow.call('/v1/actions/demo_slow/batch', items(11))
    expect([large.status, large.json.code, large.json.detail]).toEqual([
      422,
      'invalid_input',
      expect.stringContaining('10 calls in a second')
    ])
    const codes = await Promise.all([8, 8, 8].map(async count => (await narrow.call('/v1/actions/demo_slow/batch', items(count))).status))
    expect(codes).toContain(429)
    await narrow.close()
  })

  test('counts against the queue: those that have room are accepted, the others named; where none has, the batch is refused', async () => {
    const idle = await openGateway({ worker: false })
    const items = Array.from({ length: 60 }, (_, i) => ({ key: `q-${i}`, input: {} }))
    const { status, json } = await idle.call('/v1/actions/demo_slow/batch', { body: { items } })
    expect([status, json.accepted, json.refused]).toEqual([202, 50, 10])
    expect(json.items.filter(({ error }: Any) => error?.code === 'queue_full' && error.retryable)).toHaveLength(10)
    const again = await idle.call('/v1/actions/demo_slow/batch', { body: { items } })
    expect(again.json).toMatchObject({ accepted: 50, refused: 10 })
    const none = await idle.call('/v1/actions/demo_slow/batch', { body: { items: [{ key: 'z', input: {} }] } })
    expect([none.status, none.json.code, none.headers.has('retry-after')]).toEqual([503, 'queue_full', true])
    await idle.close()
  })

  test('must fit into the largest body together', async () => {
    const narrow = await openGateway({ worker: false, settings: { maxBodyBytes: 2_000 } })
    const items = Array.from({ length: 100 }, () => ({ input: { text: 'x'.repeat(50) } }))
    expect((await narrow.call('/v1/actions/demo_echo/batch', { body: { items } })).json.code).toBe('body_too_large')
    await narrow.close()
  })
})
