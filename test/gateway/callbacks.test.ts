/** The end of a run is told to the address that its call names: signed, until it answers, and to nobody else. */
import { createHmac } from 'node:crypto'
import { hostname } from 'node:os'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type Callback, callbackDueAt } from '../../src/core/callback.ts'
import { withCallbacks } from '../../src/core/run.ts'
import type { Run } from '../../src/core/types.ts'
import { post } from '../../src/gateway/callbacks/post.ts'
import { callbackSecret } from '../../src/governance/callback-secret.ts'
import { until } from '../setup/until.ts'
import { dataKey, echoManifest, type OpenGateway, openGateway } from './open-gateway.ts'
import { openReceiver, type Received, type Receiver } from './receiver.ts'

const secretBot = `
bot: vault
version: 1.0.0
title: Vault
description: What it answers is sensitive in part.
adapter: echo
target: { url: 'http://127.0.0.1:9' }
actions:
  look:
    title: Look
    description: Answers a pin and a name.
    effect: read
    scopes: [demo:read]
    input: { type: object, properties: { pin: { type: string, x-sensitive: secret }, name: { type: string } } }
    output: { type: object, properties: { pin: { type: string, x-sensitive: secret }, name: { type: string } } }
  brief:
    title: Brief
    description: Its record is kept for a moment only.
    effect: read
    scopes: [demo:read]
    idempotency: { ttl: 1ms }
    input: { type: object }
    output: { type: object }
    result: { said: soon gone }
  big:
    title: Much
    description: Answers more than a message holds.
    effect: read
    scopes: [demo:read]
    input: { type: object, properties: { text: { type: string, maxLength: 900000 } } }
    output: { type: object, properties: { text: { type: string, maxLength: 900000 } } }
`

let receiver: Receiver
let gateway: OpenGateway
let key: { readonly id: string; readonly key: string }
const quick = { firstMs: 20, mostMs: 100, tryMs: 60_000, leaseMs: 120_000 }

beforeAll(async () => {
  receiver = await openReceiver()
  gateway = await openGateway({ manifests: [echoManifest, secretBot], callbacks: { origins: [receiver.origin], times: quick } })
  key = await newKey()
})
afterAll(async () => {
  await gateway.close()
  await receiver.close()
})
beforeEach(() => {
  receiver.answer = 204
})

const newKey = (addresses = [`${receiver.origin}/done`, 'https://hooks.example/only/'], tenant = 'default') =>
  gateway.keys.create({ name: 'flow', tenant, scopes: ['demo:*', 'payments:write'], callbacks: addresses })

let calls = 0
const call = (action: string, { url = `${receiver.origin}/done`, by = key.key, body = {}, ...headers }: Record<string, unknown> = {}) =>
  gateway.call(`/v1/actions/${action}`, {
    body,
    authorization: `Bearer ${by}`,
    headers: { 'idempotency-key': `k-${++calls}`, 'callback-url': String(url), ...(headers as Record<string, string>) }
  })
const messagesOf = (runId: string | null): Received[] => receiver.received.filter(({ json }) => json.data.runId === runId)
const arrived = (runId: string | null) => until('the message', () => messagesOf(runId).at(-1))
const callbackOf = async (runId: string | null) => {
  const { json } = await gateway.call(`/v1/callbacks/cb_${runId?.slice(4)}_1`)
  return json
}
const inState = (runId: string | null, state: string) =>
  until(`state ${state}`, async () => {
    const seen = await callbackOf(runId)
    return seen.state === state && seen
  })

