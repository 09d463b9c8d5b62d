import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { aRun } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

export function artifactTests({ store, twin }: StoreUnderTest): void {
  describe('artifacts', () => {
    const png = (content: Uint8Array) => ({ content, mediaType: 'image/png' })
    const read = async (id: string, name: string, from = store()) => {
      const file = await from.artifacts.get(id, name)
      return file && { bytes: Buffer.from(file.content), mediaType: file.mediaType }
    }

    test.each([
      ['every byte', Buffer.from(Array.from({ length: 256 }, (_, i) => i))],
      ['nothing', Buffer.alloc(0)],
      ['20 MiB', randomBytes(20 << 20)]
    ])('keeps %s unchanged, for every process', async (_, bytes) => {
      const { id } = aRun()
      await store().artifacts.put(id, 'shot.png', png(bytes))
      for (const from of [store(), await twin()]) {
        const file = await read(id, 'shot.png', from)
        expect(file?.bytes.equals(bytes)).toBe(true)
        expect(file?.mediaType).toBe('image/png')
      }
    })

    test('keeps a part of a larger buffer as that part', async () => {
      const { id } = aRun()
      await store().artifacts.put(id, 'middle', png(Uint8Array.from([0, 1, 2, 3, 4, 5]).subarray(2, 4)))
      expect((await read(id, 'middle'))?.bytes).toEqual(Buffer.from([2, 3]))
    })

    test('a second put replaces; unknown ones are undefined', async () => {
      const { id } = aRun()
      await store().artifacts.put(id, 'a/b ü:{x}', png(Buffer.from('one')))
      await store().artifacts.put(id, 'a/b ü:{x}', { content: Buffer.from('two'), mediaType: 'text/plain' })
      expect(await read(id, 'a/b ü:{x}')).toEqual({ bytes: Buffer.from('two'), mediaType: 'text/plain' })
      expect([await read(id, 'a'), await read(aRun().id, 'a/b ü:{x}')]).toEqual([undefined, undefined])
    })

    test('deleteAll removes the files of that run', async () => {
      const [gone, kept] = [aRun().id, aRun().id]
      for (const [id, name] of [
        [gone, 'a'],
        [gone, 'b'],
        [kept, 'a']
      ] as const)
        await store().artifacts.put(id, name, png(Buffer.from(id)))
      await store().artifacts.deleteAll(gone)
      await store().artifacts.deleteAll(gone)
      expect([await read(gone, 'a'), await read(gone, 'b')]).toEqual([undefined, undefined])
      expect((await read(kept, 'a'))?.bytes).toEqual(Buffer.from(kept))
    })
  })
}
