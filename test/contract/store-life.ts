import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { aKey, aRun, open } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

export function lifeTests({ store, twin }: StoreUnderTest): void {
  describe('the clock and the life of a store', () => {
    test('now() is the time in milliseconds, alike in every process, and it goes on', async () => {
      const [first, other] = [store().now(), (await twin()).now()]
      expect(Math.abs(first - Date.now())).toBeLessThan(5_000)
      expect(Math.abs(first - other)).toBeLessThan(1_000)
      await sleep(100)
      expect(store().now() - first).toBeGreaterThanOrEqual(80)
      expect(store().now() - first).toBeLessThan(5_000)
    })

    test('ready() resolves on a ledger that can write', async () => {
      await store().ready()
    })

    test('close() twice does no harm; then nothing is ready and nothing is accepted', async () => {
      const ledger = store()
      await Promise.all([ledger.close(), ledger.close()])
      await ledger.close()
      await expect(ledger.ready()).rejects.toThrow()
      await expect(ledger.createRun(aRun(), open(aKey()))).rejects.toThrow()
      await expect(ledger.getRun(aRun().id)).rejects.toThrow()
      ledger.emit({ type: 'status', runId: aRun().id, revision: 1, status: 'queued', effect: 'none' })
    })

    test('what was on its way is finished before the store closes', async () => {
      const other = await twin()
      if (other === store()) return
      const run = aRun()
      const created = other.createRun(run, open())
      await other.close()
      expect((await created).outcome).toBe('created')
      expect(await store().getRun(run.id)).toEqual(run)
    })
  })
}