/** As a receiver does it, by the specification alone. */
function isSigned({ headers, body }: Received, secret: string): boolean {
  const bytes = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const wanted = `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(wanted)
}
const secretOf = (clientId: string, generation = 1) => callbackSecret({ dataKey, tenant: 'default', clientId, generation })

describe('a message', () => {
  test('tells the end of the run, with the output and the token of the call, and is signed with the secret of the key', async () => {
    const { headers, status } = await call('demo_echo', { body: { text: 'hello' }, 'callback-token': 'task token/+=' })
    expect(status).toBe(200)
    const runId = headers.get('run-id')
    const message = await arrived(runId)
    expect(message.json).toMatchObject({
      type: 'run.completed',
      data: {
        runId,
        action: 'demo_echo',
        status: 'completed',
        effect: 'none',
        output: { text: 'hello' },
        token: 'task token/+=',
        href: `https://retrofit.example/v1/runs/${runId}`
      }
    })
    expect(message.headers['webhook-id']).toBe(`msg_${runId?.slice(4)}_1_completed`)
    expect(Math.abs(Number(message.headers['webhook-timestamp']) * 1_000 - Date.now())).toBeLessThan(120_000)
    expect(isSigned(message, secretOf(key.id))).toBe(true)
    expect(isSigned(message, secretOf('another'))).toBe(false)
    expect(await inState(runId, 'delivered')).toMatchObject({
      runId,
      tries: 1,
      log: [{ status: 204 }],
      messageId: message.headers['webhook-id']
    })
  })

  test.each([
    ['demo_broken', 'run.failed', 'target_failed', 'none'],
    ['demo_lost', 'run.outcome_unknown', 'outcome_unknown', 'unknown']
  ])('of %s is %s, with the problem', async (action, type, code, effect) => {
    const { json } = await call(action)
    const message = await arrived(json.runId)
    expect(message.json).toMatchObject({ type, data: { effect, error: { code, runId: json.runId } } })
    expect(message.json.data).not.toHaveProperty('output')
  })

  test('of a run whose outcome was unknown comes again when that is settled, with another id', async () => {
    const { json } = await call('demo_lost')
    await arrived(json.runId)
    await inState(json.runId, 'delivered')
    await gateway.call(`/v1/runs/${json.runId}/resolve`, { body: { outcome: 'completed' } })
    const [first, second] = await until('two messages', () => messagesOf(json.runId).length === 2 && messagesOf(json.runId))
    expect([first?.json.type, second?.json.type]).toEqual(['run.outcome_unknown', 'run.completed'])
    expect(first?.headers['webhook-id']).not.toBe(second?.headers['webhook-id'])
  })

  test('masks what is sensitive, and the ledger holds neither the token nor the query of the address', async () => {
    const url = `${receiver.origin}/done?ticket=q-secret`
    const { headers } = await call('vault_look', { url, body: { pin: '4711', name: 'Ada' }, 'callback-token': 't-secret' })
    const message = await arrived(headers.get('run-id'))
    expect(message.path).toBe('/done?ticket=q-secret')
    expect(message.json.data).toMatchObject({ output: { pin: '•••', name: 'Ada' }, token: 't-secret' })
    const row = JSON.stringify(await gateway.parts.store.getRun(String(headers.get('run-id'))))
    const seen = JSON.stringify([await callbackOf(headers.get('run-id')), (await gateway.call(`/v1/runs/${headers.get('run-id')}`)).json])
    expect(row + seen).not.toMatch(/q-secret|t-secret/)
    expect(seen).toContain(`${receiver.origin}/done`)
  })

  test('is what the published document says', async () => {
    const document = (await gateway.call('/openapi.json')).json
    const callback = document.components.callbacks.RunEnded['{$request.header.Callback-Url}'].post
    expect(document.paths['/v1/actions/demo_echo'].post.callbacks.runEnded).toEqual({ $ref: '#/components/callbacks/RunEnded' })
    const { $ref } = callback.requestBody.content['application/json'].schema
    const check = new Ajv2020({ strict: false, validateFormats: false }).compile({ $ref, components: document.components })
    for (const action of ['demo_slow', 'demo_broken', 'demo_lost']) {
      const { headers, json } = await call(action, { 'callback-token': 't' })
      const message = await arrived(headers.get('run-id') ?? json.runId)
      expect([check(message.json), check.errors]).toEqual([true, null])
      for (const { name, required } of callback.parameters)
        expect([name, required, typeof message.headers[name]]).toEqual([name, true, 'string'])
    }
    expect((await gateway.call('/openapi.json?format=gpt')).text).not.toContain('runEnded')
    expect((await gateway.call('/openapi.json?version=3.0')).json.components.callbacks).toHaveProperty('RunEnded')
  })

  test('leaves an output out that is too large, and says so', async () => {
    const { headers } = await call('vault_big', { body: { text: 'x'.repeat(300_000) } })
    const { data } = (await arrived(headers.get('run-id'))).json
    expect(data).not.toHaveProperty('output')
    expect(data.outputOmitted).toContain('get it with href')
  })
})

