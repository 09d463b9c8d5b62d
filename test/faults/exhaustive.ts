/** Every named moment once, in one world. */
import { seededRandom } from '../e2e/seeded-random.ts'
import { check, type Verdict } from './checker.ts'
import { openDriver } from './driver.ts'
import { momentTrial, type Trial } from './moment-trial.ts'
import { type Moment, momentNames } from './moments.ts'
import { openWorld, type WorldOptions } from './world.ts'

export interface Exhaustive {
  readonly trials: readonly Trial[]
  readonly verdict: Verdict
  readonly residue: readonly string[]
}

/** No adapter is at work yet, or it has answered and is gone: what happens then is the same for each of them. */
const beforeAndAfter = /^(A\d|W[123]|W13|G1)$/

/**
 * Echo is its own target: between its marker and its effect is no moment at which it could be told from outside. The moments that no
 * adapter knows of are played with echo; `MOMENTS=all` plays them with each.
 */
export const momentsOf = ({ adapter }: WorldOptions): readonly Moment[] =>
  momentNames.filter(moment => (adapter === 'echo' ? moment !== 'W9' : process.env.MOMENTS === 'all' || !beforeAndAfter.test(moment)))

/** A trial that missed its moment proves nothing, so it is made again; what it did is judged with the rest. */
async function untilHit(make: () => Promise<Trial>): Promise<Trial> {
  for (let tries = 1; ; tries++) {
    const trial = await make()
    if (trial.hit || tries === 5) return trial
  }
}

export async function killAtEveryMoment(options: WorldOptions, seed: number): Promise<Exhaustive> {
  const world = await openWorld(options)
  const driver = openDriver(world, seededRandom(seed))
  try {
    const trials: Trial[] = []
    for (const moment of momentsOf(options)) trials.push(await untilHit(() => momentTrial(world, driver, moment)))
    const verdict = await check(world, driver, { patienceMs: 120_000 })
    return { trials, verdict, residue: await world.residue() }
  } finally {
    driver.close()
    await world.close()
  }
}
