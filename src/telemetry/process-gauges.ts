import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Telemetry } from './telemetry.ts'

const resolutionMs = 20

/** Says how this process is: memory, and how long its event loop was busy with something else. */
export function processGauges({ gauge }: Pick<Telemetry, 'gauge'>): { stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  gauge('retrofit_event_loop_lag_milliseconds', 'Lag of the event loop since it was last read.', async () => {
    const rows = [50, 99, 100].map(share => [{ percentile: String(share) }, lagMs(delay.percentile(share))] as const)
    delay.reset()
    return rows
  })
  let before = performance.eventLoopUtilization()
  gauge('retrofit_event_loop_utilization', 'Share of the time that the event loop was busy since it was last read.', async () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return [[{}, utilization]]
  })
  gauge('retrofit_memory_bytes', 'Memory of the process.', async () => {
    const { rss, heapUsed, external } = process.memoryUsage()
    return Object.entries({ rss, heap: heapUsed, external }).map(([kind, bytes]) => [{ kind }, bytes] as const)
  })
  return { stop: () => delay.disable() }
}

/** The monitor measures from one of its timers to the next, its own resolution included. */
const lagMs = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
