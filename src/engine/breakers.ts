/** A target that fails again and again gets a rest: calls are refused before they are accepted. Shared by all processes through the store. */
import { RetrofitError } from '../core/errors.ts'
import type { Store } from '../core/ports.ts'

export interface Breakers {
  /** Throws circuit_open while the bot's target rests. */
  check(bot: string): void
  failed(bot: string): Promise<void>
  succeeded(bot: string): Promise<void>
  /** Reads what other processes wrote. */
  refresh(): Promise<void>
}

export interface BreakerSettings {
  /** Consecutive technical failures that open it. */
  readonly failures: number
  readonly restMs: number
}

export function createBreakers(store: Store, { failures, restMs }: BreakerSettings): Breakers {
  const inRow = new Map<string, number>()
  const restUntil = new Map<string, number>()
  let seen = -1
  return {
    check: bot => {
      const waitMs = (restUntil.get(bot) ?? 0) - store.now()
      if (waitMs > 0)
        throw new RetrofitError('circuit_open', { detail: `The target of ${bot} failed ${failures} times in a row.`, retryAfterMs: waitMs })
    },
    failed: async bot => {
      const count = (inRow.get(bot) ?? 0) + 1
      inRow.set(bot, count)
      if (count < failures) return
      restUntil.set(bot, store.now() + restMs)
      await store.records.put('breaker', bot, { until: store.now() + restMs })
    },
    succeeded: async bot => {
      inRow.delete(bot)
      if (restUntil.delete(bot)) await store.records.delete('breaker', bot)
    },
    refresh: async () => {
      const stamp = await store.records.stamp('breaker')
      if (stamp === seen) return
      const rows = await store.records.list('breaker')
      restUntil.clear()
      for (const { id, value } of rows) restUntil.set(id, Number((value as { until?: number }).until ?? 0))
      seen = stamp
    }
  }
}
