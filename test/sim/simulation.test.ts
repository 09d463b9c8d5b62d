/**
 * The real engine in small simulated worlds; see `world.ts`. `SIM_SCHEDULES=1000000` plays a million,
 * `SIM_SEED=123` prints one world step by step.
 */
import { spawn } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { guards } from './guards.ts'

const { SIM_SCHEDULES = '25000', SIM_SEED } = process.env
const schedules = Number(SIM_SCHEDULES)
/** A bound for what never ends. */
const limitMs = 60_000 + schedules * 20

interface Played {
  readonly played: number
  readonly seconds: number
  readonly counts: Readonly<Record<string, number>>
  readonly violations: readonly { readonly seed: number; readonly invariant: string; readonly detail: string }[]
}

/** A world is garbage as soon as it is over: a young generation of this size holds many of them. */
const flags = ['--allow-natives-syntax', '--max-semi-space-size=64']

/** In a process of its own, whose clocks and timers are the simulation's. The last line is its answer. */
function sim(...args: readonly (string | number)[]): Promise<string> {
  const main = new URL('./main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [...flags, main, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => (code === 0 ? resolve(text.trimEnd()) : reject(new Error(`the simulation ended with ${code}: ${text}`))))
  })
}

const lastLine = (text: string): string => text.slice(text.lastIndexOf('\n') + 1)

/** Two processes share the seeds. */
async function playAll(): Promise<readonly Played[]> {
  const half = Math.ceil(schedules / 2)
  const texts = await Promise.all([sim('play', 1, half), sim('play', half + 1, schedules - half)])
  return texts.map(text => JSON.parse(lastLine(text)))
}

/** What must have happened often enough, so that a zero means something; for each 100,000 schedules. */
const power: Readonly<Record<string, number>> = {
  'crash while working/none': 1_000,
  'crash while working/unknown': 3_000,
  'pause while working/unknown': 3_000,
  'stop while working/none': 200,
  replaced: 3_000,
  'call answer_lost': 10_000,
  'call late': 10_000,
  'call lost': 10_000,
  'message lost': 10_000,
  'message doubled': 10_000,
  'target late': 1_000,
  'target hang': 1_000,
  'target nothing_sent': 1_000,
  probe: 10_000,
  retry: 5_000,
  'told late': 200,
  'lost twice': 100,
  'ended outcome_unknown/unknown': 2_000
}

if (SIM_SEED !== undefined) {
  test(`seed ${SIM_SEED}, step by step`, async () => {
    const text = await sim('trace', SIM_SEED)
    process.stdout.write(`${text}\n`)
    expect(JSON.parse(lastLine(text)).violations).toEqual([])
  })
} else {
  describe('the engine in simulated worlds', () => {
    test(
      `keeps its promise in ${schedules} schedules of crashes, pauses, delays, duplicates and lost answers`,
      async () => {
        const parts = await playAll()
        expect(parts.flatMap(({ violations }) => violations)).toEqual([])
        expect(parts.reduce((sum, { played }) => sum + played, 0)).toBe(schedules)
        for (const [name, least] of Object.entries(power)) {
          const happened = parts.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0)
          expect([name, happened >= (least * schedules) / 100_000]).toEqual([name, true])
        }
      },
      limitMs
    )

    test('a seed replays to the same step', async () => {
      const [one, two] = await Promise.all([sim('trace', 77), sim('trace', 77)])
      const steps = (text: string) => text.split('\n').slice(0, -1)
      expect(steps(one).length).toBeGreaterThan(10)
      expect(steps(one)).toEqual(steps(two))
    })

    test('every mutant is caught', async () => {
      const caught: Record<string, unknown> = JSON.parse(lastLine(await sim('mutants', 5_000)))
      expect(Object.keys(caught).length).toBeGreaterThan(12)
      expect(Object.entries(caught).filter(([, by]) => by === null)).toEqual([])
    })

    test('every guard of the engine is needed', async () => {
      const missed: string[] = []
      const open = guards.map((guard, index) => ({ guard, index }))
      const hunt = async () => {
        for (let next = open.shift(); next !== undefined; next = open.shift()) {
          const { violations }: Played = JSON.parse(lastLine(await sim('guard', next.index, 6_000)))
          if (violations.length === 0) missed.push(next.guard.name)
        }
      }
      await Promise.all([hunt(), hunt()])
      expect(missed).toEqual([])
    })
  })
}
