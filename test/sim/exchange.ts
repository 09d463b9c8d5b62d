/** One call of a process to a port: it leaves, takes effect somewhere, and its answer comes back, or any of these goes wrong. */
import { crash, pause, replace, stop } from './processes.ts'
import type { SimProcess, World } from './world.ts'

const fates = ['lost', 'answer_lost', 'late', 'refused', 'twice'] as const
type Fate = (typeof fates)[number] | 'good'

const never: Promise<never> = new Promise(() => undefined)

/** `work` is what happens in the ledger or the queue, at one moment. */
export function exchange<T>(world: World, process: SimProcess, name: string, work: () => T): Promise<T> {
  if (!process.alive) return never
  const fault = faultNow(world, process)
  if (fault === 'crash_before') {
    crash(world, process, `before ${name}`)
    return never
  }
  const sent = send(world, process, { name, work, fate: fateOf(world, name) })
  if (fault === 'crash_after') crash(world, process, `after ${name} left`)
  return sent
}

function faultNow(world: World, process: SimProcess): string | undefined {
  process.calls++
  if (world.calm || process.faults.length === 0) return undefined
  const at = process.faults.findIndex(({ atCall }) => atCall === process.calls)
  const [fault] = at < 0 ? [] : process.faults.splice(at, 1)
  if (fault?.kind === 'pause') pause(world, process, fault.forMs)
  if (fault?.kind === 'replaced') replace(world, process, fault.forMs)
  if (fault?.kind === 'stop') stop(world, process)
  return fault?.kind
}

function fateOf(world: World, name: string): Fate {
  const { outage } = world.plan
  const { now } = world.scheduler
  const away =
    outage !== undefined &&
    now >= outage.fromMs &&
    now < outage.untilMs &&
    (outage.of === 'queue') === queueCalls.has(name.split(' ', 1)[0] ?? '')
  if (away) return world.random.chance(0.5) ? 'refused' : 'lost'
  return world.mishap(world.plan.callFaults) ? world.random.pick(fates) : 'good'
}

const queueCalls = new Set(['publish', 'ack'])

/** Most calls are quick, so that much happens within the same millisecond. */
export function latencyMs({ random, plan, calm }: World): number {
  if (!calm && random.chance(plan.slow)) return random.between(5, 800)
  return random.between(0.05, 1.5)
}

interface Sent<T> {
  readonly name: string
  readonly work: () => T
  readonly fate: Fate
}

function send<T>(world: World, process: SimProcess, { name, work, fate }: Sent<T>): Promise<T> {
  const { scheduler, random } = world
  const there = latencyMs(world)
  const limitMs = random.between(20, 2_000)
  if (fate !== 'good') {
    world.count(`call ${fate}`)
    world.say(() => `${name}: ${fate}, time-out after ${limitMs.toFixed(0)} ms`)
  }
  return new Promise((resolve, reject) => {
    const timeOut = (afterMs: number) => scheduler.after(afterMs, process, () => reject(new Error(`${name}: ${fate} (simulated)`)))
    const apply = (afterMs: number, then: (value: T) => void) => scheduler.after(afterMs, undefined, () => then(work()))
    if (fate === 'refused') timeOut(there)
    else if (fate === 'lost') timeOut(limitMs)
    else if (fate === 'answer_lost') apply(there, () => timeOut(limitMs))
    else if (fate === 'late') {
      timeOut(limitMs)
      apply(limitMs + random.between(0, 5_000), () => undefined)
    } else {
      if (fate === 'twice') apply(there + random.between(0, 3_000), () => undefined)
      apply(there, value => scheduler.after(latencyMs(world), process, () => resolve(value)))
    }
  })
}