describe('a receiver that does not take it', () => {
  test('is asked again with the same id and a new time, until it answers', async () => {
    receiver.answer = 500
    const { headers } = await call('demo_echo', { body: { text: 'again' } })
    const runId = headers.get('run-id')
    await until('three tries', () => messagesOf(runId).length >= 3)
    expect((await callbackOf(runId)).state).toBe('pending')
    receiver.answer = 200
    const { tries, log } = await inState(runId, 'delivered')
    expect(tries).toBe(messagesOf(runId).length)
    expect(log.slice(-2).map(({ status }: { status: number }) => status)).toEqual([500, 200])
    expect(new Set(messagesOf(runId).map(message => message.headers['webhook-id'])).size).toBe(1)
    expect(new Set(messagesOf(runId).map(({ body }) => body)).size).toBe(1)
    expect(messagesOf(runId).every(message => isSigned(message, secretOf(key.id)))).toBe(true)
  })

  test('by a redirect is not followed', async () => {
    receiver.answer = (_, response) => response.writeHead(307, { location: `${receiver.origin}/elsewhere` }).end()
    const { headers } = await call('demo_echo', { body: { text: 'on' } })
    await until('two tries', () => messagesOf(headers.get('run-id')).length >= 2)
    receiver.answer = 204
    await inState(headers.get('run-id'), 'delivered')
    expect(messagesOf(headers.get('run-id')).every(({ path }) => path === '/done')).toBe(true)
  })

  test('for good (410) is asked no more; sent again it gets the same message', async () => {
    receiver.answer = 410
    const { headers } = await call('demo_echo', { body: { text: 'gone' } })
    const runId = headers.get('run-id')
    const { callbackId } = await inState(runId, 'failed')
    expect(messagesOf(runId)).toHaveLength(1)
    receiver.answer = 204
    const again = await gateway.call('/v1/callbacks', { body: { callbackId }, authorization: `Bearer ${key.key}` })
    expect([again.status, again.headers.get('location')]).toEqual([202, `/v1/callbacks/${callbackId}`])
    await inState(runId, 'delivered')
    expect(messagesOf(runId).map(message => message.headers['webhook-id'])).toEqual(Array(2).fill(`msg_${runId?.slice(4)}_1_completed`))
  })

  test('keeps others neither waiting nor out of sight, however many messages wait for it', async () => {
    const other = await openReceiver()
    const lone = await openGateway({ manifests: [secretBot], callbacks: { origins: [receiver.origin, other.origin], times: quick } })
    const { key: by } = await lone.keys.create({ name: 'k', tenant: 'default', scopes: ['*'], callbacks: [receiver.origin, other.origin] })
    const told = (origin: string) => ({ authorization: `Bearer ${by}`, headers: { 'callback-url': origin, prefer: 'wait=120' } })
    // It takes requests and never answers.
    receiver.answer = () => undefined
    const items = Array.from({ length: 150 }, () => ({ input: { name: 'x' } }))
    const { json } = await lone.call('/v1/actions/vault_look/batch', { body: { items }, ...told(receiver.origin) })
    expect(json.ended).toBe(150)
    const { headers } = await lone.call('/v1/actions/vault_look', { body: {}, ...told(other.origin) })
    await until('the other', () => other.received.some(one => one.json.data.runId === headers.get('run-id')))
    await lone.close()
    await other.close()
  })

  test('has the record of the run kept until the message is sent', async () => {
    receiver.answer = 500
    const { headers } = await call('vault_brief', {})
    const runId = headers.get('run-id') as string
    await until(
      'it was to expire',
      async () => ((await gateway.parts.store.getRun(runId))?.dueAt ?? 0) > gateway.parts.store.now() + 600_000
    )
    receiver.answer = 204
    await inState(runId, 'delivered')
    expect(messagesOf(runId).at(-1)?.json.data.output).toEqual({ said: 'soon gone' })
  })

  test('is given up after a day', async () => {
    const { headers } = await call('demo_echo', { body: { text: 'late' } })
    const runId = headers.get('run-id') as string
    await inState(runId, 'delivered')
    receiver.answer = 500
    const run = (await gateway.parts.store.getRun(runId)) as Run
    const now = gateway.parts.store.now()
    const old = { ...(run.callbacks?.[0] as Callback), state: 'pending', since: now - 24 * 3_600_000, nextAt: now } as const
    expect(await gateway.parts.store.updateRun(withCallbacks(run, [old], { now }))).toBe(true)
    await inState(runId, 'failed')
    const kept = await gateway.parts.store.getRun(runId)
    expect(callbackDueAt(kept as Run)).toBeUndefined()
    expect(kept?.dueAt).toBeGreaterThan(now + 2 * 24 * 3_600_000)
  })
})

