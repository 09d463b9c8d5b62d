import type { Logger } from 'pino'

const quietMs = 60_000

/** A warning that can come up at every scrape and every export, written once a minute at most. */
export function seldom(log: Logger): (error: unknown, message: string) => undefined {
  const lastAt = new Map<string, number>()
  return (err, message) => {
    const now = performance.now()
    if (now - (lastAt.get(message) ?? Number.NEGATIVE_INFINITY) < quietMs) return
    lastAt.set(message, now)
    log.warn({ err }, message)
  }
}
