/** Data in Redis or RabbitMQ that this installation did not write: counted, reported to listeners, and otherwise ignored. */

/** The kind of data that it claimed to be. */
export type Foreign = 'event' | 'record' | 'session' | 'run' | 'message'

export interface Refusals {
  /** `why` says what is wrong with it and where it was found; no value of it. */
  refuse(what: Foreign, why: string): void
  counts(): readonly (readonly [Foreign, number])[]
  /** Called for each one from now on. */
  listen(listener: (what: Foreign, why: string) => void): void
}

export function createRefusals(): Refusals {
  const counts = new Map<Foreign, number>()
  const listeners = new Set<(what: Foreign, why: string) => void>()
  return {
    refuse(what, why) {
      counts.set(what, (counts.get(what) ?? 0) + 1)
      for (const listener of listeners) listener(what, why)
    },
    counts: () => [...counts],
    listen: listener => void listeners.add(listener)
  }
}

/** For a store that nobody asks. */
export const uncounted: Refusals['refuse'] = () => undefined
