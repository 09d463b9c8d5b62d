import type { Run } from '../core/types.ts'
import type { Parts } from './parts.ts'

/** A queue that is away is tried again by this process, after 0.5, 1, 2, 4, 8 and 8 s; after that the sweep alone goes on. */
const firstPauseMs = 500
const longestPauseMs = 8_000
const mostTries = 7

/** Tells a worker that the run is there. A lost message is the sweep's business, so nobody waits for this. */
export function publish(parts: Parts, run: Run, tries = 1): void {
  const { queue, store, telemetry } = parts
  const span = telemetry.startSpan(`publish ${run.action}`, {
    parent: run.traceparent,
    kind: 'producer',
    attributes: { 'retrofit.run_id': run.id }
  })
  queue.publish({ runId: run.id, bot: run.bot, traceparent: span.traceparent, publishedAt: store.now() }).then(
    () => span.end(),
    error => {
      telemetry.log.warn({ runId: run.id, err: error, tries }, 'publishing failed; it is tried again')
      span.fail(error)
      span.end()
      if (tries < mostTries) setTimeout(() => publish(parts, run, tries + 1), pauseMs(tries)).unref()
    }
  )
}

const pauseMs = (tries: number): number => Math.min(longestPauseMs, firstPauseMs * 2 ** (tries - 1)) * (0.75 + Math.random() / 2)

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
