/** What others write into our Redis ends no process, is believed by nobody, and keeps nobody's runs from being swept. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { randomText } from '../../src/core/ids.ts'
import type { Store } from '../../src/core/ports.ts'
import { createRefusals } from '../../src/core/refusals.ts'
import type { RunEvent } from '../../src/core/run-event.ts'
import { openRedisStore } from '../../src/drivers/redis/store.ts'
import { createSigner } from '../../src/governance/signer.ts'
import { aKey, aRun, aSession, changed, open } from '../contract/fixtures.ts'
import { until } from '../setup/until.ts'

const url = process.env.TEST_REDIS_URL as string
const prefix = `foreign-${randomText(8)}`
const channel = `${prefix}:events:0`
const refusals = createRefusals()
const signer = createSigner('a data key of the tests, long enough to be one')
const heard: RunEvent[] = []
const readRows: unknown[] = []
let attacker: Redis
let store: Store
let other: Store

beforeAll(async () => {
  attacker = new Redis(url)
  store = await openRedisStore({ url, prefix, signer, refuse: refusals.refuse })
  other = await openRedisStore({ url, prefix, signer })
  store.watch(event => {
    heard.push(event)
    if (event.type === 'status') readRows.push(event.run)
  })
})
afterAll(async () => {
  await Promise.all([store.close(), other.close()])
  for await (const keys of attacker.scanStream({ match: `${prefix}:*`, count: 1_000 })) if (keys.length > 0) await attacker.unlink(...keys)
  attacker.disconnect()
})
afterEach(() => {
  heard.length = 0
  readRows.length = 0
})

const refused = (what: string) => refusals.counts().find(([name]) => name === what)?.[1] ?? 0

/** Everything that was published before has been heard when this is. */
async function untilHeard(): Promise<void> {
  const runId = `run_${randomText(21)}`
  other.emit({ type: 'again', runId, bot: 'teller' })
  await until('the last event', () => heard.some(event => event.runId === runId))
}

