import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { times } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

export function slotTests({ store, twin }: StoreUnderTest): void {
  describe('slots, counting leases', () => {
    const slot = (holder: string, { name = 'target:teller', limit = 2, forMs = 60_000 } = {}) => ({
      name,
      holder,
      limit,
      untilMs: store().now() + forMs
    })
    const acquire = (...args: Parameters<typeof slot>) => store().acquireSlot(slot(...args))

    test('at most limit holders at once, over all processes', async () => {
      const other = await twin()
      const got = await Promise.all(times(20, i => (i % 2 ? other : store()).acquireSlot(slot(`h${i}`, { limit: 3 }))))
      expect(got.filter(Boolean)).toHaveLength(3)
    })

    test('a holder renews while it is full', async () => {
      expect([await acquire('a'), await acquire('b'), await acquire('c'), await acquire('a'), await acquire('b')]).toEqual([
        true,
        true,
        false,
        true,
        true
      ])
    })

    test('a name has its own holders', async () => {
      expect([await acquire('a', { limit: 1 }), await acquire('a', { limit: 1, name: 'target:other' })]).toEqual([true, true])
      expect(await acquire('b', { limit: 1 })).toBe(false)
    })

    test('an expired lease is free for others, and its old holder has to wait like them', async () => {
      expect([await acquire('a', { limit: 1, forMs: 150 }), await acquire('b', { limit: 1 })]).toEqual([true, false])
      await sleep(250)
      expect([await acquire('b', { limit: 1 }), await acquire('a', { limit: 1 })]).toEqual([true, false])
    })

    test('renewing prolongs', async () => {
      await acquire('a', { limit: 1, forMs: 150 })
      await acquire('a', { limit: 1, forMs: 60_000 })
      await sleep(250)
      expect(await acquire('b', { limit: 1 })).toBe(false)
    })

    test('a release frees at once, twice does no harm, and only the own slot', async () => {
      await acquire('a', { limit: 1 })
      await store().releaseSlot({ name: 'target:teller', holder: 'stranger' })
      expect(await acquire('b', { limit: 1 })).toBe(false)
      await store().releaseSlot({ name: 'target:teller', holder: 'a' })
      await store().releaseSlot({ name: 'target:teller', holder: 'a' })
      expect([await acquire('b', { limit: 1 }), await acquire('c', { limit: 1 })]).toEqual([true, false])
    })
  })
}
