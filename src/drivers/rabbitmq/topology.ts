import type { Channel, ChannelModel } from 'amqplib'

export interface Topology {
  queueOf(bot: string): string
  /** Declares the queue of a bot and where its dead letters go; does nothing where they are. */
  declare(connection: ChannelModel, bot: string): Promise<void>
}

/** A handler that fails this often on one message gives it up; the ledger's sweep publishes the run again if it still waits. */
const deliveryLimit = 20
const deadLettersKept = 10_000
/**
 * How long a queue that was deleted stays so: the broker tells its consumers about 40 ms later (measured on 3.10), and a queue that is
 * declared again sooner gives messages to consumers that never get them.
 */
export const redeclarePauseMs = 500

/** Every argument is spelled out, because the defaults of RabbitMQ 3.10 and 4.x differ. */
export function topology(prefix: string): Topology {
  // Not `<prefix>.dead`: a bot may have that name.
  const deadLetters = `${prefix}-dead`
  const queueOf = (bot: string) => `${prefix}.${bot}`
  const assertBoth = async (channel: Channel, bot: string) => {
    await channel.assertQueue(deadLetters, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', 'x-max-length': deadLettersKept, 'x-overflow': 'drop-head' }
    })
    await channel.assertQueue(queueOf(bot), {
      durable: true,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': deliveryLimit,
        'x-overflow': 'reject-publish',
        'x-dead-letter-strategy': 'at-most-once',
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': deadLetters
      }
    })
  }
  return {
    queueOf,
    /** On a channel of its own: a refused declaration closes its channel. */
    declare: (connection, bot) => onOwnChannel(connection, channel => assertBoth(channel, bot))
  }
}

export async function onOwnChannel<T>(connection: ChannelModel, work: (channel: Channel) => Promise<T>): Promise<T> {
  const channel = await connection.createChannel()
  channel.on('error', () => {})
  const result = await work(channel)
  await channel.close()
  return result
}
