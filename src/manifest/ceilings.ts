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

const bounded = (action: Action, { runMs, queueMs, keptMs, attempts }: Ceilings): Action => ({
  ...action,
  timeouts: { queueMs: Math.min(action.timeouts.queueMs, queueMs), runMs: Math.min(action.timeouts.runMs, runMs) },
  idempotency: { ...action.idempotency, ttlMs: Math.min(action.idempotency.ttlMs, keptMs) },
  retry: { ...action.retry, attempts: Math.min(action.retry.attempts, attempts) }
})
