import { keyOfRun } from '../core/bot-key.ts'
import { longestTimerMs } from '../core/long-timer.ts'
import type { Run } from '../core/types.ts'
import { backlogOf } from './backlog.ts'
import type { Parts } from './parts.ts'

/** Tells a worker that the run is there, in time. */
export const publish = (parts: Parts, run: Run): void => {
  const { id, action, traceparent, priority } = run
  const bot = keyOfRun(run)
  backlogOf(parts, bot).publish({ runId: id, bot, action, traceparent, priority })
}

/** A run that another worker has to take: told again, should the word of it have been lost. */
const againMs = 500
export function publishSoon(parts: Parts, run: Run): void {
  setTimeout(() => publish(parts, run), againMs * (0.75 + Math.random() / 2)).unref()
}

/** At the run's `notBefore`: back-off or settle time. Whoever gets the message too early sets the next timer. The sweep does it too, in case this process is gone by then. */
export function atItsTime({ store }: Parts, run: Run, work: () => void): NodeJS.Timeout {
  return setTimeout(work, Math.min(longestTimerMs, Math.max(0, run.notBefore - store.now()))).unref()
}

/** A worker goes on by itself; else a worker is told when the time has come. */
export function goOnLater(parts: Parts, run: Run): void {
  if (parts.later !== undefined) parts.later(run)
  else atItsTime(parts, run, () => publish(parts, run))
}

/** A run that had begun does not wait in line again: every worker is told of it at once, and should none hear it, by the queue. */
export function publishAgain(parts: Parts, run: Run): void {
  parts.store.emit({ type: 'again', runId: run.id, bot: keyOfRun(run) })
  publish(parts, run)
}
