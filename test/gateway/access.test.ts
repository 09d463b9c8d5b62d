import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readContract } from '../../src/gateway/gateway.ts'
import { type Answer, type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ settings: { maxCallsPerSecond: 100, maxFailedAuthentications: 0 } })
})
afterAll(() => gateway.close())

type Item = Record<string, { operationId?: string; security?: unknown[] }>

const operations = Object.entries(readContract().paths as unknown as Record<string, Item>).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => ['get', 'put', 'post', 'delete'].includes(method))
    .map(([method, { operationId, security }]) => ({ operationId, method: method.toUpperCase(), path, open: security?.length === 0 }))
)
const filled = (path: string): string => path.replaceAll(/\{\w+\}/g, 'demo_echo')

describe('without a good key', () => {
  test('there is more than one operation to look at', () => expect(operations.length).toBeGreaterThan(15))

  test.each(operations.filter(({ open }) => !open))('$operationId answers 401', async ({ method, path }) => {
    for (const authorization of [
      null,
      '',
      'Bearer',
      'Bearer nonsense',
      `Basic ${gateway.adminKey}`,
      `Bearer rf_${'0'.repeat(12)}_${'0'.repeat(52)}`
    ]) {
      const answer = await gateway.call(filled(path), { method, authorization, ...(method === 'GET' ? {} : { raw: '{}' }) })
      expect([answer.status, answer.json.code]).toEqual([401, 'unauthenticated'])
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    }
  })

  test.each(operations.filter(({ open }) => open))('$operationId is open', async ({ method, path }) => {
    expect((await gateway.call(path, { method, authorization: null })).status).toBe(200)
  })
})

describe('scopes', () => {
  test.each([
    ['/v1/bots', 'GET', 'bots:read'],
    ['/v1/bots/demo', 'GET', 'bots:read'],
    ['/v1/bots/demo', 'DELETE', 'bots:write'],
    ['/metrics', 'GET', 'metrics:read'],
    ['/v1/runs/run_000000000000000000000/retry', 'POST', 'runs:write']
  ])('%s %s needs %s', async (path, method, scope) => {
    const without = await gateway.call(path, { method, authorization: await gateway.bearer(['demo:*']) })
    expect([without.status, without.json.code]).toEqual([403, 'insufficient_scope'])
    expect(without.json).toMatchObject({
      detail: expect.stringContaining(scope),
      hint: expect.stringContaining('An access token never has it')
    })
    const withIt = await gateway.call(path, { method, authorization: await gateway.bearer([scope]) })
    expect([401, 403]).not.toContain(withIt.status)
  })

  test('an action needs every one of its scopes', async () => {
    const options = { body: { to: { name: 'Ada' }, amount: 1 }, headers: { 'idempotency-key': 'scopes' } }
    const without = await gateway.call('/v1/actions/demo_pay', { ...options, authorization: await gateway.bearer(['demo:read']) })
    expect([without.status, without.json.code]).toEqual([403, 'insufficient_scope'])
    expect(without.json.detail).toContain('payments:write')
    const withBoth = await gateway.call('/v1/actions/demo_pay', {
      ...options,
      authorization: await gateway.bearer(['demo:*', 'payments:write'])
    })
    expect(withBoth.status).toBe(200)
  })

  test('a run can be seen by its tenant only, by those who may use the action or read runs', async () => {
    const { headers } = await gateway.call('/v1/actions/demo_echo', { body: { text: 'x' } })
    const path = `/v1/runs/${headers.get('run-id')}`
    const status = async (scopes: string[], tenant?: string): Promise<number> =>
      (await gateway.call(path, { authorization: await gateway.bearer(scopes, tenant) })).status
    expect(await status(['demo:read'])).toBe(200)
    expect(await status(['runs:read'])).toBe(200)
    expect(await status(['other:read'])).toBe(404)
    expect(await status(['*'], 'another')).toBe(404)
    const authorization = await gateway.bearer(['*'], 'another')
    for (const rest of ['/cancel', '/retry'])
      expect((await gateway.call(`${path}${rest}`, { method: 'POST', authorization })).status).toBe(404)
    for (const rest of ['/events', '/artifacts/x.png']) expect((await gateway.call(`${path}${rest}`, { authorization })).status).toBe(404)
    expect((await gateway.call('/v1/runs', { authorization })).json).toEqual({ runs: [], next: null })
  })

  test('to cancel takes the client that started the run, or runs:write; to retry takes the scopes of the action too', async () => {
    const owner = await gateway.bearer(['demo:*'])
    const { json } = await gateway.call('/v1/actions/demo_slow', { body: {}, authorization: owner, headers: { prefer: 'respond-async' } })
    const post = async (what: string, authorization: string) =>
      gateway.call(`/v1/runs/${json.runId}/${what}`, { method: 'POST', authorization })
    expect((await post('cancel', await gateway.bearer(['demo:read']))).status).toBe(403)
    expect((await post('cancel', owner)).json.status).toBe('cancelled')
    expect((await post('retry', owner)).status).toBe(403)
    expect((await post('retry', await gateway.bearer(['runs:*']))).status).toBe(403)
    const retried = await post('retry', await gateway.bearer(['runs:*', 'demo:read']))
    expect(retried.status).toBe(202)
    expect(retried.headers.get('location')).toBe(`/v1/runs/${retried.json.runId}`)
    expect((await gateway.call(`/v1/runs/${retried.json.runId}`)).json.retryOf).toBe(json.runId)
  })
})

test('a revoked key is refused', async () => {
  const { id, key } = await gateway.keys.create({ name: 'short', tenant: 'default', scopes: ['*'] })
  const status = async (): Promise<number> => (await gateway.call('/v1/runs', { authorization: `Bearer ${key}` })).status
  expect(await status()).toBe(200)
  expect(await gateway.keys.revoke(id)).toBe(true)
  expect(await status()).toBe(401)
})

test('too many calls of one key in a second are refused, those of another are not', async () => {
  const slow = await openGateway({ worker: false, settings: { maxCallsPerSecond: 2 } })
  const authorization = await slow.bearer(['runs:read'])
  const burst = () => Promise.all(Array.from({ length: 30 }, () => slow.call('/v1/runs?limit=1', { authorization })))
  // On a machine that is busy with something else, a burst may spread over many seconds.
  let refused: Answer | undefined
  while (refused === undefined) refused = (await burst()).find(({ status }) => status === 429)
  expect(refused.json).toMatchObject({ code: 'rate_limited', retryable: true })
  expect(refused.headers.get('retry-after')).toBe('1')
  expect((await slow.call('/v1/runs')).status).toBe(200)
  await slow.close()
})
