/** A key has at most one effect, for ever: a run that failed without one, in a way that another try can mend, frees its key. */
import { afterEach, expect, test } from '@jest/globals'
import type { Call } from '../../src/core/adapter.ts'
import { BusinessError, RetrofitError } from '../../src/core/errors.ts'
import type { Run } from '../../src/core/types.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

let count = 0
const pay = (idempotencyKey?: string, input = { reference: `free-${++count}` }) => ({
  caller,
  action: 'pay_money',
  input,
  ...(idempotencyKey === undefined ? {} : { idempotencyKey })
})

/** Fails as it is told, then pays. */
async function open(failures: ((call: Call) => Promise<never>)[]): Promise<Opened & { readonly effects: () => number }> {
  let effects = 0
  opened = await openEngine({
    bot: payBot({ retry: { attempts: 1, backoffMs: 10, maxBackoffMs: 10 }, probe: { weak: true } }),
    script: {
      run: async call => {
        await failures.shift()?.(call)
        await call.commit()
        effects++
        return { paid: true }
      },
      probe: async () => ({ found: false })
    }
  })
  return { ...opened, effects: () => effects }
}

const down = async (): Promise<never> => {
  throw new RetrofitError('target_failed', { detail: 'it is down' })
}

test('the next call with the key of a run that failed before its commit point is a new run, linked both ways', async () => {
  const { engine, ended, effects } = await open([down])
  const request = pay('k-1')
  const failed = await ended((await engine.submit(request)).run)
  expect(failed).toMatchObject({ status: 'failed', effect: 'none', error: { retryable: true } })
  const { run, outcome } = await engine.submit(request)
  expect({ outcome, retryOf: run.retryOf }).toEqual({ outcome: 'created', retryOf: failed.id })
  expect(await ended(run)).toMatchObject({ status: 'completed', effect: 'committed' })
  expect(await engine.find(caller, failed.id)).toMatchObject({ status: 'failed', retriedBy: run.id })
  expect(await engine.submit(request)).toMatchObject({ outcome: 'replayed', run: { id: run.id } })
  expect(effects()).toBe(1)
})

test('of many callers at once one begins the new run, and the others join it', async () => {
  const { engine, ended, effects } = await open([down])
  const request = pay('k-2')
  const failed = await ended((await engine.submit(request)).run)
  const all = await Promise.all(
    Array.from({ length: 30 }, (_, i) => engine.submit(i % 2 ? request : { ...request, idempotencyKey: `k-2-${i}` }))
  )
  expect(new Set(all.map(({ run }) => run.id)).size).toBe(1)
  expect(all.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
  expect(await ended(all[0]?.run as Run)).toMatchObject({ status: 'completed', retryOf: failed.id })
  expect(effects()).toBe(1)
})

test('a person who retries and a client that calls again get the same run', async () => {
  const { engine, ended, effects } = await open([down])
  const request = pay('k-3')
  const failed = await ended((await engine.submit(request)).run)
  const all = await Promise.all([
    engine.retry(caller, failed.id),
    engine.submit(request).then(({ run }) => run),
    engine.retry(caller, failed.id),
    engine.submit(request).then(({ run }) => run)
  ])
  expect(new Set(all.map(({ id }) => id)).size).toBe(1)
  expect(await ended(all[0] as Run)).toMatchObject({ status: 'completed' })
  expect((await engine.retry(caller, failed.id)).id).toBe(all[0]?.id)
  expect(effects()).toBe(1)
})

test('each failure frees the key again, until one is done', async () => {
  const { engine, ended } = await open([down, down, down])
  const request = pay('k-4')
  const ids: string[] = []
  for (let i = 0; i < 4; i++) ids.push((await ended((await engine.submit(request)).run)).id)
  expect(new Set(ids).size).toBe(4)
  const runs = await Promise.all(ids.map(id => engine.find(caller, id)))
  expect(runs.map(({ retryOf }) => retryOf)).toEqual([undefined, ...ids.slice(0, 3)])
  expect(runs.map(({ retriedBy }) => retriedBy)).toEqual([...ids.slice(1), undefined])
  expect(runs.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed', 'completed'])
})

test.each<[string, (call: Call) => Promise<never>, string]>([
  [
    'that the target refused',
    async () => {
      throw new BusinessError('refused', 'No money.')
    },
    'refused'
  ],
  [
    'that nobody can repeat as it is',
    async () => {
      throw new RetrofitError('target_failed', { detail: 'two buttons fit', retryable: false })
    },
    'target_failed'
  ],
  [
    'whose outcome is unknown',
    async call => {
      await call.commit()
      throw new Error('reset')
    },
    'outcome_unknown'
  ]
])('the key of a run %s stays its own', async (_, failure, code) => {
  const { engine, ended } = await open([failure])
  const request = pay()
  const first = await ended((await engine.submit(request)).run)
  expect(first.error).toMatchObject({ code, retryable: false })
  expect(await engine.submit(request)).toMatchObject({ outcome: 'replayed', run: { id: first.id } })
})

test('another input under a free key is refused all the same', async () => {
  const { engine, ended } = await open([down])
  await ended((await engine.submit(pay('k-5'))).run)
  await expect(engine.submit(pay('k-5'))).rejects.toMatchObject({ code: 'idempotency_key_reused' })
})

test('not_done frees the key, and the run says that it can be done again', async () => {
  const lost = async (call: Call): Promise<never> => {
    await call.commit()
    throw new Error('reset')
  }
  const { engine, ended, effects } = await open([lost])
  const request = pay('k-6')
  const { id } = await ended((await engine.submit(request)).run)
  const resolved = await engine.resolve(caller, id, { outcome: 'not_done' })
  expect(resolved).toMatchObject({ status: 'failed', effect: 'none', error: { code: 'target_failed', retryable: true } })
  expect(resolved.error?.detail).toMatch(/^A person looked at the target: it was not done\. Before: After the commit point: reset/)
  expect(resolved.error?.hint).not.toMatch(/Do NOT/)
  const { run, outcome } = await engine.submit(request)
  expect({ outcome, retryOf: run.retryOf }).toEqual({ outcome: 'created', retryOf: id })
  expect(await ended(run)).toMatchObject({ status: 'completed', effect: 'committed' })
  expect(effects()).toBe(1)
})
