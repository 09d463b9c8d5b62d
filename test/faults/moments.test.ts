import { describe, expect, test } from '@jest/globals'
import { Slots } from '../../adapters/playwright/slots.ts'
import { violations } from './checker.ts'
import { type Exhaustive, killAtEveryMoment, momentsOf } from './exhaustive.ts'
import { type Moment, recovers } from './moments.ts'
import { adapterNames } from './targets.ts'
import { modes, type WorldOptions } from './world.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const servers = { REDIS_URL: process.env.TEST_REDIS_URL ?? '', RABBITMQ_URL: process.env.TEST_RABBITMQ_URL ?? '' }
/** A busy machine stops a program for longer than the campaign's lease of a second, which would be another fault than the one that is meant. */
const env = { LEASE_MS: '6000' }
/** The browser's worlds take longest and begin first. */
const worlds: readonly WorldOptions[] = adapterNames.toReversed().flatMap(adapter => modes.map(mode => ({ mode, adapter, servers, env })))

/** Several worlds at once: they mostly wait, for leases and for processes that start. More of them only starve each other. */
const atOnce = 4
const places = new Slots(atOnce)
const outcomes = new Map<WorldOptions, Promise<Exhaustive>>(worlds.map(world => [world, inTurn(world)]))

async function inTurn(world: WorldOptions): Promise<Exhaustive> {
  await places.take(AbortSignal.timeout(850_000))
  return killAtEveryMoment(world, seed).finally(() => places.give())
}

for (const outcome of outcomes.values()) outcome.catch(() => undefined)

describe(`kill -9 at every named moment (SEED=${seed})`, () => {
  test.each(worlds.map(world => [world.mode, world.adapter, world] as const))(
    '%s, %s: one effect at most, nothing lost, and before the marker all is as if nothing had been',
    async (_mode, _adapter, world) => {
      const { trials, verdict, residue } = (await outcomes.get(world)) as Exhaustive
      expect(violations(verdict)).toEqual([])
      expect(residue).toEqual([])
      const missed = trials.filter(({ hit }) => !hit).map(({ moment, runId = '' }) => ({ moment, run: verdict.runs.get(runId) }))
      expect(missed).toEqual([])
      expect(trials.map(({ moment }) => moment)).toEqual(momentsOf(world))
      for (const { moment, runId = '' } of trials) {
        const run = verdict.runs.get(runId)
        const does = recovers(moment as Moment, world.mode)
        if (does) expect([moment, run?.status, run?.effect]).toEqual([moment, 'completed', 'committed'])
        // Its worker is dead: what it sent is there all the same.
        if (/^W([89]|1[01])$/.test(moment) && world.adapter !== 'echo')
          expect([moment, run?.artifacts.map(({ name }) => name)]).toEqual([
            moment,
            expect.arrayContaining([expect.stringMatching(/^request-\d+\.txt$/)])
          ])
        if (!does && /^W/.test(moment))
          expect([moment, ['completed', 'outcome_unknown'].includes(run?.status ?? '')]).toEqual([moment, true])
      }
    },
    900_000
  )
})
