import type { Run } from '../core/types.ts'
import type { Parts } from './parts.ts'

/** Tells a worker that the run is there. A lost message is the sweep's business, so nobody waits for this. */
export function publish({ queue, store, telemetry }: Parts, run: Run): void {
  const span = telemetry.startSpan(`publish ${run.action}`, {
    parent: run.traceparent,
    kind: 'producer',
    attributes: { 'retrofit.run_id': run.id }
  })
  queue.publish({ runId: run.id, bot: run.bot, traceparent: span.traceparent, publishedAt: store.now() }).then(
    () => span.end(),
    error => {
      telemetry.log.warn({ runId: run.id, err: error }, 'publishing failed; the sweep will publish again')
      span.fail(error)
      span.end()
    }
  )
}

/** Node fires a timer that is set for longer at once. Whoever gets the message too early sets the next one. */
const longestTimerMs = 2 ** 31 - 1

/** Publishes at the run's `notBefore`: back-off or settle time. The sweep does it too, in case this process is gone by then. */
export function publishLater(parts: Parts, run: Run): void {
  const delayMs = Math.min(longestTimerMs, Math.max(0, run.notBefore - parts.store.now()))
  setTimeout(() => publish(parts, run), delayMs).unref()
}
