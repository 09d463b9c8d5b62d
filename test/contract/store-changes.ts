import { describe, expect, test } from '@jest/globals'
import { aKey, aRun, changed, open, times } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

export function updateTests({ store, twin }: StoreUnderTest): void {
  describe('updateRun, compare-and-set', () => {
    test('writes the next revision whole, for every process to read', async () => {
      const run = aRun({ cancelRequested: true })
      await store().createRun(run, open())
      const { cancelRequested: _, ...rest } = run
      const next = changed(rest, { status: 'working', attempt: 1, dueAt: null, lease: { worker: 'w1', until: 7 }, input: [] })
      expect(await store().updateRun(next)).toBe(true)
      expect(await store().getRun(run.id)).toEqual(next)
      expect(await (await twin()).getRun(run.id)).toEqual(next)
    })

    test.each([
      ['older', -2],
      ['of the same revision', -1],
      ['ahead', 1]
    ])('a write that is %s is false and writes nothing', async (_, distance) => {
      const run = aRun({ revision: 5 })
      await store().createRun(run, open())
      expect(await store().updateRun({ ...run, status: 'working', revision: 6 + distance })).toBe(false)
      expect(await store().getRun(run.id)).toEqual(run)
    })

    test('a run that is not there is false and is not made', async () => {
      const ghost = aRun({ revision: 2 })
      expect(await store().updateRun(ghost)).toBe(false)
      expect(await store().getRun(ghost.id)).toBeUndefined()
    })

    test('the same update sent twice is true both times, another one of that revision false', async () => {
      const run = aRun()
      await store().createRun(run, open())
      const next = changed(run, { status: 'working', lease: { worker: 'w1', until: 1 } })
      expect([await store().updateRun(next), await store().updateRun(next)]).toEqual([true, true])
      expect(await store().updateRun({ ...next, lease: { worker: 'w2', until: 1 } })).toBe(false)
      expect(await store().getRun(run.id)).toEqual(next)
    })

    test('an update sent again after the next one is false', async () => {
      const run = aRun()
      await store().createRun(run, open())
      const second = changed(run, { status: 'working' })
      const third = changed(second, { status: 'completed' })
      for (const update of [second, third]) await store().updateRun(update)
      expect(await store().updateRun(second)).toBe(false)
      expect(await store().getRun(run.id)).toEqual(third)
    })

    test('one of 20 parallel updates wins', async () => {
      const run = aRun()
      await store().createRun(run, open())
      const other = await twin()
      const rivals = times(20, i => changed(run, { status: 'working', lease: { worker: `w${i}`, until: i } }))
      const won = await Promise.all(rivals.map((next, i) => (i % 2 ? other : store()).updateRun(next)))
      expect(won.filter(Boolean)).toHaveLength(1)
      expect(await store().getRun(run.id)).toEqual(rivals[won.indexOf(true)])
    })

    test('many runs change at once without disturbing each other', async () => {
      const runs = times(200, () => aRun())
      await Promise.all(runs.map(run => store().createRun(run, open(aKey()))))
      const stale = runs.map(run => store().updateRun({ ...run, status: 'failed' }))
      const good = runs.map(run => store().updateRun(changed(run, { status: 'completed', dueAt: null })))
      expect((await Promise.all(stale)).every(written => !written)).toBe(true)
      expect((await Promise.all(good)).every(Boolean)).toBe(true)
      expect((await Promise.all(runs.map(({ id }) => store().getRun(id)))).every(run => run?.status === 'completed')).toBe(true)
    })
  })
}

export function deleteTests({ store, twin }: StoreUnderTest): void {
  describe('deleteRun', () => {
    test('removes the run everywhere and frees its keys, also those that came later', async () => {
      const [key, later, run] = [aKey(), aKey(), aRun({ dueAt: 1 })]
      await store().createRun(run, open(key))
      await store().createRun(aRun(), open(key, later))
      await store().deleteRun(run.id)
      for (const ledger of [store(), await twin()]) {
        expect(await ledger.getRun(run.id)).toBeUndefined()
        expect((await ledger.listRuns({ tenant: run.tenant, limit: 10 })).runs).toEqual([])
        expect(await ledger.dueRuns(Date.now(), 10)).toEqual([])
      }
      expect((await store().createRun(aRun(), open({ ...key, fingerprint: 'print-2' }))).outcome).toBe('created')
      expect((await store().createRun(aRun(), open({ ...later, fingerprint: 'print-3' }))).outcome).toBe('created')
    })

    test('leaves the other runs and their keys', async () => {
      const [key, kept, run] = [aKey(), aRun(), aRun()]
      await store().createRun(kept, open(key))
      await store().createRun(run, open(aKey()))
      await store().deleteRun(run.id)
      expect(await store().createRun(aRun(), open(key))).toEqual({ outcome: 'existing', run: kept })
    })

    test('a queued run that is deleted waits no more; deleting twice does no harm', async () => {
      const [run, gate] = [aRun(), { keys: [], maxWaiting: 1 }]
      await store().createRun(run, gate)
      await store().deleteRun(run.id)
      await store().deleteRun(run.id)
      expect((await store().createRun(aRun(), gate)).outcome).toBe('created')
      expect((await store().createRun(aRun(), gate)).outcome).toBe('full')
    })

    test('an update of a deleted run is false', async () => {
      const run = aRun()
      await store().createRun(run, open())
      await store().deleteRun(run.id)
      expect(await store().updateRun(changed(run, { status: 'working' }))).toBe(false)
      expect(await store().getRun(run.id)).toBeUndefined()
    })
  })
}
