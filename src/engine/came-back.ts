/** A worker that was counted as lost finds that it is not the holder any more: it was late, and says so. */
import { cameBack } from '../core/run.ts'
import type { Parts } from './parts.ts'

/** Best effort: a run that has ended meanwhile stays as it is. */
export async function sayCameBack({ store, telemetry }: Parts, runId: string, worker: string): Promise<void> {
  try {
    for (;;) {
      const run = await store.getRun(runId)
      const next = run && cameBack(run, worker, store.now())
      if (next === undefined) return
      if (await store.updateRun(next)) return telemetry.log.warn({ runId, worker }, 'a worker was late: its lease had run out')
    }
  } catch {
    // Then it counts as lost.
  }
}
