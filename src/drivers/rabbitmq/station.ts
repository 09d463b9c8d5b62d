import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from 'amqplib'
import { answerTimeoutMs, removeIfDead } from './dead-queue.ts'
import { type DeliveryOptions, deliver } from './delivery.ts'
import type { Link } from './link.ts'
import { redeclarePauseMs, type Topology } from './topology.ts'
import { aborted, within } from './within.ts'

/** The consuming of one bot, on one channel at a time, for as long as it is wanted. */
export interface Station {
  readonly prefetch: number
  /** Resolves after the first try to consume, whatever came of it, or soon when there is no connection to try it on. */
  readonly started: Promise<void>
  /** What keeps it from consuming just now. */
  readonly problem: Error | undefined
  /** Takes nothing more and hands back what no handler has begun. */
  stop(): Promise<void>
  /** Resolves when it was stopped and its handlers have ended. */
  readonly ended: Promise<void>
}

export interface StationOptions extends Omit<DeliveryOptions, 'signal'> {
  readonly link: Link
  readonly topology: Topology
  readonly bot: string
  readonly prefetch: number
}

const firstPauseMs = 100
const maxPauseMs = 5000
const startMs = 1000

export function openStation(options: StationOptions): Station {
  const { prefetch } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const running = new Set<Promise<void>>()
  const started = Promise.withResolvers<void>()
  let problem: Error | undefined
  let stopTaking = async () => {}

  const take = (channel: Channel, raw: Parameters<typeof deliver>[1]) => {
    const delivery = deliver(channel, raw, { ...options, signal }).finally(() => running.delete(delivery))
    running.add(delivery)
  }
  /** Resolves when the channel is gone, or the queue. */
  const consume = async (): Promise<void> => {
    const { channel, lost, cancel } = await openConsumer(options, signal, take)
    stopTaking = cancel
    problem = undefined
    started.resolve()
    if (signal.aborted) await cancel()
    await lost
    problem = new Error(`The consumer of ${options.topology.queueOf(options.bot)} has lost its connection`)
    closeSoon(channel, running)
  }
  let silentSince: number | undefined
  const failed = async (error: Error, openedAt: number): Promise<void> => {
    problem = error
    silentSince = error instanceof NoAnswer ? (silentSince ?? openedAt) : undefined
    if (silentSince === undefined || Date.now() - silentSince < answerTimeoutMs) return
    silentSince = undefined
    const removing = removeIfDead(options.link, options.topology.queueOf(options.bot)).catch(() => {})
    await Promise.race([removing, aborted(signal)])
  }
  const run = async (): Promise<void> => {
    let pauseMs = firstPauseMs
    while (!signal.aborted) {
      const openedAt = Date.now()
      await consume().catch(error => failed(error, openedAt))
      started.resolve()
      if (Date.now() - openedAt > maxPauseMs) pauseMs = firstPauseMs
      await sleep(pauseMs, undefined, { signal }).catch(() => {})
      pauseMs = Math.min(pauseMs * 2, maxPauseMs)
    }
  }
  const loop = run()
  setTimeout(started.resolve, startMs).unref()
  let stopped: Promise<void> | undefined
  const ended = Promise.withResolvers<void>()
  return {
    prefetch,
    started: started.promise,
    get problem() {
      return problem
    },
    ended: ended.promise,
    stop() {
      stopped ??= (async () => {
        const cancelling = stopTaking()
        stopping.abort()
        await cancelling
        void loop.then(() => Promise.all(running)).then(() => ended.resolve())
      })()
      return stopped
    }
  }
}

/** A channel that lost its queue, closed when the handlers that settle on it have ended. */
function closeSoon(channel: Channel, running: ReadonlySet<Promise<void>>): void {
  void Promise.all(running).then(() => channel.close().catch(() => {}))
}

/** The queue was declared, and nobody may consume it. */
class NoAnswer extends Error {}

type Take = (channel: Channel, raw: Parameters<typeof deliver>[1]) => void

async function openConsumer({ link, topology, bot, prefetch }: StationOptions, signal: AbortSignal, take: Take) {
  const connection = await link.connection(Number.POSITIVE_INFINITY, signal)
  const lost = Promise.withResolvers<void>()
  const silent = `RabbitMQ at ${link.where} did not answer in time`
  const queueGone = () => void sleep(redeclarePauseMs).then(lost.resolve)
  const open = async () => {
    await topology.declare(connection, bot)
    const channel = await connection.createChannel()
    channel.on('error', () => {})
    channel.on('close', () => lost.resolve())
    await channel.prefetch(prefetch)
    // The broker sends null when the queue is deleted or moves.
    const consuming = channel.consume(topology.queueOf(bot), raw => (raw ? take(channel, raw) : queueGone()))
    const { consumerTag } = await within(consuming, answerTimeoutMs, silent).catch(error => {
      // Later: on a channel that is closed already it would throw at once.
      void Promise.resolve()
        .then(() => channel.close())
        .catch(() => {})
      // The broker says why with a code.
      throw error.code === undefined ? new NoAnswer(error.message) : error
    })
    return { channel, consumerTag }
  }
  const { channel, consumerTag } = await inTime(open(), silent)
  const cancel = async () => {
    await within(channel.cancel(consumerTag), answerTimeoutMs, silent).catch(() => {})
    lost.resolve()
  }
  return { channel, lost: lost.promise, cancel }
}

/** A consumer in time, or none: the channel of one that comes too late is closed, so that its messages go back. */
async function inTime<T extends { readonly channel: Channel }>(opening: Promise<T>, message: string): Promise<T> {
  try {
    return await within(opening, 2 * answerTimeoutMs, message)
  } catch (error) {
    opening.then(
      ({ channel }) => channel.close().catch(() => {}),
      () => {}
    )
    throw error
  }
}
