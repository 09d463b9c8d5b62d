/**
 * A target that is down gets a rest: calls are refused before they are accepted. Only failures of the target count, and one caller's
 * close it for that caller alone: nobody can take a target away from the others. Shared by all processes through the store.
 */
import { canonicalJson } from '../core/canonical-json.ts'
import { RetrofitError } from '../core/errors.ts'
import type { Store } from '../core/ports.ts'
import type { Caller } from '../core/types.ts'
import { AttemptsWindow } from './attempts-window.ts'

/** A run knows its caller too. */
type ByCaller = Pick<Caller, 'tenant' | 'clientId'>

export interface Breakers {
  /** Throws circuit_open while the bot's target rests, for all or for this caller. */
  check(bot: string, caller: ByCaller): void
  /** An attempt failed because the target is down. */
  failed(bot: string, caller: ByCaller): Promise<void>
  /** The target answered as it should. */
  succeeded(bot: string, caller: ByCaller): Promise<void>
  /** Reads what other processes wrote. */
  refresh(): Promise<void>
}

export interface BreakerSettings {
  /** Failures of the target that open it, when at least as many of the last attempts failed as did not. */
  readonly failures: number
  readonly restMs: number
}

const kind = 'breaker'
const longestWindowMs = 600_000
/** A rest that nobody's success has ended. */
const keptMs = 3_600_000
const idOf = (bot: string, { tenant, clientId }: ByCaller): string => canonicalJson([bot, tenant, clientId])
const untilOf = (value: unknown): number => Number((value as { until?: number } | null)?.until ?? 0)

export function createBreakers(store: Store, { failures, restMs }: BreakerSettings): Breakers {
  const windows = new Map<string, AttemptsWindow>()
  /** By bot for all, by bot and caller for one. */
  const restUntil = new Map<string, number>()
  let seen = -1

  function windowOf(bot: string): AttemptsWindow {
    const known = windows.get(bot) ?? new AttemptsWindow(failures, Math.max(longestWindowMs, 2 * restMs))
    windows.set(bot, known)
    return known
  }

  async function open(id: string): Promise<void> {
    const until = store.now() + restMs
    restUntil.set(id, until)
    await store.records.put(kind, id, { until })
  }

  async function close(id: string): Promise<boolean> {
    if (!restUntil.delete(id)) return false
    await store.records.delete(kind, id)
    return true
  }

  return {
    check: (bot, caller) => {
      const waitMs = Math.max(restUntil.get(bot) ?? 0, restUntil.get(idOf(bot, caller)) ?? 0) - store.now()
      if (waitMs <= 0) return
      throw new RetrofitError('circuit_open', {
        detail: `The target of ${bot} is down: ${failures} attempts failed.`,
        retryAfterMs: waitMs
      })
    },
    failed: async (bot, caller) => {
      const window = windowOf(bot)
      const id = idOf(bot, caller)
      window.add({ caller: id, at: store.now(), down: true })
      if (window.isDownForAll) await open(bot)
      else if (window.isDownFor(id)) await open(id)
    },
    succeeded: async (bot, caller) => {
      const window = windows.get(bot)
      // Nothing to do for nearly all.
      if (window === undefined && restUntil.size === 0) return
      const id = idOf(bot, caller)
      window?.add({ caller: id, at: store.now(), down: false })
      const [wasForAll, wasForOne] = await Promise.all([close(bot), close(id)])
      if (wasForAll || wasForOne || window?.isQuiet) windows.delete(bot)
    },
    refresh: async () => {
      const stamp = await store.records.stamp(kind)
      if (stamp === seen) return
      const rows = await store.records.list(kind)
      restUntil.clear()
      for (const { id, value } of rows) {
        if (untilOf(value) < store.now() - keptMs) await store.records.delete(kind, id)
        else restUntil.set(id, untilOf(value))
      }
      seen = stamp
    }
  }
}
