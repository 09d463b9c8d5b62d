/**
 * Runs that a worker goes on with by itself: after a pause for a retry or a probe, after a worker that died, with a screen that is here.
 * In the queue they would stand behind everybody who waits for a first attempt.
 */
import { keyOfRun } from '../core/bot-key.ts'
import type { Delivery } from '../core/ports.ts'
import type { Run } from '../core/types.ts'
import type { Parts } from '../engine/parts.ts'
import { atItsTime } from '../engine/publish.ts'

export interface Again {
  later(run: Run): void
  /** Waits for what goes on. What waits for its time the sweep tells the others of, then. */
  close(): Promise<void>
}

export interface AgainOptions {
  readonly serves: (bot: string) => boolean
  readonly handle: (delivery: Delivery) => Promise<void>
}

export function createAgain(parts: Parts, { serves, handle }: AgainOptions): Again {
  const { store, screens, telemetry } = parts
  const waiting = new Map<string, NodeJS.Timeout>()
  const working = new Set<Promise<void>>()
  let closed = false

  const goOn = (runId: string, bot: string, traceparent?: string) => {
    const message = { runId, bot, publishedAt: store.now(), ...(traceparent !== undefined && { traceparent }) }
    const work = handle({ message, ack: async () => undefined })
      .catch(error => telemetry.log.warn({ err: error, runId }, 'a run that had begun has to wait'))
      .finally(() => working.delete(work))
    working.add(work)
  }
  const off = store.watch(event => {
    if (event.type === 'handover' && screens?.isFree(event.screen) === true) goOn(event.runId, event.bot)
    if (event.type === 'again' && serves(event.bot)) goOn(event.runId, event.bot)
  })
  return {
    later(run) {
      if (closed) return
      clearTimeout(waiting.get(run.id))
      const timer = atItsTime(parts, run, () => {
        waiting.delete(run.id)
        goOn(run.id, keyOfRun(run), run.traceparent)
      })
      waiting.set(run.id, timer)
    },
    async close() {
      closed = true
      off()
      for (const timer of waiting.values()) clearTimeout(timer)
      await Promise.all(working)
    }
  }
}
