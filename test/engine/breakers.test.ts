/** The breaker is about the target: nobody can take it away from others, and a dead one does get its rest. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { BusinessError, NothingSent, RetrofitError } from '../../src/core/errors.ts'
import { randomText } from '../../src/core/ids.ts'
import type { Store } from '../../src/core/ports.ts'
import type { Caller } from '../../src/core/types.ts'
import { openRedisStore } from '../../src/drivers/redis/store.ts'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { type Breakers, createBreakers } from '../../src/engine/breakers.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

const by = (name: string): Pick<Caller, 'tenant' | 'clientId'> => ({ tenant: `tenant of ${name}`, clientId: name })
const [small, one, two, three] = ['small', 'one', 'two', 'three'].map(by) as [Caller, Caller, Caller, Caller]

async function onRedis() {
  const prefix = `breakers-${randomText(8)}`
  const store = await openRedisStore({ url: process.env.TEST_REDIS_URL as string, prefix })
  const forget = async () => {
    const redis = new Redis(process.env.TEST_REDIS_URL as string)
    for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1_000 })) if (keys.length > 0) await redis.unlink(...keys)
    redis.disconnect()
  }
  return { store, forget }
}
const onSqlite = async () => ({ store: openSqliteStore(openSqlite({ path: ':memory:' })), forget: async () => undefined })

describe.each([
  ['embedded', onSqlite],
  ['distributed', onRedis]
] as const)('%s', (_, openStore) => {
  let store: Store
  let forget: () => Promise<void>
  let writes: number
  let breakers: Breakers
  beforeEach(async () => {
    const opened = await openStore()
    forget = opened.forget
    writes = 0
    const counted =
      <T extends unknown[], R>(work: (...args: T) => R) =>
      (...args: T): R => {
        writes++
        return work(...args)
      }
    const { records } = opened.store
    store = { ...opened.store, records: { ...records, put: counted(records.put), delete: counted(records.delete) } }
    breakers = createBreakers(store, { failures: 10, restMs: 60_000 })
  })
  afterEach(async () => {
    await store.close()
    await forget()
  })

  const fail = async (who: Pick<Caller, 'tenant' | 'clientId'>, times: number) => {
    for (let i = 0; i < times; i++) await breakers.failed('pay', who)
  }
  const isOpen = async (who: Pick<Caller, 'tenant' | 'clientId'>, bot = 'pay', of = breakers) => {
    try {
      await of.check(bot, who)
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: 'circuit_open' })
      return true
    }
  }

  test('one caller alone closes it for nobody else, however often it fails', async () => {
    await fail(small, 100)
    expect(await Promise.all([isOpen(small), isOpen(one), isOpen({ ...small, clientId: 'another' }), isOpen(small, 'other')])).toEqual([
      true,
      false,
      false,
      false
    ])
  })

  test('one that fails all the time, and a few failures of others, do not either', async () => {
    await fail(one, 2)
    await fail(small, 100)
    await fail(two, 2)
    expect(await Promise.all([isOpen(small), isOpen(one), isOpen(two), isOpen(three)])).toEqual([true, false, false, false])
  })

  test('failures of several callers open it for all, in every process', async () => {
    for (let i = 0; i < 5; i++) for (const who of [one, two]) await breakers.failed('pay', who)
    const another = createBreakers(store, { failures: 10, restMs: 60_000 })
    await another.refresh()
    expect(await Promise.all([isOpen(one), isOpen(three), isOpen(three, 'pay', another), isOpen(three, 'other')])).toEqual([
      true,
      true,
      true,
      false
    ])
  })

  test('as long as most attempts come through, it stays closed', async () => {
    await fail(one, 1)
    for (let i = 0; i < 30; i++) {
      for (const who of [one, two, three]) await breakers.succeeded('pay', who)
      await breakers.failed('pay', i % 2 === 0 ? one : two)
    }
    expect(await Promise.all([isOpen(one), isOpen(two), isOpen(three)])).toEqual([false, false, false])
  })

  test('after its rest one failure opens it again, and one success closes it for good', async () => {
    breakers = createBreakers(store, { failures: 10, restMs: 0 })
    for (let i = 0; i < 5; i++) for (const who of [one, two]) await breakers.failed('pay', who)
    const before = writes
    await fail(three, 1)
    expect(writes).toBe(before + 1)
    await breakers.succeeded('pay', three)
    await fail(three, 1)
    expect(writes).toBe(before + 2)
  })

  const rested = async () => {
    breakers = createBreakers(store, { failures: 10, restMs: 60_000 })
    await store.records.put('breaker', 'pay', { until: store.now() - 1 })
    await breakers.refresh()
  }

  test('after its rest one call of all processes tries whether it is back, and the others wait for what it says', async () => {
    await rested()
    const another = createBreakers(store, { failures: 10, restMs: 60_000 })
    await another.refresh()
    const tried = await Promise.all([isOpen(one), isOpen(two), isOpen(two, 'pay', another), isOpen(three, 'pay', another)])
    expect(tried.filter(refused => !refused)).toHaveLength(1)
    await another.succeeded('pay', three)
    await breakers.refresh()
    expect(await Promise.all([isOpen(one), isOpen(two), isOpen(two, 'pay', another)])).toEqual([false, false, false])
  })

  test('a trial that has begun nothing is another one to try', async () => {
    await rested()
    const trial = await breakers.check('pay', one)
    expect(await isOpen(two)).toBe(true)
    await trial?.release()
    expect(await isOpen(two)).toBe(false)
  })

  test('a trial that fails opens it again at once, also where no failure was counted before, and then others try first', async () => {
    breakers = createBreakers(store, { failures: 10, restMs: 0 })
    await store.records.put('breaker', 'pay', { until: store.now() - 1 })
    await breakers.refresh()
    const before = writes
    await fail(one, 1)
    expect(writes).toBe(before + 1)
    const longer = createBreakers(store, { failures: 10, restMs: 60_000 })
    await longer.refresh()
    expect([await isOpen(one, 'pay', longer), await isOpen(two, 'pay', longer)]).toEqual([true, false])
  })

  test('runs that were accepted before do not make the rest longer', async () => {
    for (let i = 0; i < 5; i++) for (const who of [one, two]) await breakers.failed('pay', who)
    const before = writes
    await fail(one, 50)
    await fail(two, 50)
    expect(writes).toBe(before)
  })

  test('once it is closed, no process counts what was before', async () => {
    const another = createBreakers(store, { failures: 10, restMs: 0 })
    for (let i = 0; i < 5; i++) for (const who of [one, two]) await breakers.failed('pay', who)
    for (let i = 0; i < 4; i++) for (const who of [one, two]) await another.failed('pay', who)
    await another.refresh()
    await another.succeeded('pay', three)
    await breakers.refresh()
    const before = writes
    await fail(one, 1)
    await another.failed('pay', two)
    await another.failed('pay', one)
    expect(writes).toBe(before)
  })

  test('what goes well writes nothing', async () => {
    for (let i = 0; i < 100; i++) await breakers.succeeded('pay', one)
    await fail(one, 3)
    for (let i = 0; i < 100; i++) await breakers.succeeded('pay', one)
    expect(writes).toBe(0)
  })
})

describe('what counts', () => {
  let opened: Opened | undefined
  afterEach(() => opened?.close())

  const down = { detail: 'no answer', retryable: false, targetDown: true } as const
  const once = { attempts: 1, backoffMs: 1, maxBackoffMs: 1 }
  const after = async (error: () => Error, failures: number) => {
    opened = await openEngine({
      bot: payBot({ retry: once, input: { type: 'object' }, checkInput: () => [], idempotency: { ttlMs: 60_000 } }),
      script: { run: async () => Promise.reject(error()) }
    })
    const { engine, ended } = opened
    const submit = (clientId: string) =>
      engine.submit({ caller: { ...caller, clientId }, action: 'pay_money', input: {}, idempotencyKey: randomText(10) })
    for (let i = 0; i < failures; i++) await ended((await submit(i % 2 === 0 ? 'one' : 'two')).run)
    // Kept longer than the rest itself, which may be over by now.
    return (await opened.parts.store.records.list('breaker')).map(({ id }) => id)
  }

  test.each<[string, () => Error, string[]]>([
    ['a target that is down', () => new RetrofitError('target_failed', down), ['pay']],
    ['a connection that was lost before anything was sent', () => new NothingSent('lost', down), ['pay']],
    ['an element that an input leads to and that is not there', () => new RetrofitError('target_failed', { detail: 'not found' }), []],
    ['an output that does not fit', () => new RetrofitError('invalid_output', { detail: 'odd' }), []],
    ['an input that does not fit', () => new RetrofitError('invalid_input', { detail: 'odd' }), []],
    ['an error of the business', () => new BusinessError('refused', 'no'), []],
    ['an error of an expression', () => new Error('odd'), []],
    ['a ledger that is away', () => Object.assign(new Error('Redis'), { code: 'ECONNREFUSED' }), []]
  ])('%s', async (_, error, opens) => {
    expect(await after(error, 5)).toEqual(opens)
  })
})
