/**
 * A target that is down gets a rest: calls are refused before they are accepted. Only failures of the target count, and one caller's
 * close it for that caller alone: nobody can take a target away from the others. Shared by all processes through the store.
 */
import { canonicalJson } from '../core/canonical-json.ts'
import { RetrofitError } from '../core/errors.ts'
import { randomText } from '../core/ids.ts'
import type { Store } from '../core/ports.ts'
import type { Caller } from '../core/types.ts'
import { AttemptsWindow } from './attempts-window.ts'

/** A run knows its caller too. */
type ByCaller = Pick<Caller, 'tenant' | 'clientId'>

export interface Breakers {
  /**
   * Rejects with circuit_open while the bot's target rests, for all or for this caller. After its rest one call at a time tries whether it
   * is back: that one gets a trial, to be released when the call has begun nothing.
   */
  check(bot: string, caller: ByCaller): Promise<Trial | undefined>
  /** An attempt failed because the target is down. */
  failed(bot: string, caller: ByCaller): Promise<void>
  /** The target answered as it should. */
  succeeded(bot: string, caller: ByCaller): Promise<void>
  /** Reads what other processes wrote. */
  refresh(): Promise<void>
}

export interface Trial {
  release(): Promise<void>
}

export interface BreakerSettings {
  /** Failures of the target that open it, when at least as many of the last attempts failed as did not. */
  readonly failures: number
  readonly restMs: number
}

/** Until somebody's success ends it: when its time is over, only trials come through. */
interface Rest {
  readonly until: number
  /** The caller that failed last: others try before it. */
  readonly failed?: string | undefined
}

const kind = 'breaker'
const longestWindowMs = 600_000
/** A rest that nobody's success has ended. */
const keptMs = 3_600_000
/** Between two questions whether the trial of somebody else is over. */
const trialPollMs = 1_000
const idOf = (bot: string, { tenant, clientId }: ByCaller): string => canonicalJson([bot, tenant, clientId])
const restOf = (value: unknown): Rest => {
  const { until = 0, failed } = (value ?? {}) as Partial<Rest>
  return { until: Number(until), failed }
}

export function createBreakers(store: Store, { failures, restMs }: BreakerSettings): Breakers {
  const windows = new Map<string, AttemptsWindow>()
  /** By bot for all, by bot and caller for one. */
  let rests = new Map<string, Rest>()
  let seen = -1

  function windowOf(bot: string): AttemptsWindow {
    const known = windows.get(bot) ?? new AttemptsWindow(failures, Math.max(longestWindowMs, 2 * restMs))
    windows.set(bot, known)
    return known
  }

  async function open(id: string, failed: string): Promise<void> {
    const rest = { until: store.now() + restMs, failed }
    rests.set(id, rest)
    await store.records.put(kind, id, rest)
  }

  async function close(id: string): Promise<boolean> {
    if (!rests.delete(id)) return false
    await store.records.delete(kind, id)
    return true
  }

  function refuse(bot: string, retryAfterMs: number): never {
    throw new RetrofitError('circuit_open', { detail: `The target of ${bot} is down: ${failures} attempts failed.`, retryAfterMs })
  }

  /** In the ledger, so that one call of all processes tries; a trial that says nothing about the target is over after as long as a rest. */
  async function tryOut(id: string, { until }: Rest): Promise<Trial | undefined> {
    const slot = { name: `breaker ${id} ${until}`, holder: randomText(12) }
    const isFirst = await store.acquireSlot({ ...slot, limit: 1, untilMs: store.now() + restMs })
    return isFirst ? { release: () => store.releaseSlot(slot) } : undefined
  }

  async function admit(bot: string, id: string, caller: string): Promise<Trial | undefined> {
    const rest = rests.get(id)
    if (rest === undefined) return undefined
    const now = store.now()
    if (rest.until > now) return refuse(bot, rest.until - now)
    const othersFirst = id === bot && rest.failed === caller && now < rest.until + restMs
    if (othersFirst) return refuse(bot, rest.until + restMs - now)
    return (await tryOut(id, rest)) ?? refuse(bot, Math.min(restMs, trialPollMs))
  }

  /** A target that rests has a count of its own: one failure after its time begins another rest. */
  async function failedInRest(id: string, caller: string): Promise<boolean> {
    const rest = rests.get(id)
    if (rest !== undefined && rest.until <= store.now()) await open(id, caller)
    return rest !== undefined
  }

  return {
    check: async (bot, caller) => {
      const id = idOf(bot, caller)
      const trials = [await admit(bot, bot, id)]
      trials.push(
        await admit(bot, id, id).catch(async error => {
          await trials[0]?.release()
          throw error
        })
      )
      const held = trials.filter(trial => trial !== undefined)
      return held.length === 0 ? undefined : { release: async () => void (await Promise.all(held.map(trial => trial.release()))) }
    },
    failed: async (bot, caller) => {
      const id = idOf(bot, caller)
      const rested = [await failedInRest(bot, id), await failedInRest(id, id)]
      if (rested.includes(true)) return
      const window = windowOf(bot)
      window.add({ caller: id, at: store.now(), down: true })
      if (window.isDownForAll) {
        windows.delete(bot)
        await open(bot, id)
      } else if (window.isDownFor(id)) {
        window.forget(id)
        await open(id, id)
      }
    },
    succeeded: async (bot, caller) => {
      const window = windows.get(bot)
      // Nothing to do for nearly all.
      if (window === undefined && rests.size === 0) return
      const id = idOf(bot, caller)
      window?.add({ caller: id, at: store.now(), down: false })
      const [wasForAll] = await Promise.all([close(bot), close(id)])
      if (wasForAll || window?.isQuiet) windows.delete(bot)
    },
    refresh: async () => {
      const stamp = await store.records.stamp(kind)
      if (stamp === seen) return
      const before = rests
      rests = new Map()
      for (const { id, value } of await store.records.list(kind)) {
        const rest = restOf(value)
        if (rest.until < store.now() - keptMs) await store.records.delete(kind, id)
        else rests.set(id, rest)
      }
      // Opened or closed elsewhere: what was counted here before that is old.
      for (const id of new Set([...before.keys(), ...rests.keys()])) if (before.has(id) !== rests.has(id)) windows.delete(id)
      seen = stamp
    }
  }
}
