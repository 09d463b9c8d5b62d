import { performance } from 'node:perf_hooks'

const samples = 3

export interface Clock {
  now(): number
  /** Measures again how far the server's clock is from this process's monotonic one. */
  refresh(): Promise<void>
}

/** The server's clock, read from here: its offset to our monotonic clock, so that a jump of our wall clock changes nothing. Never goes back. */
export async function openClock(readServerMs: () => Promise<number>): Promise<Clock> {
  let offsetMs = 0
  let latest = 0
  const refresh = async () => {
    let shortestMs = Number.POSITIVE_INFINITY
    for (let i = 0; i < samples; i++) {
      const sentAt = performance.now()
      const serverMs = await readServerMs()
      const tripMs = performance.now() - sentAt
      if (tripMs >= shortestMs) continue
      shortestMs = tripMs
      offsetMs = serverMs - (sentAt + tripMs / 2)
    }
  }
  await refresh()
  return {
    refresh,
    now() {
      latest = Math.max(latest, Math.floor(performance.now() + offsetMs))
      return latest
    }
  }
}
