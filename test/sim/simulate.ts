/** One world from its seed to its verdict. */
import { check, replay } from './checks.ts'
import { startClients } from './clients.ts'
import { onStage } from './globals.ts'
import type { Mutant } from './mutants.ts'
import { boot, calmDown } from './processes.ts'
import { World } from './world.ts'

/** Faults happen until then; then everything may come to rest. Virtual milliseconds. */
const troubledMs = 65_000
const restMs = 3 * 3_600_000
const mostSteps = 60_000

export function simulate(seed: number, options: { readonly mutant?: Mutant; readonly trace?: (line: string) => void } = {}): World {
  const { mutant, trace } = options
  const world = new World(seed, mutant?.plan ?? (plan => plan), trace)
  mutant?.open?.(world)
  onStage(world, () => play(world))
  return world
}

function play(world: World): void {
  world.plan.processes.forEach((roles, index) => {
    const faults = world.plan.faults.filter(({ process }) => process === index)
    boot(world, { index, name: `${roles.gateway ? 'g' : ''}${roles.worker ? 'w' : ''}${index}`, ...roles, faults: [...faults] })
  })
  const intents = startClients(world)
  advance(world, troubledMs, () => false)
  calmDown(world)
  advance(world, troubledMs + 1_000, () => false)
  advance(world, troubledMs + restMs, () => atRest(world))
  replay(world, intents)
  advance(world, world.scheduler.now + 60_000, () => false)
  advance(world, world.scheduler.now + restMs, () => atRest(world))
  check(world, intents)
}

function advance(world: World, until: number, done: () => boolean): void {
  const { scheduler } = world
  while (!done() && scheduler.step(until)) {
    if (scheduler.steps > mostSteps) {
      world.violated('restless', `more than ${mostSteps} steps`)
      return
    }
  }
  if (scheduler.nextAt > until && Number.isFinite(until)) scheduler.now = Math.max(scheduler.now, done() ? scheduler.now : until)
}

/** Nothing is on its way to a change: every run has ended, and no probe is to come. */
function atRest({ ledger }: World): boolean {
  for (const { status, dueAt, lease } of ledger.rows.values()) {
    if (lease !== undefined || status === 'queued' || status === 'working') return false
    if (status === 'outcome_unknown' && dueAt !== null) return false
  }
  return true
}
