/** The clocks, timers and dice that the engine finds in its process belong to the world that runs now. Only the simulation's own process does this. */
import type { Random } from './random.ts'
import type { Owner, Scheduled, Scheduler } from './scheduler.ts'

export interface Stage {
  readonly scheduler: Scheduler
  readonly random: Random
}

/** Where virtual time begins, as Unix milliseconds. */
export const epochMs = 1_800_000_000_000

let stage: Stage | undefined

class Timer {
  scheduled: Scheduled | undefined
  unref(): this {
    return this
  }
  ref(): this {
    return this
  }
}

const live = (): Stage => {
  if (stage === undefined) throw new Error('a timer outside of a simulated world')
  return stage
}

/** As Node does it: below one and above 31 bits is one. */
const delayOf = (ms: number | undefined): number => (ms !== undefined && ms >= 1 && ms <= 2_147_483_647 ? ms : 1)

function setTimer(work: () => void, ms?: number): Timer {
  const { scheduler } = live()
  const timer = new Timer()
  timer.scheduled = scheduler.after(delayOf(ms), scheduler.current, work)
  return timer
}

/** Heartbeats of a world, by owner: what is left at its end was leaked. */
export const heartbeats = new Map<Timer, Owner | undefined>()

function setRepeating(work: () => void, ms?: number): Timer {
  const { scheduler } = live()
  const timer = new Timer()
  const owner = scheduler.current
  const again = () => {
    timer.scheduled = scheduler.after(delayOf(ms), owner, () => {
      again()
      work()
    })
  }
  again()
  heartbeats.set(timer, owner)
  return timer
}

function clear(timer: Timer | undefined): void {
  if (timer === undefined) return
  heartbeats.delete(timer)
  if (timer.scheduled !== undefined) timer.scheduled.run = undefined
}

const fakes = {
  setTimeout: setTimer,
  clearTimeout: clear,
  setInterval: setRepeating,
  clearInterval: clear,
  performance: { now: () => live().scheduler.now }
}

/** Puts the fakes in place while `work` runs. */
export function onStage<T>(next: Stage, work: () => T): T {
  const real = { setTimeout, clearTimeout, setInterval, clearInterval, performance }
  const dice = Math.random
  const wallClock = Date.now
  stage = next
  heartbeats.clear()
  replace(fakes)
  Math.random = () => next.random.next()
  Date.now = () => Math.floor(epochMs + next.scheduler.now + (next.scheduler.current?.skewMs ?? 0))
  try {
    return work()
  } finally {
    replace(real)
    Math.random = dice
    Date.now = wallClock
    stage = undefined
  }
}

function replace(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}
