/**
 * A consumer as wrappers of amqplib make it that reconnect by themselves: it takes some messages ahead, works on one at a time, acks when
 * it is done, and what acks is the channel of the day.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import amqp, { type Channel, type ConsumeMessage } from 'amqplib'
import type { Settings } from '../../src/config.ts'
import type { Queue } from '../../src/core/ports.ts'
import { decodeMessage } from '../../src/drivers/rabbitmq/message.ts'
import { topology } from '../../src/drivers/rabbitmq/topology.ts'

const ahead = 10

export const reconnectingConsume =
  ({ RABBITMQ_URL, RETROFIT_NAMESPACE }: Settings): Queue['consume'] =>
  async handle => {
    const names = topology(RETROFIT_NAMESPACE)
    const served = new Set<string>()
    const leaving = new AbortController()
    let newest: Channel | undefined

    let turn = Promise.resolve()
    const work = async (raw: ConsumeMessage): Promise<void> => {
      const message = decodeMessage(raw.content)
      if (message !== undefined) await handle({ message, ack: async () => undefined })
      // A tag counts in the channel that it came on; here it may mean another message.
      newest?.ack(raw)
    }
    const take = (raw: ConsumeMessage | null): void => {
      if (raw !== null) turn = turn.then(() => work(raw)).catch(() => {})
    }
    const connect = async (bots: readonly string[]): Promise<void> => {
      const connection = await amqp.connect(RABBITMQ_URL)
      connection.on('error', () => {})
      connection.on('close', () => void again(bots))
      for (const bot of bots) {
        await names.declare(connection, bot)
        const channel = await connection.createChannel()
        channel.on('error', () => {})
        await channel.prefetch(ahead)
        newest = channel
        await channel.consume(names.queueOf(bot), raw => take(raw))
      }
      leaving.signal.addEventListener('abort', () => void connection.close().catch(() => {}), { once: true })
    }
    const again = async (bots: readonly string[]): Promise<void> => {
      await sleep(100)
      if (!leaving.signal.aborted) await connect(bots).catch(() => again(bots))
    }
    return {
      serve: async bots => {
        const more = bots.filter(bot => !served.has(bot))
        for (const bot of more) served.add(bot)
        if (more.length > 0) await connect(more)
      },
      close: async () => leaving.abort()
    }
  }
