/**
 * A broker that is killed soon after it declared a quorum queue may come back with the queue's name and without its data (seen on 3.10):
 * it can be declared, and whoever wants to consume it gets no answer, or loses the connection.
 */
import type { ChannelModel } from 'amqplib'
import type { Link } from './link.ts'
import { onOwnChannel } from './topology.ts'
import { within } from './within.ts'

export const answerTimeoutMs = 10_000

/** Removes it if it is dead, to be declared anew. The ledger knows what was in it, and tells of it again. */
export async function removeIfDead(link: Link, queue: string): Promise<void> {
  const isDead = !(await withOwn(link, connection => answers(connection, queue)).catch(() => false))
  if (isDead) await withOwn(link, connection => within(remove(connection, queue), answerTimeoutMs, `${queue} can not be removed`))
}

/** A dead queue takes the connection along, so nobody else is on it. */
async function withOwn<T>(link: Link, work: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await link.another()
  connection.on('error', () => {})
  try {
    return await work(connection)
  } finally {
    void connection.close().catch(() => {})
  }
}

async function answers(connection: ChannelModel, queue: string): Promise<boolean> {
  const channel = await connection.createChannel()
  channel.on('error', () => {})
  await channel.prefetch(1)
  // What it delivers goes back with the connection.
  await within(
    channel.consume(queue, () => {}),
    answerTimeoutMs,
    `${queue} does not answer`
  )
  return true
}

/** Unless somebody consumes it by now. */
const remove = (connection: ChannelModel, queue: string): Promise<void> =>
  onOwnChannel(connection, async channel => {
    const { consumerCount } = await channel.checkQueue(queue)
    if (consumerCount === 0) await channel.deleteQueue(queue)
  })
