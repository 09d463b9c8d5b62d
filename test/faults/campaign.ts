/** Makes a fault as often as wanted, in several worlds at once, and has each world checked. */
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../e2e/seeded-random.ts'
import { check, violations } from './checker.ts'
import { openDriver } from './driver.ts'
import { keepEvidence } from './evidence.ts'
import type { Fault, OwnServers } from './fault.ts'
import type { Batch } from './figures.ts'
import type { Trial } from './moment-trial.ts'
import { openOwnServers } from './own-servers.ts'
import type { AdapterName } from './targets.ts'
import { type Mode, openWorld, type Servers } from './world.ts'

export interface Order {
  readonly fault: Fault
  readonly mode: Mode
  readonly adapter: AdapterName
  readonly hits: number
  readonly seed: number
  readonly lanes: number
  readonly servers: Servers | undefined
  /** No new trial then. */
  isOver(): boolean
  onTrial(trial: Trial): void
}

/** After so many trials a world is checked and another one opened: ledgers stay short. */
const trialsInWorld = 60

export async function carryOut(order: Order): Promise<readonly Batch[]> {
  let left = order.hits
  let lane = 0
  const take = (): number => {
    if (order.isOver()) return 0
    const share = Math.min(left, order.fault.fresh ? 1 : Math.min(trialsInWorld, Math.ceil(order.hits / order.lanes)))
    left -= share
    return share
  }
  const batches: Batch[] = []
  const work = async () => {
    for (let share = take(); share > 0; share = take()) batches.push(await inOneWorld(order, share, order.seed + 7919 * lane++))
  }
  await Promise.all(Array.from({ length: order.lanes }, work))
  return batches
}

async function inOneWorld(order: Order, count: number, seed: number): Promise<Batch> {
  const { fault, mode, adapter } = order
  const prepared = fault.prepare?.()
  const shared = fault.ownServers === 'redis' ? order.servers?.RABBITMQ_URL : undefined
  const own = fault.ownServers && (await openOwnServers(prepared?.redis, shared))
  const servers = own?.lines.servers ?? order.servers
  const apart = fault.apart ? own?.apart.servers : undefined
  const random = seededRandom(seed)
  const world = await openWorld({
    mode,
    adapter,
    ...fault.options,
    ...prepared?.options,
    ...(servers === undefined ? {} : { servers }),
    ...(apart === undefined ? {} : { apart })
  }).catch(async error => {
    await own?.close()
    prepared?.close?.()
    throw error
  })
  const driver = openDriver(world, random)
  try {
    const trials: Trial[] = []
    while (trials.length < count && !order.isOver()) trials.push(await oneTrial(order, { world, driver, random, own }))
    const verdict = await check(world, driver)
    // A message that no worker could take while the servers were away is tried again after five seconds at most.
    if (own !== undefined) await sleep(6_000)
    const residue = await world.residue()
    if (violations(verdict).length + residue.length > 0) process.stderr.write(`\n  kept in ${keepEvidence(world, verdict)}\n`)
    return { fault: fault.name, mode, adapter, trials, verdict, residue }
  } finally {
    driver.close()
    await world.close()
    await own?.close()
    prepared?.close?.()
  }
}

/** A trial that fails is one that did not hit; what it broke the checker finds. */
async function oneTrial(
  order: Order,
  stage: Parameters<Fault['rounds'][number]['trial']>[0] & { own: OwnServers | undefined }
): Promise<Trial> {
  const { rounds, name } = order.fault
  const round = rounds[counter.next(name) % rounds.length] as Fault['rounds'][number]
  const trial = await round.trial(stage).catch((error: Error): Trial => {
    stage.world.note({ moment: round.moment, deed: 'trial failed', why: error.message.slice(0, 300) })
    process.stderr.write(`\n${name} ${round.moment}: ${error.message.slice(0, 300)}\n${stage.world.output().slice(-1_500)}\n`)
    return { fault: name, moment: round.moment, hit: false, runId: undefined, recoveredMs: undefined, answer: 0 }
  })
  order.onTrial(trial)
  return trial
}

/** The rounds of a fault in their order, over all worlds. */
const counter = {
  counts: new Map<string, number>(),
  next(name: string): number {
    const count = this.counts.get(name) ?? 0
    this.counts.set(name, count + 1)
    return count
  }
}
