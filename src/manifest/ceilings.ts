import type { Action, Bot } from '../core/types.ts'

/** The operator's ceilings, whatever a manifest says. */
export interface Ceilings {
  /** The ceiling of `timeouts.run`. */
  readonly runMs: number
  /** The ceiling of `timeouts.queue`. */
  readonly queueMs: number
  /** The ceiling of `idempotency.ttl`; the outcome of a run is known for longer. */
  readonly keptMs: number
  /** The ceiling of `retry.attempts`. */
  readonly attempts: number
}

/** The bot as it runs here: what is over a ceiling is the ceiling, also in what is published. */
export const withCeilings = (bot: Bot, ceilings: Ceilings): Bot => ({
  ...bot,
  actions: bot.actions.map(action => bounded(action, ceilings))
})

/** Its steps may not be made yet: a spread would make them. */
const bounded = (action: Action, { runMs, queueMs, keptMs, attempts }: Ceilings): Action => {
  const { timeouts, idempotency, retry } = action
  const changed: Partial<Action> = {
    timeouts: { queueMs: Math.min(timeouts.queueMs, queueMs), runMs: Math.min(timeouts.runMs, runMs) },
    idempotency: { ...idempotency, ttlMs: Math.min(idempotency.ttlMs, keptMs) },
    retry: { ...retry, attempts: Math.min(retry.attempts, attempts) }
  }
  const members = { ...Object.getOwnPropertyDescriptors(action), ...Object.getOwnPropertyDescriptors(changed) }
  return Object.defineProperties({} as Action, members)
}
