/**
 * A broker that is killed soon after it declared a quorum queue may come back with the queue's name and without its data (seen on 3.10):
 * it can be declared, and whoever wants to consume it gets no answer, or loses the connection.
 */
import type { ChannelModel } from 'amqplib'
import type { Link } from './link.ts'
import { onOwnChannel } from './topology.ts'
import { within } from './within.ts'

export const answerTimeoutMs = 10_000

/**
 * Removes it if it is dead, to be declared anew: the ledger knows what was in it, and tells of it again. Rejects when nothing is known,
 * because the broker is away.
 */
export async function removeIfDead(link: Link, queue: string): Promise<void> {
  if (await withOwn(link, connection => isDead(connection, queue))) await withOwn(link, connection => remove(connection, queue))
}

/** A dead queue takes the connection along, so nobody else is on it. */
async function withOwn<T>(link: Link, work: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await link.another()
  connection.on('error', () => {})
  try {
    return await work(connection)
  } finally {
    // Closed already, it would throw at once.
    void Promise.resolve()
      .then(() => connection.close())
      .catch(() => {})
  }
}

async function isDead(connection: ChannelModel, queue: string): Promise<boolean> {
  const channel = await within(connection.createChannel(), answerTimeoutMs, 'RabbitMQ does not answer')
  channel.on('error', () => {})
  // What it delivers goes back with the connection.
  const consuming = channel.prefetch(1).then(() => channel.consume(queue, () => {}))
  return within(consuming, answerTimeoutMs, `${queue} does not answer`).then(
    () => false,
    // A broker that refuses says why with a code.
    error => error.code === undefined
  )
}

/** Unless somebody consumes it by now. */
function remove(connection: ChannelModel, queue: string): Promise<void> {
  const removing = onOwnChannel(connection, async channel => {
    const { consumerCount } = await channel.checkQueue(queue)
    if (consumerCount === 0) await channel.deleteQueue(queue)
  })
  return within(removing, answerTimeoutMs, `${queue} can not be removed`)
}
