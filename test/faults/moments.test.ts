import { describe, expect, test } from '@jest/globals'
import { violations } from './checker.ts'
import { type Exhaustive, killAtEveryMoment, momentsOf } from './exhaustive.ts'
import { ambiguous, type Moment, recovers } from './moments.ts'
import { adapterNames } from './targets.ts'
import { modes, type WorldOptions } from './world.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const servers = { REDIS_URL: process.env.TEST_REDIS_URL ?? '', RABBITMQ_URL: process.env.TEST_RABBITMQ_URL ?? '' }
/** The browser's worlds take minutes more and are asked for: MOMENTS=playwright. Killed workers may leave a browser's profile folder there. */
const asked = process.env.MOMENTS === 'playwright' ? adapterNames : adapterNames.filter(adapter => adapter !== 'playwright')
const worlds: readonly WorldOptions[] = modes.flatMap(mode => asked.map(adapter => ({ mode, adapter, servers })))

/** Several worlds at once: they mostly wait, for leases and for processes that start. */
const outcomes = new Map<WorldOptions, Promise<Exhaustive>>(worlds.map(world => [world, killAtEveryMoment(world, seed)]))
for (const outcome of outcomes.values()) outcome.catch(() => undefined)

describe(`kill -9 at every named moment (SEED=${seed})`, () => {
  test.each(worlds.map(world => [world.mode, world.adapter, world] as const))(
    '%s, %s: one effect at most, nothing lost, and before the marker all is as if nothing had been',
    async (_mode, _adapter, world) => {
      const { trials, verdict, residue } = (await outcomes.get(world)) as Exhaustive
      expect(violations(verdict)).toEqual([])
      expect(residue).toEqual([])
      expect(trials.filter(({ hit }) => !hit).map(({ moment }) => moment)).toEqual([])
      expect(trials.map(({ moment }) => moment)).toEqual(momentsOf(world))
      for (const { moment, runId = '' } of trials) {
        const run = verdict.runs.get(runId)
        if (recovers.has(moment as Moment)) expect([moment, run?.status, run?.effect]).toEqual([moment, 'completed', 'committed'])
        if (ambiguous.has(moment as Moment))
          expect([moment, ['completed', 'outcome_unknown'].includes(run?.status ?? '')]).toEqual([moment, true])
      }
    },
    600_000
  )
})
