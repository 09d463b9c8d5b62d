import type { Queue } from '../../core/ports.ts'
import { type Refusals, uncounted } from '../../core/refusals.ts'
import { openConsumer, type RabbitConsumer } from './consumer.ts'
import { type Link, openLink } from './link.ts'
import { publisherOn } from './publisher.ts'
import { onOwnChannel, topology } from './topology.ts'
import { within } from './within.ts'

export interface RabbitQueueOptions {
  readonly url: string
  /** Begins the name of every queue. */
  readonly prefix?: string
  readonly confirmTimeoutMs?: number
  /** In PEM: who signs the certificate of an `amqps://` broker; absent: those that Node trusts. */
  readonly ca?: string | undefined
  /** Called for data that is not what it claims to be. */
  readonly refuse?: Refusals['refuse'] | undefined
}

const notFound = 404

/** The queue on RabbitMQ: one quorum queue for each bot. Rejects when the broker can not be reached. */
export async function openRabbitQueue(options: RabbitQueueOptions): Promise<Queue> {
  const { url, prefix = 'retrofit', confirmTimeoutMs = 5000, ca, refuse = uncounted } = options
  // An alarm of the broker stops connections that publish, so consumers have another one; a process that only publishes has none.
  const publishing = await openLink({ url, name: `${prefix}-publish`, ca })
  let consuming: Promise<Link> | undefined
  const names = topology(prefix)
  const publisher = publisherOn(publishing, names, confirmTimeoutMs)
  const consumers = new Set<RabbitConsumer>()
  let closed: Promise<void> | undefined

  const close = async () => {
    await Promise.all([...consumers].map(consumer => consumer.close()))
    await Promise.allSettled([publishing.close(), consuming?.then(link => link.close())])
  }
  const consumingLink = (): Promise<Link> => {
    consuming ??= openLink({ url, name: `${prefix}-consume`, ca }).catch(error => {
      consuming = undefined
      throw error
    })
    return consuming
  }
  const countWaiting = async (bot: string): Promise<number> => {
    const connection = await publishing.connection(0)
    try {
      return await onOwnChannel(connection, async channel => (await channel.checkQueue(names.queueOf(bot))).messageCount)
    } catch (error) {
      if ((error as { code?: number }).code === notFound) return 0
      throw error
    }
  }
  return {
    publish: publisher.publish,
    async consume(handle, { concurrency }) {
      if (closed) throw new Error('The queue is closed')
      const consumer = openConsumer({ link: await consumingLink(), topology: names, publisher, handle, concurrency, refuse })
      consumers.add(consumer)
      return consumer
    },
    async depth(bot) {
      return { messages: await within(countWaiting(bot), confirmTimeoutMs, `RabbitMQ at ${publishing.where} did not answer`) }
    },
    async ready() {
      await publisher.probe()
      const problem = [...consumers].map(consumer => consumer.problem()).find(Boolean)
      if (problem) throw problem
    },
    close() {
      closed ??= close()
      return closed
    }
  }
}
