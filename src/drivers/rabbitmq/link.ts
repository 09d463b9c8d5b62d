import { setTimeout as sleep } from 'node:timers/promises'
import amqp, { type ChannelModel } from 'amqplib'
import { tlsHint } from '../../core/tls-hint.ts'
import { aborted, within } from './within.ts'

/** One connection that comes back by itself. Channels do not: whoever made one makes it again. */
export interface Link {
  /** The live connection; rejects when none comes within the time, or when the signal ends the wait. */
  connection(withinMs: number, stop?: AbortSignal): Promise<ChannelModel>
  /** A connection of its own for whoever asks, who closes it. */
  another(): Promise<ChannelModel>
  /** Why the broker takes no messages from this connection just now. */
  readonly blocked: string | undefined
  /** For messages: host and port, never a password. */
  readonly where: string
  close(): Promise<void>
}

export interface LinkOptions {
  readonly url: string
  readonly name: string
  /** In PEM: who signs the broker's certificate; absent: those that Node trusts. */
  readonly ca: string | undefined
}

const heartbeatSeconds = '10'
const connectTimeoutMs = 5000
const firstPauseMs = 100
const maxPauseMs = 2000
const pollMs = 20
/** How long the start tries before it fails. */
const startMs = 3000

/**
 * Rejects when the broker can not be reached at the start; later it tries for ever.
 * Not amqplib's own `recovery`: it waits for ever for a peer that accepts the connection and closes it in the handshake,
 * as a proxy does whose broker is away.
 */
export async function openLink({ url, name, ca }: LinkOptions): Promise<Link> {
  const address = new URL(url)
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', heartbeatSeconds)
  const where = address.host
  const stopping = new AbortController()
  const { signal } = stopping
  let current: ChannelModel | undefined
  let blocked: string | undefined
  let lastError = 'not connected yet'

  const connect = async (): Promise<void> => {
    const model = await open({ url: address.href, name, ca })
    const lost = Promise.withResolvers<void>()
    model.on('error', (error: Error) => {
      lastError = error.message
    })
    model.on('close', () => lost.resolve())
    model.on('blocked', reason => {
      blocked = reason
    })
    model.on('unblocked', () => {
      blocked = undefined
    })
    blocked = undefined
    current = model
    await Promise.race([lost.promise, aborted(signal)])
    current = undefined
    // Its channels settle their last messages in what is sent before the close.
    if (signal.aborted) await within(model.close(), connectTimeoutMs, 'no answer').catch(() => {})
  }
  const run = async (): Promise<void> => {
    let pauseMs = firstPauseMs
    while (!signal.aborted) {
      const begunAt = Date.now()
      await connect().catch((error: NodeJS.ErrnoException) => {
        lastError = tlsHint(error, 'RABBITMQ_CA')
      })
      pauseMs = Date.now() - begunAt > connectTimeoutMs ? firstPauseMs : Math.min(pauseMs * 2, maxPauseMs)
      await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }
  const running = run()

  const connection: Link['connection'] = async (withinMs, stop) => {
    const deadline = Date.now() + withinMs
    for (;;) {
      if (signal.aborted) throw new Error(`The connection to RabbitMQ at ${where} is closed`)
      if (current) return current
      stop?.throwIfAborted()
      if (Date.now() >= deadline) throw new Error(`RabbitMQ at ${where} can not be reached: ${lastError}`)
      await sleep(pollMs)
    }
  }
  const close = (): Promise<void> => {
    stopping.abort()
    return running
  }
  await connection(startMs).catch(async error => {
    await close()
    throw error
  })
  return {
    where,
    connection,
    another: () => open({ url: address.href, name, ca }),
    get blocked() {
      return blocked
    },
    close
  }
}

/** A connection in time, or none: one that comes too late is closed. */
async function open({ url, name, ca }: LinkOptions): Promise<ChannelModel> {
  const tls = ca === undefined ? undefined : { ca: [Buffer.from(ca)] }
  const opening = amqp.connect(url, { ...tls, noDelay: true, timeout: connectTimeoutMs, clientProperties: { connection_name: name } })
  try {
    return await within(opening, connectTimeoutMs, `no answer within ${connectTimeoutMs} ms`)
  } catch (error) {
    opening.then(
      late => late.close().catch(() => {}),
      () => {}
    )
    throw error
  }
}
