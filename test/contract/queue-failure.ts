import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { until } from '../setup/until.ts'
import { aBot, aMessage, times } from './fixtures.ts'
import type { QueueUnderTest } from './queue.ts'

const fail = async () => {
  throw new Error('The handler could not')
}

export function failureTests({ queue, record }: QueueUnderTest): void {
  describe('a handler that throws', () => {
    test('gets the message again', async () => {
      const bot = aBot()
      let failures = 2
      const got = await record({ bots: [bot], handle: async () => (failures-- > 0 ? fail() : undefined) })
      const message = aMessage(bot)
      await queue().publish(message)
      await until('the third delivery', () => got.messages.length === 3)
      expect(got.messages).toEqual([message, message, message])
    })

    test('gets it after a pause: it does not spin', async () => {
      const bot = aBot()
      const got = await record({ bots: [bot], handle: fail })
      await queue().publish(aMessage(bot))
      await until('a delivery', () => got.messages.length > 0)
      await sleep(500)
      expect(got.messages.length).toBeLessThan(10)
    })

    test('does not hold up its neighbours for ever', async () => {
      const bot = aBot()
      const bad = aMessage(bot)
      const good = times(5, () => aMessage(bot))
      const got = await record({
        bots: [bot],
        concurrency: 1,
        handle: async ({ message }) => (message.runId === bad.runId ? fail() : undefined)
      })
      for (const message of [bad, ...good]) await queue().publish(message)
      await until('the neighbours', () => good.every(({ runId }) => got.messages.some(message => message.runId === runId)))
    })

    test('leaves it to the next consumer when its own closed', async () => {
      const bot = aBot()
      const first = await record({ bots: [bot], handle: fail })
      const message = aMessage(bot)
      await queue().publish(message)
      await until('a delivery', () => first.messages.length > 0)
      await first.consumer.close()
      const second = await record({ bots: [bot] })
      await until('the next consumer', () => second.messages.length === 1)
      expect(second.messages).toEqual([message])
    })

    test('after its ack does not get it again', async () => {
      const bot = aBot()
      const got = await record({ bots: [bot], handle: async delivery => delivery.ack().then(fail) })
      await queue().publish(aMessage(bot))
      await until('a delivery', () => got.messages.length > 0)
      await sleep(1_500)
      expect(got.messages).toHaveLength(1)
    })
  })
}
