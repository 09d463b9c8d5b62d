import type { Consumer, Delivery, Queue } from '../../core/ports.ts'
import type { Lanes } from './lanes.ts'
import type { Claim } from './line.ts'

export interface ConsumerParts {
  readonly handle: Parameters<Queue['consume']>[0]
  readonly concurrency: (bot: string) => number
  readonly lanes: Lanes
  /** Deletes the message's row. */
  readonly remove: (claim: Claim) => Promise<void>
  /** There may be a message of the bot for somebody. */
  readonly wake: (bot: string) => void
  readonly onClose: () => void
}

export interface SqliteConsumer extends Consumer {
  hasRoom(bot: string): boolean
  begin(claim: Claim): void
  /** Begins handlers for the messages of a bot, as many as may run. */
  pump(bot: string): void
  /** The same for all its bots, looking at the file for what nobody announced. */
  poll(): void
}

export function consumer({ handle, concurrency, lanes, remove, wake, onClose }: ConsumerParts): SqliteConsumer {
  let serving: ReadonlySet<string> = new Set()
  const running = new Map<string, number>()
  const handlers = new Set<Promise<void>>()

  function delivery(claim: Claim): { readonly delivery: Delivery; acked(): boolean } {
    let acking: Promise<void> | undefined
    const ack = () => {
      acking ??= remove(claim).catch((error: unknown) => {
        acking = undefined
        throw error
      })
      return acking
    }
    return { delivery: { message: claim.message, ack }, acked: () => acking !== undefined }
  }

  /** Never rejects: what fails is handed back. */
  async function settle(claim: Claim): Promise<void> {
    const { delivery: given, acked } = delivery(claim)
    try {
      await handle(given)
      await given.ack()
    } catch {
      if (!acked()) await lanes.of(claim.message).giveBack(claim)
    }
  }

  function begin(claim: Claim): void {
    const { bot } = claim.message
    running.set(bot, (running.get(bot) ?? 0) + 1)
    const handler = settle(claim).finally(() => {
      handlers.delete(handler)
      running.set(bot, (running.get(bot) ?? 1) - 1)
      wake(bot)
    })
    handlers.add(handler)
  }

  const roomFor = (bot: string): number => (serving.has(bot) ? concurrency(bot) - (running.get(bot) ?? 0) : 0)

  function pump(bot: string): void {
    const free = roomFor(bot)
    if (free > 0) for (const claim of lanes.take(bot, free)) begin(claim)
  }

  function poll(): void {
    for (const bot of serving) {
      lanes.announce(bot)
      pump(bot)
    }
  }

  return {
    hasRoom: bot => roomFor(bot) > 0,
    begin,
    pump,
    poll,
    async serve(bots) {
      serving = new Set(bots)
      poll()
    },
    async close() {
      serving = new Set()
      onClose()
      await Promise.all(handlers)
    }
  }
}
