import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { until } from '../setup/until.ts'
import { aBot, aMessage, times } from './fixtures.ts'
import type { QueueUnderTest } from './queue.ts'

/** A door that handlers wait behind. */
function aDoor() {
  let openDoor = () => {}
  const opened = new Promise<void>(resolve => {
    openDoor = resolve
  })
  return { opened, open: () => openDoor() }
}

export function servingTests({ queue, record }: QueueUnderTest): void {
  const publishAll = (bot: string, count: number) => Promise.all(times(count, () => queue().publish(aMessage(bot))))

  describe('concurrency', () => {
    test('is a limit of each bot for itself, and is used', async () => {
      const [wide, narrow] = [aBot(), aBot()]
      const running = { [wide]: 0, [narrow]: 0 }
      const most = { [wide]: 0, [narrow]: 0 }
      const got = await record({
        bots: [wide, narrow],
        concurrency: bot => (bot === wide ? 3 : 1),
        handle: async ({ message: { bot } }) => {
          running[bot] = (running[bot] ?? 0) + 1
          most[bot] = Math.max(most[bot] ?? 0, running[bot])
          await sleep(30)
          running[bot]--
        }
      })
      await Promise.all([publishAll(wide, 12), publishAll(narrow, 6)])
      await until('all 18', () => got.messages.length === 18)
      expect(most).toEqual({ [wide]: 3, [narrow]: 1 })
    })

    test('a slow bot does not hold up another', async () => {
      const [slow, quick] = [aBot(), aBot()]
      const door = aDoor()
      const got = await record({
        bots: [slow, quick],
        concurrency: 2,
        handle: async ({ message }) => (message.bot === slow ? door.opened : undefined)
      })
      await publishAll(slow, 20)
      await publishAll(quick, 20)
      await until('the quick bot', () => got.messages.filter(({ bot }) => bot === quick).length === 20)
      expect(got.messages.filter(({ bot }) => bot === slow)).toHaveLength(2)
      door.open()
      await until('the slow bot', () => got.messages.length === 40)
    })
  })

  describe('serve', () => {
    test('takes the messages of its bots only, and those of a new bot from now on', async () => {
      const [one, two] = [aBot(), aBot()]
      await Promise.all([publishAll(one, 1), publishAll(two, 1)])
      const got = await record({ bots: [one] })
      await until('the first bot', () => got.messages.length === 1)
      await sleep(300)
      expect(got.messages.map(({ bot }) => bot)).toEqual([one])
      await got.consumer.serve([one, two])
      await until('the second bot', () => got.messages.length === 2)
      await publishAll(one, 1)
      await until('the first bot again', () => got.messages.length === 3)
      expect(got.messages.map(({ bot }) => bot)).toEqual([one, two, one])
    })

    test('leaves what it no longer serves to others, and a bot may come back', async () => {
      const [one, two] = [aBot(), aBot()]
      const got = await record({ bots: [one, two] })
      await got.consumer.serve([two])
      await publishAll(one, 3)
      await publishAll(two, 1)
      await until('the bot that is served', () => got.messages.length === 1)
      await sleep(300)
      expect(got.messages).toHaveLength(1)
      await got.consumer.serve([one])
      await until('the bot that came back', () => got.messages.length === 4)
      await got.consumer.serve([])
      await publishAll(one, 1)
      await sleep(300)
      expect(got.messages).toHaveLength(4)
    })

    test('hands back what it took of a bot and had not begun', async () => {
      const bot = aBot()
      const door = aDoor()
      const first = await record({ bots: [bot], concurrency: 1, handle: () => door.opened })
      await publishAll(bot, 5)
      await until('the first', () => first.messages.length === 1)
      await first.consumer.serve([])
      const second = await record({ bots: [bot] })
      await until('the other four', () => second.messages.length === 4)
      door.open()
      await sleep(300)
      expect([first.messages.length, second.messages.length]).toEqual([1, 4])
    })
  })

  describe('closing a consumer', () => {
    test('waits for the handlers that run and hands back what none has begun', async () => {
      const bot = aBot()
      const door = aDoor()
      const first = await record({ bots: [bot], concurrency: 2, handle: () => door.opened })
      await publishAll(bot, 6)
      await until('two handlers', () => first.running.now === 2)
      let closed = false
      const closing = first.consumer.close().then(() => {
        closed = true
      })
      const second = await record({ bots: [bot] })
      await until('the other four', () => second.messages.length === 4)
      expect([closed, first.messages.length]).toEqual([false, 2])
      door.open()
      await closing
      await sleep(300)
      expect([first.messages.length, first.running.now, second.messages.length]).toEqual([2, 0, 4])
    })

    test('takes nothing more, and twice does no harm', async () => {
      const bot = aBot()
      const got = await record({ bots: [bot] })
      await Promise.all([got.consumer.close(), got.consumer.close()])
      await got.consumer.close()
      await publishAll(bot, 2)
      await sleep(300)
      expect(got.messages).toEqual([])
      expect((await queue().depth(bot)).messages).toBe(2)
    })
  })
}
