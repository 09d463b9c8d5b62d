import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { Message } from '../../src/core/ports.ts'
import { until } from '../setup/until.ts'
import { aBot, aMessage, times } from './fixtures.ts'
import type { QueueUnderTest } from './queue.ts'

const runIds = (messages: readonly Message[]) => messages.map(({ runId }) => runId).sort()

export function deliveryTests({ queue, twin, record }: QueueUnderTest): void {
  describe('publish and consume', () => {
    test('delivers what was published before and after, once each and unchanged', async () => {
      const bot = aBot()
      const messages = [aMessage(bot), aMessage(bot, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' })] as const
      await queue().publish(messages[0])
      const got = await record({ bots: [bot] })
      await queue().publish(messages[1])
      await until('both', () => got.messages.length >= 2)
      await sleep(300)
      expect(got.messages).toHaveLength(2)
      expect(got.messages).toEqual(expect.arrayContaining([...messages]))
    })

    test('delivers what is urgent unchanged, and again when its handler failed', async () => {
      const bot = aBot()
      const urgent = aMessage(bot, { priority: 'high' })
      let failed = false
      const handle = async () => {
        if (failed) return
        failed = true
        throw new Error('not yet')
      }
      const got = await record({ bots: [bot], handle })
      await queue().publish(urgent)
      await until('it again', () => got.messages.length >= 2)
      expect(got.messages).toEqual([urgent, urgent])
    })

    test('delivers 1,000 messages published in parallel, each once while all are acked', async () => {
      const bot = aBot()
      const messages = times(1_000, () => aMessage(bot))
      const got = await record({ bots: [bot], concurrency: 50, handle: delivery => delivery.ack() })
      await Promise.all(messages.map(message => queue().publish(message)))
      await until('all 1,000', () => got.messages.length >= 1_000)
      await sleep(200)
      expect(runIds(got.messages)).toEqual(runIds(messages))
    })

    test('one consumer or the other gets a message, not both', async () => {
      const bot = aBot()
      const messages = times(100, () => aMessage(bot))
      const [one, two] = [await record({ bots: [bot] }), await record({ bots: [bot], from: await twin() })]
      await Promise.all(messages.map(message => queue().publish(message)))
      await until('all 100', () => one.messages.length + two.messages.length >= 100)
      await sleep(200)
      expect(runIds([...one.messages, ...two.messages])).toEqual(runIds(messages))
    })

    test('a message from another process is delivered', async () => {
      const bot = aBot()
      const got = await record({ bots: [bot] })
      const message = aMessage(bot)
      await (await twin()).publish(message)
      await until('the message', () => got.messages.length > 0)
      expect(got.messages).toEqual([message])
    })

    test('two messages of one run are two deliveries', async () => {
      const bot = aBot()
      const message = aMessage(bot)
      await queue().publish(message)
      await queue().publish(message)
      const got = await record({ bots: [bot] })
      await until('both', () => got.messages.length === 2)
    })
  })

  describe('ack', () => {
    test('settles a delivery, is idempotent, and frees nothing but its own', async () => {
      const bot = aBot()
      const messages = times(10, () => aMessage(bot))
      const handle = async ({ ack }: { ack(): Promise<void> }) => {
        await Promise.all([ack(), ack()])
        await ack()
      }
      const first = await record({ bots: [bot], concurrency: 1, handle })
      await Promise.all(messages.map(message => queue().publish(message)))
      await until('all 10', () => first.messages.length >= 10)
      await first.consumer.close()
      const second = await record({ bots: [bot] })
      await sleep(500)
      expect(second.messages).toEqual([])
      expect(runIds(first.messages)).toEqual(runIds(messages))
    })

    test('does not free the place of the handler that runs on', async () => {
      const bot = aBot()
      let release = () => {}
      const released = new Promise<void>(resolve => {
        release = resolve
      })
      const got = await record({
        bots: [bot],
        concurrency: 1,
        handle: async delivery => {
          await delivery.ack()
          await released
        }
      })
      await Promise.all([queue().publish(aMessage(bot)), queue().publish(aMessage(bot))])
      await until('the first', () => got.messages.length === 1)
      await sleep(300)
      expect(got.messages).toHaveLength(1)
      release()
      await until('the second', () => got.messages.length === 2)
      expect(got.running.most).toBe(1)
    })

    test('a handler that ends without it acks', async () => {
      const bot = aBot()
      const first = await record({ bots: [bot] })
      await queue().publish(aMessage(bot))
      await until('the message', () => first.messages.length === 1)
      await first.consumer.close()
      const second = await record({ bots: [bot] })
      await sleep(500)
      expect(second.messages).toEqual([])
    })

    test('after its consumer closed does no harm', async () => {
      const bot = aBot()
      let late = () => Promise.resolve()
      const first = await record({
        bots: [bot],
        handle: async delivery => {
          late = () => delivery.ack()
        }
      })
      await queue().publish(aMessage(bot))
      await until('the message', () => first.messages.length === 1)
      await first.consumer.close()
      await late()
    })
  })
}