describe('an address', () => {
  test.each([
    ['another path', () => `${receiver.origin}/other`],
    ['a path that only begins alike', () => `${receiver.origin}/done-too`],
    ['a path that climbs out', () => 'https://hooks.example/only/../all'],
    ['another origin', () => 'https://hooks.example.evil.example/only/x'],
    ['another port', () => 'https://hooks.example:444/only/x']
  ])('that the key does not list is refused: %s', async (_, url) => {
    const { status, json } = await call('demo_echo', { url: url(), body: { text: 'x' } })
    expect([status, json.code]).toEqual([403, 'callback_refused'])
  })

  test.each([
    ['no address', 'hooks'],
    ['without TLS', 'http://hooks.example/only/x'],
    ['a user in it', 'https://a:b@hooks.example/only/x'],
    ['a fragment', 'https://hooks.example/only/x#y'],
    ['an encoded slash', 'https://hooks.example/only/..%2fall'],
    ['a backslash', 'https://hooks.example/only\\..\\all'],
    ['another scheme', 'file:///etc/passwd'],
    ['much too long', `https://hooks.example/only/${'x'.repeat(3_000)}`]
  ])('that is none is refused with its place: %s', async (_, url) => {
    const { status, json } = await call('demo_echo', { url, body: { text: 'x' } })
    expect([status, json.errors[0].pointer]).toEqual([400, '/header/Callback-Url'])
  })

  test('is refused to a key without any, and to the admin key; a token alone is refused', async () => {
    const { key: none } = await gateway.keys.create({ name: 'none', tenant: 'default', scopes: ['demo:*'] })
    for (const by of [none, gateway.adminKey])
      expect((await call('demo_echo', { by, body: { text: 'x' } })).json.code).toBe('callback_refused')
    const alone = await gateway.call('/v1/actions/demo_echo', { body: { text: 'x' }, headers: { 'callback-token': 't' } })
    expect(alone.json.errors[0].pointer).toBe('/header/Callback-Token')
  })

  test.each([
    ['the metadata service', 'https://169.254.169.254/latest'],
    ['its name', 'https://metadata.google.internal/x'],
    ['a private address', 'https://10.1.2.3/x'],
    ['this machine', 'https://localhost/x'],
    ['a mapped address', 'https://[::ffff:10.0.0.1]/x']
  ])('is refused although the key lists it, when it is %s', async (_, url) => {
    const { key: by } = await newKey([url])
    expect((await call('demo_echo', { url, by, body: { text: 'x' } })).json.code).toBe('callback_refused')
  })

  test('is judged as it is connected to: a name that leads to this machine is refused unless its origin is allowed', async () => {
    const origin = receiver.origin.replace('127.0.0.1', hostname())
    const posting = { url: `${origin}/x?ticket=secret`, headers: {}, body: '{}', signal: AbortSignal.timeout(60_000) }
    const before = receiver.received.length
    expect(await post({ ...posting, origins: [] })).toEqual({ error: expect.stringMatching(/is no public address|ENOTFOUND|EAI_AGAIN/) })
    expect(receiver.received).toHaveLength(before)
  })

  test('that was let in before is judged again', async () => {
    const { origin } = receiver
    const other = await openGateway({ callbacks: { origins: [], times: quick } })
    const { key: by, id } = await other.keys.create({ name: 'k', tenant: 'default', scopes: ['demo:*'], callbacks: [origin] })
    const { headers } = await other.call('/v1/actions/demo_echo', { body: { text: 'x' }, authorization: `Bearer ${by}` })
    const runId = headers.get('run-id') as string
    // A check at the call would not have let it in: as if the name had led elsewhere then.
    const { attachCallback } = await import('../../src/engine/callbacks/new-callback.ts')
    const caller = { tenant: 'default', subject: 'k', clientId: id, scopes: [] }
    await attachCallback(other.parts, (await other.parts.store.getRun(runId)) as Run, { caller, to: { url: `${origin}/x` } })
    const tried = await until('a try', async () => (await other.parts.store.getRun(runId))?.callbacks?.[0]?.log[0])
    expect(tried.error).toContain('CALLBACK_ORIGINS')
    expect(messagesOf(runId)).toEqual([])
    await other.close()
  })
})

describe('a key', () => {
  test('that is revoked, or loses the address, sends nothing more', async () => {
    for (const change of ['revoke', 'narrow'] as const) {
      const { key: by, id } = await newKey()
      const { json } = await call('demo_slow', { by, prefer: 'respond-async' })
      if (change === 'revoke') await gateway.keys.revoke(id)
      else await gateway.keys.changeCallbacks(id, { addresses: [] })
      const failed = await until('given up', async () =>
        (await gateway.parts.store.getRun(json.runId))?.callbacks?.find(({ state }) => state === 'failed')
      )
      expect(failed.log[0]?.error).toMatch(change === 'revoke' ? 'is gone' : 'any more')
      expect(messagesOf(json.runId)).toEqual([])
    }
  })

  test('whose secret is replaced signs with both for a day', async () => {
    const { key: by, id } = await newKey()
    await gateway.keys.changeCallbacks(id, { rotate: true })
    const { headers } = await call('demo_echo', { by, body: { text: 'x' } })
    const message = await arrived(headers.get('run-id'))
    expect([isSigned(message, secretOf(id, 1)), isSigned(message, secretOf(id, 2)), isSigned(message, secretOf(id, 3))]).toEqual([
      true,
      true,
      false
    ])
  })
})

