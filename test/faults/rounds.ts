/** One trial of each kind of fault. */
import { setTimeout as sleep } from 'node:timers/promises'
import { descendants } from '../e2e/processes.ts'
import type { Fault, Stage } from './fault.ts'
import { momentTrial, type Trial } from './moment-trial.ts'
import type { Moment } from './moments.ts'
import { blockTrial, stopTrial } from './pauses.ts'
import { underLoad } from './under-load.ts'

type Round = Fault['rounds'][number]

export const killedAt = (moment: Moment): Round => ({ moment, trial: ({ world, driver }) => momentTrial(world, driver, moment) })
export const stoppedAt = (moment: Moment): Round => ({ moment, trial: ({ world, driver }) => stopTrial(world, driver, moment) })
export const blockedAt = (moment: Moment): Round => ({ moment, trial: ({ world, driver }) => blockTrial(world, driver, moment) })
export const loaded = (moment: string, fault: (stage: Stage) => Promise<void>): Round => ({
  moment,
  trial: stage => underLoad(stage, moment, fault)
})

/** The target misbehaves on one effect; `lies` when it says yes and does nothing. */
export const misbehaves = (moment: string, faults: object, targetLies = false): Round => ({
  moment,
  trial: async ({ world, driver }) => {
    await world.target.faults?.(faults)
    world.note({ moment, deed: 'target' })
    const { runId, status } = await driver.intend('plain', { targetLies, waitMs: 60_000 })
    return { fault: 'target', moment, hit: true, runId, recoveredMs: undefined, answer: status }
  }
})

/** The browser dies, and the program does not. */
export const browserKilledOn = (moment: 'received' | 'applied'): Round => ({
  moment,
  trial: async ({ world, driver }): Promise<Trial> => {
    let killed = 0
    world.onEffect(moment, async () => {
      world.note({ moment, deed: 'kill of the browser' })
      for (const { pid } of world.workers.flatMap(part => descendants(part.pid))) {
        process.kill(pid, 'SIGKILL')
        killed++
      }
    })
    const from = Date.now()
    const { runId, status } = await driver.intend('plain')
    return { fault: 'browser', moment, hit: killed > 0, runId, recoveredMs: Date.now() - from, answer: status }
  }
})

export const serverDown =
  (name: 'redis' | 'rabbit', downMs: number) =>
  async ({ own }: Stage) => {
    await own?.[name].kill()
    await sleep(downMs)
    await own?.[name].restart()
  }

/** Every process in turn, gracefully, under load. */
export const rolling = async ({ world }: Stage) => {
  for (const part of world.parts) {
    await part.roll()
    await part.ready()
  }
}

export const clock =
  (offMs: number) =>
  async ({ world }: Stage) => {
    const [part] = world.workers
    await part?.roll({ RETROFIT_TEST_CLOCK_MS: String(offMs) })
    await part?.ready()
  }

/** The host comes back with another time. */
export const killedAndBehind = (moment: Moment): Round => ({
  moment: `${moment}, then ten minutes behind`,
  trial: async ({ world, driver }) => {
    for (const part of world.workers) part.next({ RETROFIT_TEST_CLOCK_MS: '-600000' })
    const trial = await momentTrial(world, driver, moment)
    for (const part of world.workers) await part.roll({})
    // The ledger's times and ours are not the same here.
    return { ...trial, recoveredMs: undefined, moment: `${moment}, then ten minutes behind` }
  }
})
