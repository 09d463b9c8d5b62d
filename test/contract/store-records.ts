import { describe, expect, test } from '@jest/globals'
import type { Json } from '../../src/core/types.ts'
import { times } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

export function recordTests({ store, twin }: StoreUnderTest): void {
  describe('records', () => {
    test.each<Json>([null, false, 0, '', 'ü\u0000"', [], {}, { deep: [{ a: null }, 'x'] }])(
      'keeps %j as it is, for every process',
      async value => {
        await store().records.put('bot', 'teller', value)
        expect(await store().records.get('bot', 'teller')).toEqual(value)
        expect(await (await twin()).records.get('bot', 'teller')).toEqual(value)
      }
    )

    test('replaces, keeps kinds apart, and knows what is not there', async () => {
      const { records } = store()
      await records.put('bot', 'a', 1)
      await records.put('bot', 'a', 2)
      await records.put('key', 'a', 3)
      expect([await records.get('bot', 'a'), await records.get('key', 'a'), await records.get('bot', 'b')]).toEqual([2, 3, undefined])
    })

    test('any text is an id', async () => {
      const { records } = store()
      const ids = ['a:b', 'a', ':', 'x y/z', '{t}', '%', 'ünï', '__proto__', '*']
      await Promise.all(ids.map(id => records.put('bot', id, id)))
      expect(await Promise.all(ids.map(id => records.get('bot', id)))).toEqual(ids)
      expect((await records.list('bot')).map(({ id }) => id).sort()).toEqual(ids.toSorted())
    })

    test('lists a kind', async () => {
      const { records } = store()
      await Promise.all(times(50, i => records.put('bot', `b${i}`, { i })))
      await records.put('other', 'o', null)
      const listed = (await records.list('bot')).toSorted((a, b) => (a.id < b.id ? -1 : 1))
      expect(listed).toEqual(times(50, i => ({ id: `b${i}`, value: { i } })).toSorted((a, b) => (a.id < b.id ? -1 : 1)))
      expect(await records.list('none')).toEqual([])
    })

    test('delete says whether there was one', async () => {
      const { records } = store()
      await records.put('bot', 'a', 1)
      expect([await records.delete('bot', 'a'), await records.delete('bot', 'a'), await records.get('bot', 'a')]).toEqual([
        true,
        false,
        undefined
      ])
      expect(await records.list('bot')).toEqual([])
    })

    test('the stamp of a kind grows with every put and delete of it, and with nothing else', async () => {
      const { records } = store()
      const stamps = [await records.stamp('bot')]
      for (const change of [() => records.put('bot', 'a', 1), () => records.put('bot', 'a', 1), () => records.delete('bot', 'a')]) {
        await change()
        stamps.push(await records.stamp('bot'))
      }
      expect(stamps.toSorted((a, b) => a - b)).toEqual(stamps)
      expect(new Set(stamps).size).toBe(4)
      await records.put('key', 'a', 1)
      expect([await records.stamp('bot'), await (await twin()).records.stamp('bot')]).toEqual([stamps[3], stamps[3]])
    })
  })
}
