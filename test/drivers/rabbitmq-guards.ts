/** Of `rabbitmq.test.ts`: what others put into our queues ends no process and keeps no run back; and TLS. */
import { describe, expect, test } from '@jest/globals'
import amqp from 'amqplib'
import { createRefusals } from '../../src/core/refusals.ts'
import { openRabbitQueue } from '../../src/drivers/rabbitmq/queue.ts'
import { aBot, aMessage } from '../contract/fixtures.ts'
import type { RabbitServer } from '../setup/services.ts'
import { until } from '../setup/until.ts'
import { tlsCases } from './tls-cases.ts'

export function guards(server: () => RabbitServer): void {
  const url = () => server().url
  const good = aMessage('bot')
  const foreign: readonly (readonly [string, Buffer])[] = [
    ['nothing', Buffer.alloc(0)],
    ['bytes', Buffer.from([0, 255, 254, 1])],
    ['null', Buffer.from('null')],
    ['a list', Buffer.from('[]')],
    ['very deep', Buffer.from('['.repeat(100_000))],
    ['very large', Buffer.from(JSON.stringify({ ...good, padding: 'x'.repeat(100_000) }))],
    ['wrong types', Buffer.from(JSON.stringify({ ...good, publishedAt: 'now' }))],
    ['a run id that is none', Buffer.from(JSON.stringify({ ...good, runId: '../run_1' }))]
  ]

  describe('foreign messages', () => {
    test('are counted and put among the dead letters; a foreign count of failures is not believed; ours come through', async () => {
      const bot = aBot()
      const refusals = createRefusals()
      const queue = await openRabbitQueue({ url: url(), refuse: refusals.refuse })
      const got: string[] = []
      let failed = false
      const consumer = await queue.consume(
        async ({ message }) => {
          got.push(message.runId)
          if (message.runId !== counted.runId || failed) return
          failed = true
          throw new Error('once')
        },
        { concurrency: () => 1 }
      )
      await consumer.serve([bot])
      const connection = await amqp.connect(url())
      connection.on('error', () => {})
      const channel = await connection.createConfirmChannel()
      for (const [, content] of foreign) channel.sendToQueue(`retrofit.${bot}`, content)
      const counted = aMessage(bot)
      channel.sendToQueue(`retrofit.${bot}`, Buffer.from(JSON.stringify(counted)), { headers: { 'retrofit-failures': 'many' } })
      await channel.waitForConfirms()
      const last = aMessage(bot)
      await queue.publish(last)
      await until('ours', () => got.filter(id => id === counted.runId).length === 2 && got.includes(last.runId))
      expect(new Set(got)).toEqual(new Set([counted.runId, last.runId]))
      expect(refusals.counts()).toEqual([['message', foreign.length]])
      await connection.close()
      await queue.close()
    })
  })

  describe('with TLS', () => {
    tlsCases({
      setting: 'RABBITMQ_CA',
      url: host => `amqps://guest:guest@${host}:${server().tlsPort}`,
      use: async options => {
        const queue = await openRabbitQueue(options)
        await queue.publish(aMessage(aBot()))
        await queue.close()
      }
    })
  })
}
