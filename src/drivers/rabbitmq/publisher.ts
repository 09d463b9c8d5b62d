import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelModel, ConfirmChannel, Options } from 'amqplib'
import type { Message } from '../../core/ports.ts'
import type { Link } from './link.ts'
import { encodeMessage, failuresHeader } from './message.ts'
import { redeclarePauseMs, type Topology } from './topology.ts'
import { within } from './within.ts'

export interface Publisher {
  /** `failures`: how often a handler has failed on it. */
  publish(message: Message, failures?: number): Promise<void>
  /** Sends a message that nobody gets and waits for its confirm: only a publish shows whether the broker takes any. */
  probe(): Promise<void>
}

/** One confirm channel, and what was declared while it lived. */
interface Session {
  readonly connection: ChannelModel
  readonly channel: ConfirmChannel
  readonly declared: Map<string, Promise<void>>
  /** Ids of messages that no queue took. Their return comes before their confirm. */
  readonly returned: Set<string>
}

/** How long a publish waits for a lost connection; less than its own limit, so that an outage is told soon. */
const reconnectWaitMs = 1000

export function publisherOn(link: Link, topology: Topology, confirmTimeoutMs: number): Publisher {
  let session: Promise<Session> | undefined
  let sequence = 0

  const current = (): Promise<Session> => {
    if (session) return session
    const opening = openSession(link, () => {
      if (session === opening) session = undefined
    })
    session = opening
    opening.catch(() => {
      if (session === opening) session = undefined
    })
    return opening
  }

  /** To a queue that was made anew the broker lets nothing through on a channel that knew the old one. */
  const discard = (old: Promise<Session> | undefined): void => {
    // Of many that time out together, the first has left it already.
    if (session !== old) return
    session = undefined
    old?.then(({ channel }) => channel.close()).catch(() => {})
  }

  /** False when no queue took it. */
  const send = ({ channel, returned }: Session, queue: string, content: Buffer, options: Options.Publish): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const messageId = String(sequence++)
      channel.sendToQueue(queue, content, { ...options, messageId }, error => {
        if (error) reject(new Error(`RabbitMQ at ${link.where} did not confirm a message: ${error.message ?? error}`))
        else resolve(!returned.delete(messageId))
      })
    })

  const publishOnce = async (message: Message, failures: number): Promise<boolean> => {
    const active = await current()
    await declareOnce(active, topology, message.bot)
    // RabbitMQ 4 gives two of three turns to what is above 4; before that a quorum queue knows no priority.
    const priority = message.priority === 'high' ? 9 : 0
    const options = {
      persistent: true,
      priority,
      mandatory: true,
      contentType: 'application/json',
      headers: { [failuresHeader]: failures }
    }
    return send(active, topology.queueOf(message.bot), encodeMessage(message), options)
  }

  const publish = async (message: Message, failures: number) => {
    if (await publishOnce(message, failures)) return
    // The queue was deleted behind our back.
    await sleep(redeclarePauseMs)
    const active = await current()
    active.declared.delete(message.bot)
    if (!(await publishOnce(message, failures))) throw new Error(`RabbitMQ has no queue ${topology.queueOf(message.bot)}`)
  }

  const guarded = async (work: () => Promise<unknown>) => {
    if (link.blocked !== undefined) throw new Error(`RabbitMQ at ${link.where} takes no messages: ${link.blocked}`)
    const unconfirmed = `RabbitMQ at ${link.where} did not confirm a message within ${confirmTimeoutMs} ms`
    const working = work()
    const used = session
    await within(working, confirmTimeoutMs, unconfirmed).catch(error => {
      if (error.message === unconfirmed) discard(used)
      throw error
    })
  }
  return {
    publish: (message, failures = 0) => guarded(() => publish(message, failures)),
    probe: () => guarded(async () => send(await current(), 'nobody.listens.here', Buffer.alloc(0), {}))
  }
}

async function openSession(link: Link, onClose: () => void): Promise<Session> {
  const connection = await link.connection(reconnectWaitMs)
  const channel = await connection.createConfirmChannel()
  const session: Session = { connection, channel, declared: new Map(), returned: new Set() }
  channel.on('error', () => {})
  channel.on('close', onClose)
  channel.on('return', ({ properties }) => session.returned.add(properties.messageId as string))
  return session
}

async function declareOnce({ connection, declared }: Session, topology: Topology, bot: string): Promise<void> {
  const known = declared.get(bot)
  if (known) return known
  const declaring = topology.declare(connection, bot)
  declared.set(bot, declaring)
  declaring.catch(() => declared.delete(bot))
  return declaring
}
