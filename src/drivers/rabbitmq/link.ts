import { setTimeout as sleep } from 'node:timers/promises'
import amqp, { type ChannelModel } from 'amqplib'

/** One connection that comes back by itself. Channels do not: whoever made one makes it again. */
export interface Link {
  /** The live connection; rejects when none comes within the time. */
  connection(withinMs: number): Promise<ChannelModel>
  /** Why the broker takes no messages from this connection just now. */
  readonly blocked: string | undefined
  /** For messages: host and port, never a password. */
  readonly where: string
  close(): Promise<void>
}

const heartbeatSeconds = '10'
/** With the delays below: about three seconds of trying before the start fails. */
const initialRetries = 5

/** Rejects when the broker can not be reached at the start. */
export async function openLink(url: string, name: string): Promise<Link> {
  const address = new URL(url)
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', heartbeatSeconds)
  const where = address.host
  let current: ChannelModel | undefined
  let blocked: string | undefined
  let lastError = 'not connected yet'
  let closing: Promise<void> | undefined

  const recovering = await amqp.connect(address.href, {
    noDelay: true,
    timeout: 5000,
    clientProperties: { connection_name: name },
    recovery: { initialDelay: 100, maxDelay: 2000, initialMaxRetries: initialRetries, waitForConnect: false }
  })
  recovering.on('connect', model => {
    current = model
    blocked = undefined
  })
  recovering.on('disconnect', error => {
    current = undefined
    lastError = error.message
  })
  recovering.on('connect-failed', error => {
    lastError = error.message || ((error as NodeJS.ErrnoException).code ?? 'refused')
  })
  recovering.on('blocked', reason => {
    blocked = reason
  })
  recovering.on('unblocked', () => {
    blocked = undefined
  })
  // Each is followed by a disconnect, which is what counts.
  recovering.on('error', () => {})
  await recovering.waitForConnect().catch(async error => {
    await recovering.close()
    throw new Error(`RabbitMQ at ${where} can not be reached: ${lastError}`, { cause: error })
  })

  const connection = async (withinMs: number): Promise<ChannelModel> => {
    const deadline = Date.now() + withinMs
    for (;;) {
      if (closing) throw new Error(`The connection to RabbitMQ at ${where} is closed`)
      if (current) return current
      if (Date.now() >= deadline) throw new Error(`RabbitMQ at ${where} can not be reached: ${lastError}`)
      await sleep(20)
    }
  }
  return {
    where,
    connection,
    get blocked() {
      return blocked
    },
    close() {
      closing ??= recovering.close()
      return closing
    }
  }
}
