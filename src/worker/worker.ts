/** Takes deliveries and calls the engine; stops gracefully. */
import type { Consumer } from '../core/ports.ts'
import { execute } from '../engine/execute.ts'
import type { Parts } from '../engine/parts.ts'

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

export async function startWorker(parts: Parts, settings: WorkerSettings): Promise<Worker> {
  const shutdown = new AbortController()
  const consumer = await parts.queue.consume(delivery => execute(parts, delivery, shutdown.signal), {
    concurrency: bot => parts.catalog.entry(bot)?.bot.target.concurrency ?? settings.concurrency
  })
  const serve = () => serveAll(parts, consumer, settings)
  await serve()
  const off = parts.catalog.onChange(() => {
    serve().catch(error => parts.telemetry.log.warn({ err: error }, 'could not change the bots that are served'))
  })
  return {
    stop: async () => {
      off()
      const timer = setTimeout(() => shutdown.abort(), settings.graceMs)
      await consumer.close()
      clearTimeout(timer)
    }
  }
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