describe('the same idempotency key', () => {
  test('with the same address is one callback; with another token its caller is told too', async () => {
    const request = { body: { text: 'x' }, 'idempotency-key': 'one', 'callback-token': 'first' }
    const { headers } = await call('demo_echo', request)
    const runId = headers.get('run-id')
    await inState(runId, 'delivered')
    await call('demo_echo', request)
    const replayed = await call('demo_echo', { ...request, 'callback-token': 'second' })
    expect(replayed.headers.get('idempotent-replayed')).toBe('true')
    await until('the second', () => messagesOf(runId).length === 2)
    expect(messagesOf(runId).map(({ json }) => json.data.token)).toEqual(['first', 'second'])
  })

  test('calls five addresses, and says when it takes no more', async () => {
    const request = { body: { text: 'x' }, 'idempotency-key': 'many' }
    for (const token of ['1', '2', '3', '4', '5'])
      expect((await call('demo_echo', { ...request, 'callback-token': token })).status).toBe(200)
    const { json } = await call('demo_echo', { ...request, 'callback-token': '6' })
    expect(json).toMatchObject({ code: 'callback_refused', runId: expect.any(String) })
  })
})

describe('callbacks', () => {
  test('are seen and sent again by their own key, and by those who may read and write all runs of the tenant', async () => {
    const { headers } = await call('demo_echo', { body: { text: 'mine' } })
    const { callbackId } = await inState(headers.get('run-id'), 'delivered')
    const ask = async (scopes: readonly string[], tenant?: string) => {
      const authorization = await gateway.bearer(scopes, tenant)
      const listed = (await gateway.call('/v1/callbacks?limit=100', { authorization })).json.callbacks
      const again = await gateway.call('/v1/callbacks', { body: { callbackId }, authorization })
      return [listed.some((one: { callbackId: string }) => one.callbackId === callbackId), again.json.code ?? again.status]
    }
    expect(await ask(['demo:*'])).toEqual([false, 'callback_not_found'])
    expect(await ask(['runs:read'])).toEqual([true, 'insufficient_scope'])
    expect(await ask(['runs:*'])).toEqual([true, 202])
    expect(await ask(['*'], 'globex')).toEqual([false, 'callback_not_found'])
  })

  test('are listed by state, newest first, in pages', async () => {
    const { key: by } = await newKey()
    const runs: (string | null)[] = []
    for (const text of ['a', 'b', 'c']) runs.unshift((await call('demo_echo', { by, body: { text } })).headers.get('run-id'))
    const list = async (query: string) => (await gateway.call(`/v1/callbacks?${query}`, { authorization: `Bearer ${by}` })).json
    await until('all sent', async () => (await list('state=delivered')).callbacks.length === 3)
    const page = await list('limit=2')
    expect(page.callbacks.map(({ runId }: { runId: string }) => runId)).toEqual(runs.slice(0, 2))
    expect((await list(`limit=2&cursor=${page.next}`)).callbacks.map(({ runId }: { runId: string }) => runId)).toEqual(runs.slice(2))
    expect((await list('state=failed')).callbacks).toEqual([])
  })

  test.each(['cb_1', 'x', `cb_${'0'.repeat(21)}_9`, encodeURIComponent('../runs')])('%s is none', async id => {
    expect((await gateway.call(`/v1/callbacks/${id}`)).json.code).toBe('callback_not_found')
  })

  test('that somebody else wrote into the ledger are not sent', async () => {
    const { headers } = await call('demo_echo', { body: { text: 'x' } })
    const runId = headers.get('run-id') as string
    await inState(runId, 'delivered')
    const count = messagesOf(runId).length
    const forge = async (change: (callback: Callback) => Partial<Callback>) => {
      const run = (await gateway.parts.store.getRun(runId)) as Run
      const now = gateway.parts.store.now()
      const before = run.callbacks?.[0] as Callback
      await gateway.parts.store.updateRun(
        withCallbacks(run, [{ ...before, state: 'pending', since: now, nextAt: now, ...change(before) }], { now })
      )
      return (await inState(runId, 'failed')).log.at(-1).error
    }
    expect(await forge(() => ({ clientId: 'another' }))).toContain('this service')
    expect(await forge(() => ({ clientId: key.id, to: { url: `${receiver.origin}/done/elsewhere` } }))).toContain('this service')
    expect(messagesOf(runId)).toHaveLength(count)
  })
})
