/**
 * `main.ts play <first seed> <schedules>` plays that many worlds, `main.ts trace <seed>` one and prints every step,
 * `main.ts mutants <most schedules>` each mutant until it is caught, `main.ts guard <number> <schedules>` plays without one of the
 * engine's guards. The last line is one object of JSON.
 */
import { guards, takeOut } from './guards.ts'
import type { Violation, World } from './world.ts'

const [command, ...numbers] = process.argv.slice(2)
const [first = 1, second = 1] = numbers.map(Number)
if (command === 'guard') {
  const guard = guards[first]
  if (guard === undefined) throw new Error(`there are ${guards.length} guards`)
  takeOut(guard)
}
const { simulate } = await import('./simulate.ts')
const { mutants } = await import('./mutants.ts')

type Found = Violation & { readonly seed: number }

/** So many violations are enough; of a broken engine the first one is. */
const most = command === 'guard' ? 1 : 20

/** A world drains its own microtasks, which V8 refuses inside of one: each batch is a turn of the event loop. */
const turn = (work: () => void): Promise<void> =>
  new Promise(resolve =>
    setImmediate(() => {
      work()
      setImmediate(resolve)
    })
  )

// Errors are part of the play, and their stacks are half of its cost.
Error.stackTraceLimit = 0

let current = 0
const unhandled: Found[] = []
process.on('unhandledRejection', reason => unhandled.push({ seed: current, invariant: 'unhandled', detail: String(reason) }))

async function play(first: number, schedules: number, trace?: (line: string) => void) {
  const begun = performance.now()
  const counts: Record<string, number> = {}
  const violations: Found[] = []
  let [played, steps] = [0, 0]
  const one = (seed: number) => {
    current = seed
    const world = simulate(seed, trace === undefined ? {} : { trace })
    played++
    steps += world.scheduler.steps
    for (const [name, count] of Object.entries(world.counts)) counts[name] = (counts[name] ?? 0) + count
    violations.push(...found(world))
  }
  for (let seed = first; seed < first + schedules && violations.length + unhandled.length < most; seed += 100)
    await turn(() => {
      for (let at = seed; at < Math.min(seed + 100, first + schedules) && violations.length < most; at++) one(at)
    })
  return { played, seconds: (performance.now() - begun) / 1_000, steps, counts, violations: [...violations, ...unhandled] }
}

const found = ({ seed, violations }: World): readonly Found[] => violations.map(violation => ({ seed, ...violation }))

/** For each mutant the schedules that it took to catch it, by an invariant that it breaks. */
async function hunt(schedules: number) {
  const caught: Record<string, { after: number; by: string; seed: number } | null> = {}
  for (const mutant of mutants) {
    caught[mutant.name] = null
    for (let seed = 1; seed <= schedules && caught[mutant.name] === null; seed++)
      await turn(() => {
        const shown = simulate(seed, { mutant }).violations.find(({ invariant }) => mutant.breaks.includes(invariant))
        if (shown !== undefined) caught[mutant.name] = { after: seed, by: `${shown.invariant}: ${shown.detail}`, seed }
      })
  }
  return caught
}

const commands: Readonly<Record<string, () => Promise<unknown>>> = {
  play: () => play(first, second),
  trace: () => play(first, 1, line => console.log(line)),
  mutants: () => hunt(first),
  guard: () => play(1, second)
}
console.log(JSON.stringify(await commands[command ?? 'play']?.()))