describe('the channel', () => {
  const status = { type: 'status', runId: 'run_1', revision: 2, status: 'completed', effect: 'committed' }
  const signed = (lines: string) => `${signer.sign('event', channel, lines)}\n${lines}`
  test.each([
    ['nothing', ''],
    ['no JSON', 'not json'],
    ['half of one', '{"type":"status"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['bytes', '\u0000\u0001\uffff'],
    ['very deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ['very large', `{"type":"step","runId":"${'x'.repeat(2_000_000)}"}`],
    ['an event without a signature', JSON.stringify(status)],
    ['an event with an empty one', `\n${JSON.stringify(status)}`],
    ['an event with a wrong one', `${'A'.repeat(43)}\n${JSON.stringify(status)}`],
    ['an event of another channel', `${signer.sign('event', `${prefix}:events:1`, JSON.stringify(status))}\n${JSON.stringify(status)}`],
    ['a row put below a signed event', `${signed(JSON.stringify(status))}\n${JSON.stringify(aRun())}`],
    ['wrong types', signed(JSON.stringify({ ...status, revision: '2' }))],
    ['a status that nobody knows', signed(JSON.stringify({ ...status, status: 'done' }))],
    ['a name of every object', signed(JSON.stringify({ ...status, type: 'constructor' }))],
    ['a step without its members', signed(JSON.stringify({ type: 'step', runId: 'run_1', step: null }))]
  ])('%s is dropped and counted', async (_, text) => {
    const before = refused('event')
    await attacker.publish(channel, text)
    await untilHeard()
    expect(heard.map(({ type }) => type)).toEqual(['again'])
    expect(refused('event')).toBe(before + 1)
  })

  test('a signed event whose row is garbled brings no row', async () => {
    await attacker.publish(channel, signed(`${JSON.stringify(status)}\n{"id":"run_1"}`))
    await untilHeard()
    expect(heard[0]).toMatchObject(status)
    expect(readRows).toEqual([undefined])
  })

  test('two installations on two databases of one Redis do not hear each other', async () => {
    const beside = await openRedisStore({ url: `${url}/1`, prefix, signer })
    const strange: RunEvent[] = []
    beside.watch(event => strange.push(event))
    await untilHeard()
    const before = refused('event')
    beside.emit({ type: 'again', runId: 'run_beside', bot: 'teller' })
    await until('its own event', () => strange.some(({ runId }) => runId === 'run_beside'))
    await untilHeard()
    expect(strange).toHaveLength(1)
    expect(heard.map(({ runId }) => runId)).not.toContain('run_beside')
    expect(refused('event')).toBe(before)
    await beside.close()
    const second = new Redis(`${url}/1`)
    for await (const keys of second.scanStream({ match: `${prefix}:*` })) if (keys.length > 0) await second.unlink(...keys)
    second.disconnect()
  })
})

describe('rows', () => {
  const rowOf = (id: string) => `${prefix}:{${id.slice(-2)}}:run:${id}`
  const dueOf = (id: string) => `${prefix}:{${id.slice(-2)}}:due`
  const made = async () => {
    const run = aRun({ tenant: 'swept', dueAt: Date.now() - 1_000 })
    await store.createRun(run, open())
    return run
  }

  test.each([
    ['no JSON', 'x'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['a run of another id', JSON.stringify(aRun())],
    ['wrong types', JSON.stringify({ ...aRun(), steps: 'many' })]
  ])('%s in place of a run is no run, and the sweep goes on', async (_, json) => {
    const [bad, good] = [await made(), await made()]
    await attacker.hset(rowOf(bad.id), 'json', json)
    expect(await store.getRun(bad.id)).toBeUndefined()
    expect((await store.listRuns({ tenant: 'swept', limit: 10 })).runs).toEqual([good])
    expect((await store.listRuns({ tenant: 'swept', limit: 1, bot: good.bot })).runs).toEqual([good])
    expect((await store.dueRuns(Date.now(), 10)).map(({ id }) => id)).toEqual([good.id])
    expect(await attacker.zscore(dueOf(bad.id), bad.id)).toBeNull()
    await Promise.all([store.deleteRun(good.id), store.deleteRun(bad.id)])
  })

  test('another type in place of a row or an index, and ids of nothing, do not keep the others from being swept', async () => {
    const [bad, good] = [await made(), await made()]
    await attacker.set(rowOf(bad.id), 'not a hash')
    const partition = good.id.endsWith('00') ? '01' : '00'
    await attacker.set(`${prefix}:{${partition}}:due`, 'not an index')
    for (let i = 0; i < 30; i++) await attacker.zadd(dueOf(good.id), 1, i % 2 === 0 ? `nobody-${i}` : `run_nobody${i}${good.id.slice(-2)}`)
    const found: string[] = []
    for (let sweep = 0; sweep < 4; sweep++) found.push(...(await store.dueRuns(Date.now(), 10)).map(({ id }) => id))
    expect(found).toContain(good.id)
    expect((await store.listRuns({ tenant: 'swept', limit: 10 })).runs).toEqual([good])
    await attacker.del(`${prefix}:{${partition}}:due`, rowOf(bad.id))
    await store.deleteRun(good.id)
  })

  test('a key whose run is garbled starts no second run', async () => {
    const key = aKey()
    const run = aRun()
    await store.createRun(run, open(key))
    await attacker.hset(rowOf(run.id), 'json', '{}')
    await expect(store.createRun(aRun(), open(key))).rejects.toThrow('can not be read')
  })

  test('a garbled row does not let itself be overwritten as if nothing were there', async () => {
    const run = await made()
    await attacker.hset(rowOf(run.id), 'revision', 'many')
    await expect(store.updateRun(changed(run, { status: 'working' }))).rejects.toThrow()
  })
})

test('a session and a record that are not JSON are not there', async () => {
  const session = aSession()
  await store.sessions.put(session)
  await attacker.hset(`${prefix}:session:{${session.id}}`, 'json', '{')
  expect(await store.sessions.get(session.id)).toBeUndefined()
  await store.records.put('key', 'good', { a: 1 })
  await attacker.hset(`${prefix}:{records:key}:all`, 'bad', '\u0000')
  expect(await store.records.get('key', 'bad')).toBeUndefined()
  expect(await store.records.list('key')).toEqual([{ id: 'good', value: { a: 1 } }])
  expect([refused('session'), refused('record')]).toEqual([1, 2])
})
