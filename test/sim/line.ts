/** The queue of a world: delivers at least once, in any order, and loses and doubles messages where the plan says so. */
import type { Delivery, Message, Queue } from '../../src/core/ports.ts'
import { exchange, latencyMs } from './exchange.ts'
import type { SimProcess, World } from './world.ts'

interface Consuming {
  readonly process: SimProcess
  readonly handle: (delivery: Delivery) => Promise<void>
  readonly concurrency: (bot: string) => number
  bots: readonly string[]
  running: number
  closed: boolean
}

export class Line {
  readonly consumers: Consuming[] = []
  waiting: Message[] = []
  /** Acks as soon as the message leaves. Only a mutant does this. */
  acksFirst = false
  private readonly world: World

  constructor(world: World) {
    this.world = world
  }

  add(message: Message): void {
    if (this.world.mishap(this.world.plan.messageFaults)) {
      this.world.count('message lost')
      this.world.say(() => `  queue: message of ${this.world.nick(message.runId)} lost`)
      return
    }
    const copies = this.world.mishap(this.world.plan.messageFaults) ? 2 : 1
    if (copies > 1) this.world.count('message doubled')
    for (let copy = 0; copy < copies; copy++) this.waiting.push(message)
    this.pump()
  }

  /** Gives each waiting message to somebody who has room. */
  pump(): void {
    const kept: Message[] = []
    for (const message of this.waiting) if (!this.give(message)) kept.push(message)
    this.waiting = kept
  }

  private give(message: Message): boolean {
    const able = this.consumers.filter(
      ({ process, bots, closed, running, concurrency }) =>
        process.alive && !closed && bots.includes(message.bot) && running < concurrency(message.bot)
    )
    if (able.length === 0) return false
    const consumer = this.world.random.pick(able)
    consumer.running++
    this.deliver(consumer, message)
    return true
  }

  private deliver(consumer: Consuming, message: Message): void {
    const { scheduler } = this.world
    let settled = this.acksFirst
    const settle = () => {
      if (settled) return
      settled = true
    }
    const done = (again: boolean) => {
      consumer.running--
      if (again && !settled) scheduler.after(latencyMs(this.world), undefined, () => this.add(message))
      settled = true
      scheduler.after(0.1, undefined, () => this.pump())
    }
    const unheard = () => settled || done(true)
    consumer.process.watchersOfDeath.push(unheard)
    scheduler.after(latencyMs(this.world), consumer.process, () => {
      this.world.say(() => `takes the message of ${this.world.nick(message.runId)}`)
      const delivery: Delivery = { message, ack: () => exchange(this.world, consumer.process, 'ack', settle) }
      consumer.handle(delivery).then(
        () => consumer.process.alive && done(false),
        () => consumer.process.alive && done(true)
      )
    })
  }
}

export function openQueue(world: World, process: SimProcess): Queue {
  const { line } = world
  return {
    publish: message => exchange(world, process, `publish ${world.trace ? world.nick(message.runId) : ''}`, () => line.add(message)),
    consume: async (handle, { concurrency }) => {
      const consumer: Consuming = { process, handle, concurrency, bots: [], running: 0, closed: false }
      line.consumers.push(consumer)
      return {
        serve: async bots => {
          consumer.bots = bots
          line.pump()
        },
        close: async () => {
          consumer.closed = true
          while (consumer.running > 0) await new Promise(resolve => setTimeout(resolve, 50))
        }
      }
    },
    depth: async () => ({ messages: line.waiting.length }),
    ready: async () => undefined,
    close: async () => undefined
  }
}
