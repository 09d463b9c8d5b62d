import { describe, expect, test } from '@jest/globals'
import { partitionOfRun } from '../../src/core/ids.ts'
import type { Created, IdempotencyKey, Store } from '../../src/core/ports.ts'
import type { Run } from '../../src/core/types.ts'
import { aKey, aRun, changed, open, times } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

const idOf = (created: Created) => ('run' in created ? created.run.id : created.outcome)

async function aFailed(store: Store, key: IdempotencyKey): Promise<Run> {
  const run = aRun({ status: 'failed', dueAt: null })
  await store.createRun(run, open(key))
  return run
}

export function gateTests({ store, twin }: StoreUnderTest): void {
  describe('createRun, the idempotency gate', () => {
    test('writes the run as it is, for every process to read', async () => {
      const run = aRun({ lease: { worker: 'w', until: 5 }, error: anError, output: { big: 'x'.repeat(200_000) } })
      expect(await store().createRun(run, open(aKey()))).toEqual({ outcome: 'created', run })
      expect(await store().getRun(run.id)).toEqual(run)
      expect(await (await twin()).getRun(run.id)).toEqual(run)
    })

    test('lets one of 50 parallel runs of one key in and gives its run to the others', async () => {
      const key = aKey()
      const other = await twin()
      const created = await Promise.all(times(50, i => (i % 2 ? other : store()).createRun(aRun(), open(key))))
      expect(created.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
      expect(created.filter(({ outcome }) => outcome === 'existing')).toHaveLength(49)
      expect(new Set(created.map(idOf)).size).toBe(1)
      expect((await store().listRuns({ tenant: 'acme', limit: 100 })).runs).toHaveLength(1)
    })

    test('answers with the run as it is now', async () => {
      const [key, run] = [aKey(), aRun()]
      await store().createRun(run, open(key))
      const ended = changed(run, { status: 'completed', output: { balance: 5 }, dueAt: null })
      await store().updateRun(ended)
      expect(await store().createRun(aRun(), open(key))).toEqual({ outcome: 'existing', run: ended })
    })

    test('a failed run hands its key on: one of 20 parallel runs succeeds it, and the others get that one', async () => {
      const key = aKey()
      const failed = await aFailed(store(), key)
      const other = await twin()
      const succeed = (at: typeof failed, i: number) => {
        const run = aRun({ retryOf: at.id })
        const gate = { ...open(key), succeeds: { linked: [changed(at, { retriedBy: run.id })], past: [at.id] } }
        return (i % 2 ? other : store()).createRun(run, gate)
      }
      const created = await Promise.all(times(20, i => succeed(failed, i)))
      const [first, ...rest] = created.filter(({ outcome }) => outcome === 'created').map(idOf)
      expect(rest).toEqual([])
      expect(new Set(created.map(idOf))).toEqual(new Set([first]))
      expect(await store().getRun(failed.id)).toMatchObject({ status: 'failed', retriedBy: first, revision: failed.revision + 1 })
      expect(idOf(await store().createRun(aRun(), open(key)))).toBe(first)
      await store().deleteRun(failed.id)
      expect(idOf(await store().createRun(aRun(), open(key)))).toBe(first)
    })

    test('succeeds nobody whose row has moved on, and says how it is now', async () => {
      const key = aKey()
      const failed = await aFailed(store(), key)
      const moved = changed(failed, { dueAt: 7 })
      await store().updateRun(moved)
      const run = aRun()
      const gate = { ...open(key), succeeds: { linked: [changed(failed, { retriedBy: run.id })], past: [failed.id] } }
      expect(await store().createRun(run, gate)).toEqual({ outcome: 'existing', run: moved })
      expect(await store().getRun(run.id)).toBeUndefined()
    })

    test('takes no key from a run that it does not succeed, nor with another fingerprint, and writes nothing then', async () => {
      const [key, manifest, done] = [aKey(), aKey(), aRun()]
      const failed = await aFailed(store(), key)
      await store().createRun(done, open(manifest))
      const run = aRun()
      const succeeds = { linked: [changed(failed, { retriedBy: run.id })], past: [failed.id] }
      expect(idOf(await store().createRun(run, { ...open(key, manifest), succeeds }))).toBe(done.id)
      const gate = { ...open({ ...key, fingerprint: 'print-2' }), succeeds }
      expect(await store().createRun(run, gate)).toEqual({ outcome: 'key_reused' })
      expect(await store().createRun(run, { ...open(key), maxWaiting: 0, succeeds })).toEqual({ outcome: 'full' })
      expect(await store().getRun(failed.id)).toEqual(failed)
      expect(await store().createRun(run, { ...open(key), succeeds })).toMatchObject({ outcome: 'created', run })
      expect(await store().createRun(run, { ...open(key), succeeds })).toMatchObject({ outcome: 'created', run })
    })

    test('without a key every run is a new one', async () => {
      expect((await Promise.all(times(5, () => store().createRun(aRun(), open())))).map(({ outcome }) => outcome)).toEqual(
        times(5, () => 'created')
      )
    })

    test('finds a run by any of its keys', async () => {
      const [caller, manifest, run] = [aKey(), aKey(), aRun()]
      await store().createRun(run, open(caller, manifest))
      for (const keys of [[caller], [manifest], [caller, manifest], [manifest, caller]])
        expect(idOf(await store().createRun(aRun(), open(...keys)))).toBe(run.id)
    })

    test('gives an existing run the keys that it lacks', async () => {
      const [manifest, fresh, run] = [aKey(), aKey(), aRun()]
      await store().createRun(run, open(manifest))
      expect(await store().createRun(aRun(), open(fresh, manifest))).toEqual({ outcome: 'existing', run })
      expect(await store().createRun(aRun(), open(fresh))).toEqual({ outcome: 'existing', run })
      expect(await store().createRun(aRun(), open({ ...fresh, fingerprint: 'print-2' }))).toEqual({ outcome: 'key_reused' })
    })

    test('lets one of 50 parallel runs in that share one key of two', async () => {
      const manifest = aKey()
      const created = await Promise.all(times(50, () => store().createRun(aRun(), open(aKey(), manifest))))
      expect(created.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
      expect(new Set(created.map(idOf)).size).toBe(1)
    })

    test('refuses a key with another fingerprint and writes nothing', async () => {
      const [key, fresh, refused] = [aKey(), aKey(), aRun()]
      await store().createRun(aRun(), open(key))
      expect(await store().createRun(refused, open(fresh, { ...key, fingerprint: 'print-2' }))).toEqual({ outcome: 'key_reused' })
      expect(await store().getRun(refused.id)).toBeUndefined()
      expect((await store().createRun(aRun(), open(fresh))).outcome).toBe('created')
    })

    test('refuses it too when another of the keys fits', async () => {
      const [one, two] = [aKey(), aKey()]
      await store().createRun(aRun(), open(one))
      await store().createRun(aRun(), open(two))
      expect(await store().createRun(aRun(), open(one, { ...two, fingerprint: 'print-2' }))).toEqual({ outcome: 'key_reused' })
    })

    test('the same run sent twice is created both times', async () => {
      const [run, keys] = [aRun(), [aKey(), aKey()]]
      const gate = { keys, maxWaiting: 1 }
      expect(await store().createRun(run, gate)).toEqual({ outcome: 'created', run })
      expect(await store().createRun(run, gate)).toEqual({ outcome: 'created', run })
      expect(await store().createRun(run, { keys: [], maxWaiting: 1 })).toEqual({ outcome: 'created', run })
      expect((await store().listRuns({ tenant: run.tenant, limit: 10 })).runs).toHaveLength(1)
    })

    test('is full at maxWaiting, writes nothing then, and still finds existing runs', async () => {
      const [first, key, fresh, refused] = [aRun(), aKey(), aKey(), aRun()]
      await store().createRun(first, { keys: [key], maxWaiting: 2 })
      await store().createRun(aRun(), { keys: [], maxWaiting: 2 })
      expect(await store().createRun(refused, { keys: [fresh], maxWaiting: 2 })).toEqual({ outcome: 'full' })
      expect(await store().getRun(refused.id)).toBeUndefined()
      expect(await store().createRun(aRun(), { keys: [key], maxWaiting: 2 })).toEqual({ outcome: 'existing', run: first })
      expect((await store().createRun(aRun(), { keys: [fresh], maxWaiting: 3 })).outcome).toBe('created')
    })

    test('never lets more than maxWaiting in, in parallel too', async () => {
      const created = await Promise.all(times(40, () => store().createRun(aRun(), { keys: [aKey()], maxWaiting: 7 })))
      expect(created.filter(({ outcome }) => outcome === 'created')).toHaveLength(7)
      expect(created.filter(({ outcome }) => outcome === 'full')).toHaveLength(33)
    })

    test('counts by tenant and bot', async () => {
      const gate = { keys: [], maxWaiting: 1 }
      const runs = [aRun(), aRun({ bot: 'corebank' }), aRun({ tenant: 'globex' }), aRun(), aRun({ bot: 'corebank' })]
      const outcomes = []
      for (const run of runs) outcomes.push((await store().createRun(run, gate)).outcome)
      expect(outcomes).toEqual(['created', 'created', 'created', 'full', 'full'])
    })

    test.each(['working', 'input_required', 'completed', 'failed', 'cancelled', 'outcome_unknown'] as const)(
      'a run that is %s waits no more, one that is queued again does',
      async status => {
        const [run, gate] = [aRun(), { keys: [], maxWaiting: 1 }]
        await store().createRun(run, gate)
        const left = changed(run, { status })
        await store().updateRun(left)
        await store().updateRun(left)
        const next = aRun()
        expect((await store().createRun(next, gate)).outcome).toBe('created')
        expect((await store().createRun(aRun(), gate)).outcome).toBe('full')
        await store().updateRun(changed(next, { status }))
        await store().updateRun(changed(left, { status: 'queued' }))
        expect((await store().createRun(aRun(), gate)).outcome).toBe('full')
      }
    )

    test('keeps runs of every partition apart', async () => {
      const runs = times(20, i => aRun({ tenant: `tenant-${i}` }))
      await Promise.all(runs.map(run => store().createRun(run, open(aKey()))))
      expect(new Set(runs.map(({ id }) => partitionOfRun(id))).size).toBeGreaterThan(5)
      expect(await Promise.all(runs.map(({ id }) => store().getRun(id)))).toEqual(runs)
    })

    test('getRun of an unknown run is undefined', async () => {
      expect(await store().getRun(aRun().id)).toBeUndefined()
    })
  })
}

const anError = {
  code: 'target_failed',
  status: 502,
  title: 'T',
  detail: 'D',
  retryable: true,
  errors: [{ pointer: '/a', message: 'm' }]
}
