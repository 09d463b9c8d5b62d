import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { until } from '../setup/until.ts'
import { aBot, aMessage, times } from './fixtures.ts'
import type { QueueUnderTest } from './queue.ts'

export function queueLifeTests({ queue, twin, record }: QueueUnderTest): void {
  describe('depth', () => {
    /** A broker may count late. */
    const reaches = (bot: string, messages: number) =>
      until(`depth ${messages}`, async () => (await queue().depth(bot)).messages === messages)

    test('counts the messages that wait, of that bot', async () => {
      const [bot, other] = [aBot(), aBot()]
      expect(await queue().depth(bot)).toMatchObject({ messages: 0 })
      await Promise.all([
        ...times(6, () => queue().publish(aMessage(bot))),
        queue().publish(aMessage(bot, { priority: 'high' })),
        queue().publish(aMessage(other))
      ])
      await reaches(bot, 7)
      expect((await (await twin()).depth(bot)).messages).toBe(7)
      await record({ bots: [bot] })
      await reaches(bot, 0)
      await reaches(other, 1)
    })

    test('does not count what a handler has', async () => {
      const bot = aBot()
      let release = () => {}
      const released = new Promise<void>(resolve => {
        release = resolve
      })
      const got = await record({ bots: [bot], handle: () => released })
      await queue().publish(aMessage(bot))
      await until('the handler', () => got.running.now === 1)
      await reaches(bot, 0)
      release()
    })

    test('knows, where it says so, how long the oldest has waited', async () => {
      const bot = aBot()
      expect((await queue().depth(bot)).oldestMs).toBeUndefined()
      await queue().publish(aMessage(bot, { publishedAt: Date.now() - 5_000 }))
      await queue().publish(aMessage(bot))
      await reaches(bot, 2)
      const { oldestMs = 5_000 } = await queue().depth(bot)
      expect(oldestMs).toBeGreaterThanOrEqual(5_000)
      expect(oldestMs).toBeLessThan(15_000)
    })
  })

  describe('the life of a queue', () => {
    test('ready() resolves on a queue that can take messages', async () => {
      await queue().ready()
    })

    test('close() twice does no harm; then nothing is ready and nothing is accepted', async () => {
      await Promise.all([queue().close(), queue().close()])
      await queue().close()
      await expect(queue().ready()).rejects.toThrow()
      await expect(queue().publish(aMessage(aBot()))).rejects.toThrow()
    })

    test('close() closes the consumers, and waits for their handlers', async () => {
      const bot = aBot()
      let ended = false
      const got = await record({
        bots: [bot],
        handle: async () => {
          await sleep(200)
          ended = true
        }
      })
      await queue().publish(aMessage(bot))
      await until('the handler', () => got.running.now === 1)
      await queue().close()
      expect(ended).toBe(true)
      await got.consumer.close()
    })
  })
}
