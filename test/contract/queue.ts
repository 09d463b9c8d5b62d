/**
 * What every Queue must do, sentence by sentence of `core/ports.ts`. `open` gives a queue for each test (each test has
 * bots of its own, so it need not be empty); `another` a second one on the same broker, as a second process would have it.
 */
import { afterEach, beforeEach, describe } from '@jest/globals'
import type { Consumer, Delivery, Message, Queue } from '../../src/core/ports.ts'
import { deliveryTests } from './queue-delivery.ts'
import { failureTests } from './queue-failure.ts'
import { queueLifeTests } from './queue-life.ts'
import { servingTests } from './queue-serving.ts'

export interface OpenQueue {
  readonly queue: Queue
  close(): Promise<void>
  another?(): Promise<Queue>
}

/** A consumer that writes down what it was given. */
export interface Recorder {
  readonly consumer: Consumer
  readonly messages: Message[]
  /** Handlers that run now, and the most that ran at once. */
  readonly running: { now: number; most: number }
}

export interface RecorderOptions {
  readonly bots: readonly string[]
  readonly concurrency?: number | ((bot: string) => number)
  readonly from?: Queue
  readonly handle?: (delivery: Delivery) => Promise<void>
}

export interface QueueUnderTest {
  queue(): Queue
  /** A second queue on the same broker; the same one where there is no other. */
  twin(): Promise<Queue>
  record(options: RecorderOptions): Promise<Recorder>
}

async function recordFrom(queue: Queue, { bots, concurrency = 10, handle }: RecorderOptions): Promise<Recorder> {
  const messages: Message[] = []
  const running = { now: 0, most: 0 }
  const consumer = await queue.consume(
    async delivery => {
      messages.push(delivery.message)
      running.most = Math.max(running.most, ++running.now)
      try {
        await handle?.(delivery)
      } finally {
        running.now--
      }
    },
    { concurrency: bot => (typeof concurrency === 'number' ? concurrency : concurrency(bot)) }
  )
  await consumer.serve(bots)
  return { consumer, messages, running }
}

export function queueContract(name: string, openQueue: () => Promise<OpenQueue>): void {
  describe(`${name}: the contract of the Queue`, () => {
    let opened: OpenQueue | undefined
    let consumers: Consumer[] = []
    let twins: Queue[] = []
    const current = () => {
      if (opened === undefined) throw new Error('The queue is not open')
      return opened
    }
    const test: QueueUnderTest = {
      queue: () => current().queue,
      async twin() {
        const twin = await current().another?.()
        if (twin) twins.push(twin)
        return twin ?? current().queue
      },
      async record(options) {
        const recorder = await recordFrom(options.from ?? current().queue, options)
        consumers.push(recorder.consumer)
        return recorder
      }
    }
    beforeEach(async () => {
      opened = await openQueue()
    })
    afterEach(async () => {
      await Promise.all(consumers.map(consumer => consumer.close()))
      await Promise.all(twins.map(twin => twin.close()))
      await opened?.close()
      consumers = []
      twins = []
      opened = undefined
    })
    for (const section of [deliveryTests, failureTests, servingTests, queueLifeTests]) section(test)
  })
}
