/** Takes deliveries and calls the engine; stops gracefully. */
import type { Consumer } from '../core/ports.ts'
import { execute } from '../engine/execute.ts'
import type { Parts } from '../engine/parts.ts'
import { createScreens } from '../engine/screens.ts'

export interface WorkerSettings {
  /** The bots to serve; absent: all, also those registered later. */
  readonly bots?: readonly string[]
  /** Most runs at once of a bot whose target sets no limit of its own. */
  readonly concurrency: number
  /** How long running attempts may go on when the worker stops; then they are handed back where nothing has happened yet. */
  readonly graceMs: number
}

export interface Worker {
  /** Takes nothing more; finishes or hands back what it holds. */
  stop(): Promise<void>
}

export async function startWorker(given: Parts, settings: WorkerSettings): Promise<Worker> {
  const screens = createScreens(given)
  const parts: Parts = { ...given, screens }
  const shutdown = new AbortController()
  const consumer = await parts.queue.consume(delivery => execute(parts, delivery, shutdown.signal), {
    concurrency: bot => parts.catalog.entry(bot)?.bot.target.concurrency ?? settings.concurrency
  })
  const serve = () => serveAll(parts, consumer, settings)
  await serve()
  const off = parts.catalog.onChange(() => {
    serve().catch(error => parts.telemetry.log.warn({ err: error }, 'could not change the bots that are served'))
  })
  const handed = takeHandedOver(parts, shutdown.signal)
  return {
    stop: async () => {
      off()
      handed.off()
      const timer = setTimeout(() => shutdown.abort(), settings.graceMs)
      await consumer.close()
      await handed.done()
      clearTimeout(timer)
      await screens.close()
    }
  }
}

/** Runs that another worker got, and whose screen is here. */
function takeHandedOver(parts: Parts, shutdown: AbortSignal): { off(): void; done(): Promise<unknown> } {
  const working = new Set<Promise<void>>()
  const off = parts.store.watch(event => {
    if (event.type !== 'handover' || parts.screens?.isFree(event.screen) !== true) return
    const message = { runId: event.runId, bot: event.bot, publishedAt: parts.store.now() }
    const work = execute(parts, { message, ack: async () => undefined }, shutdown)
      .catch(error => parts.telemetry.log.warn({ err: error, runId: event.runId }, 'a run that was handed over has to wait'))
      .finally(() => working.delete(work))
    working.add(work)
  })
  return { off, done: () => Promise.all(working) }
}

/** Only bots whose adapter is here can be served; one that is gone, as long as runs of it may wait. */
function serveAll({ catalog, adapters }: Parts, consumer: Consumer, { bots }: WorkerSettings): Promise<void> {
  return consumer.serve(
    catalog
      .known()
      .filter(({ name, adapter }) => adapters[adapter] !== undefined && (bots === undefined || bots.includes(name)))
      .map(({ name }) => name)
  )
}
