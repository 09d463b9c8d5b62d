/**
 * Screens that sessions have pinned: each lives in one worker, which holds its lease. A run for it that another worker gets is handed
 * over; when the lease has run out, the screen is gone, and whoever comes next learns it.
 */
import { botKey } from '../core/bot-key.ts'
import { RetrofitError } from '../core/errors.ts'
import { randomText } from '../core/ids.ts'
import { type LongTimer, longTimer } from '../core/long-timer.ts'
import type { Action, Bot, Run, ScreenUse } from '../core/types.ts'
import type { Parts } from './parts.ts'
import { mostOf, overQuota } from './quotas.ts'

/** A screen while a run is on it. */
export interface Screen {
  readonly id: string
  readonly use: ScreenUse
  /** The attempt is over. */
  leave(keep: boolean): void
}

export interface Screens {
  /** The run's screen; `elsewhere`: another worker has it; `busy`: another run is on it. Throws what the run fails with. */
  enter(run: Run, bot: Bot, action: Action): Promise<Screen | 'elsewhere' | 'busy' | undefined>
  /** Whether it is here, and nothing is on it. */
  isFree(id: string): boolean
  /** Gives all back. */
  close(): Promise<void>
}

interface Held {
  readonly id: string
  readonly session: string
  readonly tenant: string
  readonly bot: Bot
  heartbeat: NodeJS.Timeout
  idle: LongTimer | undefined
  inUse: boolean
}

/** The limit of a bot whose target sets none. */
const mostScreens = 4

export const screenIdOf = ({ session, bot }: Run): string => `${session}/${bot}`

export function createScreens(parts: Parts): Screens {
  const { store, settings, telemetry } = parts
  const me = `${settings.worker}/${randomText(8)}`
  const held = new Map<string, Held>()
  /** Being given back: its lease must not be taken anew by this worker before that is done. */
  const leaving = new Map<string, Promise<void>>()
  const entering = new Set<string>()
  const until = () => store.now() + settings.leaseMs
  const own = (id: string) => ({ name: `screen/${id}`, holder: me })
  const place = ({ id, bot }: Pick<Held, 'id' | 'bot'>) => ({ name: `screens/${botKey(bot.name, bot.tenant)}`, holder: id })
  const lease = (id: string) => store.acquireSlot({ ...own(id), limit: 1, untilMs: until() })
  const placed = (one: Pick<Held, 'id' | 'bot'>) =>
    store.acquireSlot({ ...place(one), limit: one.bot.target.concurrency ?? mostScreens, untilMs: until() })

  const ofTenant = ({ id, tenant }: Pick<Held, 'id' | 'tenant'>) => ({ name: `screens-of/${tenant}`, holder: id })
  const counted = async (one: Pick<Held, 'id' | 'tenant'>) =>
    !Number.isFinite(mostOf(settings, 'screens')) ||
    (await store.acquireSlot({ ...ofTenant(one), limit: mostOf(settings, 'screens'), untilMs: until() }))
  const refused = async (one: Held): Promise<RetrofitError | undefined> => {
    if (!(await counted(one))) return overQuota(settings, 'screens')
    return (await placed(one)) ? undefined : full(one.bot)
  }

  function drop(one: Held): Promise<void> {
    if (held.get(one.id) !== one) return leaving.get(one.id) ?? Promise.resolve()
    held.delete(one.id)
    clearInterval(one.heartbeat)
    one.idle?.clear()
    const left = giveBack(one).finally(() => leaving.delete(one.id))
    leaving.set(one.id, left)
    return left
  }

  async function giveBack(one: Held): Promise<void> {
    await parts.adapters[one.bot.adapter]
      ?.closeScreen?.(one.id)
      .catch(error => telemetry.log.warn({ err: error }, 'a screen did not close'))
    await Promise.allSettled([own(one.id), place(one), ofTenant(one)].map(slot => store.releaseSlot(slot)))
  }

  /** A lease that is lost, or a session that has ended, takes the screen with it. */
  async function beat(one: Held): Promise<void> {
    const isMine = (await lease(one.id)) && (await placed(one)) && (await counted(one))
    if (!isMine || (!one.inUse && (await store.sessions.get(one.session)) === undefined)) await drop(one)
  }

  async function open(run: Run, bot: Bot): Promise<Held> {
    const id = screenIdOf(run)
    const one: Held = {
      id,
      session: run.session ?? '',
      tenant: run.tenant,
      bot,
      idle: undefined,
      inUse: false,
      heartbeat: undefined as unknown as NodeJS.Timeout
    }
    const refusal = await refused(one)
    if (refusal !== undefined) {
      await Promise.all([own(id), place(one), ofTenant(one)].map(slot => store.releaseSlot(slot)))
      throw refusal
    }
    const failed = (error: unknown) => telemetry.log.warn({ err: error }, 'the lease of a screen could not be renewed')
    one.heartbeat = setInterval(() => void beat(one).catch(failed), settings.leaseMs / 3)
    held.set(id, one)
    return one
  }

  function inUse(one: Held, use: ScreenUse): Screen {
    one.inUse = true
    one.idle?.clear()
    return {
      id: one.id,
      use,
      leave: keep => {
        one.inUse = false
        if (!keep) void drop(one)
        else one.idle = longTimer(() => void drop(one), one.bot.target.screenIdleMs ?? defaultIdleMs)
      }
    }
  }

  async function entered(run: Run, bot: Bot, use: ScreenUse): Promise<Screen | 'elsewhere'> {
    const id = screenIdOf(run)
    await leaving.get(id)
    const known = held.get(id)
    if (!(await lease(id))) {
      if (known !== undefined) await drop(known)
      return 'elsewhere'
    }
    if (known !== undefined && held.get(id) === known) return inUse(known, use)
    if (use === 'pinned') return inUse(await open(run, bot), use)
    await store.releaseSlot(own(id))
    throw gone(bot)
  }

  return {
    isFree: id => held.get(id)?.inUse === false && !entering.has(id),
    async enter(run, bot, action) {
      const use = action.session?.screen
      const id = screenIdOf(run)
      if (use === undefined) return undefined
      if (entering.has(id) || held.get(id)?.inUse) return 'busy'
      entering.add(id)
      return entered(run, bot, use).finally(() => entering.delete(id))
    },
    close: async () => {
      await Promise.all([...[...held.values()].map(drop), ...leaving.values()])
    }
  }
}

const defaultIdleMs = 120_000

/** Names the actions that a wizard can be begun with. */
function gone({ actions }: Bot): RetrofitError {
  const first = actions.filter(({ session }) => session?.screen === 'pinned').map(({ name }) => name)
  return new RetrofitError('screen_gone', {
    detail: 'The session has no screen here: it was idle too long, its worker stopped, or nothing opened one.',
    hint: `Begin again with ${first.join(' or ')} in the same session, and enter everything anew.`
  })
}

const full = (bot: Bot): RetrofitError =>
  new RetrofitError('screens_full', { detail: `Sessions have pinned all ${bot.target.concurrency ?? mostScreens} screens of ${bot.name}.` })
