import type { Run } from '../core/types.ts'
import { backlogOf } from './backlog.ts'
import type { Parts } from './parts.ts'

/** Tells a worker that the run is there, in time. */
export const publish = (parts: Parts, { id, bot, action, traceparent }: Run): void =>
  backlogOf(parts, bot).publish({ runId: id, bot, action, traceparent })

/** A run that another worker has to take: told again, should the word of it have been lost. */
const againMs = 500
export function publishSoon(parts: Parts, run: Run): void {
  setTimeout(() => publish(parts, run), againMs * (0.75 + Math.random() / 2)).unref()
}

/** Node fires a timer that is set for longer at once. Whoever gets the message too early sets the next one. */
const longestTimerMs = 2 ** 31 - 1

/** Publishes at the run's `notBefore`: back-off or settle time. The sweep does it too, in case this process is gone by then. */
export function publishLater(parts: Parts, run: Run): void {
  const delayMs = Math.min(longestTimerMs, Math.max(0, run.notBefore - parts.store.now()))
  setTimeout(() => publish(parts, run), delayMs).unref()
}
