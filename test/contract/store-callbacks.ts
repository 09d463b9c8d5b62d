import { describe, expect, test } from '@jest/globals'
import type { Callback } from '../../src/core/callback.ts'
import type { Run } from '../../src/core/types.ts'
import { aRun, changed, open, tenant, times } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

const aCallback = (overrides: Partial<Callback> = {}): Callback => ({
  number: 1,
  clientId: 'client-1',
  address: 'https://hooks.example/done',
  to: { $sealed: 'x' },
  proof: 'p',
  state: 'waiting',
  tries: 0,
  log: [],
  ...overrides
})
const pending = (nextAt: number): readonly Callback[] => [aCallback({ state: 'pending', since: nextAt, nextAt })]
const ids = (runs: readonly Run[]) => runs.map(({ id }) => id)

export function callbackTests({ store, twin }: StoreUnderTest): void {
  const create = async (run: Run) => {
    await store().createRun(run, open())
    return run
  }
  const write = async (next: Run) => {
    expect(await store().updateRun(next)).toBe(true)
    return next
  }
  const calledBack = async () => ids((await store().listRuns({ tenant, limit: 10, calledBack: true })).runs)

  describe('dueCallbacks', () => {
    test('gives runs whose message is due, the most overdue first, and not those that wait for their end', async () => {
      const now = store().now()
      const [late, latest, future, waiting] = await Promise.all(times(4, () => create(aRun({ callbacks: [aCallback()] }))))
      await create(aRun())
      const [one, two] = [
        await write(changed(late as Run, { status: 'completed', callbacks: pending(now - 10) })),
        await write(changed(latest as Run, { status: 'failed', callbacks: pending(now - 20) }))
      ]
      await write(changed(future as Run, { status: 'completed', callbacks: pending(now + 60_000) }))
      await write(changed(waiting as Run, { status: 'working' }))
      expect(await store().dueCallbacks(now, 10)).toEqual([two, one])
      expect(await store().dueCallbacks(now, 1)).toEqual([two])
      expect(ids(await (await twin()).dueCallbacks(now + 60_000, 10))).toEqual([latest, late, future].map(run => run?.id))
      expect(await store().dueRuns(now, 10)).toEqual([])
    })

    test('forgets what was sent and what is deleted', async () => {
      const now = store().now()
      const [sent, gone] = await Promise.all(times(2, () => create(aRun({ callbacks: [aCallback()] }))))
      const due = await write(changed(sent as Run, { status: 'completed', callbacks: pending(now) }))
      await write(changed(gone as Run, { status: 'completed', callbacks: pending(now) }))
      await store().deleteRun((gone as Run).id)
      await write(changed(due, { callbacks: [aCallback({ state: 'delivered', tries: 1 })] }))
      expect(await store().dueCallbacks(now, 10)).toEqual([])
      expect(await calledBack()).toEqual([due.id])
    })

    test('is as it was when a write was stale', async () => {
      const now = store().now()
      const due = await write(changed(await create(aRun({ callbacks: [aCallback()] })), { status: 'completed', callbacks: pending(now) }))
      expect(await store().updateRun({ ...due, callbacks: [aCallback({ state: 'delivered' })] })).toBe(false)
      expect(await store().dueCallbacks(now, 10)).toEqual([due])
    })
  })

  test('listRuns finds the runs that have called back, newest first, in pages, of one tenant', async () => {
    const now = store().now()
    const runs = times(5, i => aRun({ createdAt: now + i, callbacks: [aCallback()] }))
    for (const run of runs) await create(run)
    const foreign = await create(aRun({ tenant: 'globex', callbacks: [aCallback()] }))
    for (const run of [...runs.slice(0, 4), foreign]) await write(changed(run, { status: 'completed', callbacks: pending(now) }))
    expect(await calledBack()).toEqual(ids(runs.slice(0, 4)).reverse())
    const page = await store().listRuns({ tenant, limit: 2, calledBack: true })
    expect(ids(page.runs)).toEqual([runs[3]?.id, runs[2]?.id])
    expect(ids((await store().listRuns({ tenant, limit: 2, calledBack: true, before: page.next })).runs)).toEqual([
      runs[1]?.id,
      runs[0]?.id
    ])
    expect(ids((await store().listRuns({ tenant, limit: 9, calledBack: true, status: 'completed' })).runs)).toHaveLength(4)
    expect((await store().listRuns({ tenant, limit: 9, calledBack: true, status: 'failed' })).runs).toEqual([])
  })
}
