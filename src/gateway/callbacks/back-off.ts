/** When a message is tried, and for how long. Milliseconds. */
export interface CallbackTimes {
  /** The wait after the first failure; each later one is twice as long. */
  readonly firstMs: number
  readonly mostMs: number
  /** After this it is given up. */
  readonly forMs: number
  /** One try, from the look-up of the name to the status of the answer. */
  readonly tryMs: number
  /** A process that was to send and has not said how it went is dead. */
  readonly leaseMs: number
}

export const usualTimes: CallbackTimes = {
  firstMs: 5_000,
  mostMs: 3_600_000,
  forMs: 24 * 3_600_000,
  tryMs: 20_000,
  leaseMs: 60_000
}

/** A fifth earlier or later, so that messages of one outage do not come all at once. `askedMs`: what the receiver wants. */
export function waitMs({ firstMs, mostMs }: CallbackTimes, tries: number, askedMs = 0): number {
  const usual = Math.min(mostMs, firstMs * 2 ** Math.min(tries - 1, 30))
  return Math.max(Math.min(askedMs, mostMs), usual * (0.8 + Math.random() * 0.4))
}
