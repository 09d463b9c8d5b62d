/** Takes deliveries and calls the engine; stops gracefully. */
import type { Delivery } from '../core/ports.ts'
import { execute } from '../engine/execute.ts'
import { watchVersions } from '../engine/parked.ts'
import type { Parts } from '../engine/parts.ts'
import { createRehearsals } from '../engine/rehearsals.ts'
import { createScreens } from '../engine/screens.ts'
import { createAgain } from './again.ts'
import { createRooms } from './rooms.ts'

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
  const shutdown = new AbortController()
  const concurrency = (bot: string) => given.catalog.current(bot)?.target.concurrency ?? settings.concurrency
  const rooms = createRooms(concurrency)
  const handle = (delivery: Delivery) =>
    rooms.inside(delivery.message.bot, shutdown.signal, () => execute(parts, delivery, shutdown.signal))
  /** Only bots whose adapter is here; one that is gone, as long as runs of it may wait. */
  const served = () =>
    given.catalog
      .known()
      .filter(({ name, adapter }) => given.adapters[adapter] !== undefined && (settings.bots === undefined || settings.bots.includes(name)))
      .map(({ key }) => key)
  const again = createAgain({ ...given, screens }, { serves: bot => served().includes(bot), handle })
  const rehearsals = createRehearsals(given)
  const parts: Parts = { ...given, screens, rehearsals, later: again.later }
  const consumer = await parts.queue.consume(handle, { concurrency })
  const serve = () => consumer.serve(served())
  await serve()
  const off = parts.catalog.onChange(() => {
    serve().catch(error => parts.telemetry.log.warn({ err: error }, 'could not change the bots that are served'))
  })
  const unwatch = watchVersions(parts)
  return {
    stop: async () => {
      off()
      unwatch()
      const timer = setTimeout(() => shutdown.abort(), settings.graceMs)
      const rehearsed = rehearsals.close()
      await consumer.close()
      await again.close()
      await rehearsed
      clearTimeout(timer)
      await screens.close()
    }
  }
}
