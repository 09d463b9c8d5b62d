/** For each mutant the fault that shows it, and the invariants that it may break. */
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../e2e/seeded-random.ts'
import type { RedisOptions } from '../setup/redis.ts'
import { check, type Invariant, invariants, type Verdict } from './checker.ts'
import { type Driver, type IntendOptions, openDriver } from './driver.ts'
import type { OwnServers } from './fault.ts'
import type { Moment } from './moments.ts'
import { type MutantName, mutantNames } from './mutants.ts'
import { openOwnServers } from './own-servers.ts'
import { stopTrial } from './pauses.ts'
import { canCutPower, cutPowerOf, cuttableRedis, powerCuts } from './power.ts'
import type { Variant } from './targets.ts'
import { openWorld, type Servers, type World, type WorldOptions } from './world.ts'

interface Challenge {
  readonly world: Pick<WorldOptions, 'mode' | 'adapter' | 'workers' | 'env'> & { readonly power?: true }
  readonly fault: (world: World, driver: Driver, own: OwnServers | undefined) => Promise<unknown>
  /** With servers of its own: how its Redis is started. */
  readonly own?: (sound: boolean) => RedisOptions
  readonly breaks: readonly Invariant[]
}

/** Its probe sees nothing yet. */
const lagging = { mode: 'embedded', adapter: 'soap', env: { RETROFIT_TEST_PROBE: 'absent' } } as const
const echo = { mode: 'embedded', adapter: 'echo' } as const
const soap = { mode: 'embedded', adapter: 'soap' } as const
/** A broken build may never answer. */
const waitMs = 5_000

const killedAt =
  (moment: Moment, options: IntendOptions = {}) =>
  async (world: World, driver: Driver) => {
    await world.arm(moment)
    return driver.intend('plain', { plain: true, waitMs, ...options })
  }
const called =
  (variant: Variant, options: IntendOptions = {}, faults?: object) =>
  async (world: World, driver: Driver) => {
    if (faults !== undefined) await world.target.faults?.(faults)
    return driver.intend(variant, { plain: true, waitMs, ...options })
  }

/** Several mutants have these; the sound program meets each of them once. */
const killedWhenApplied = killedAt('W10')
const killedWhileWaiting = killedAt('G1', { async: true })
const late = called('late')
const appliedThen500 = called('plain', {}, { failAfterApply: true, times: 1 })
const neverApplied = called('plain', {}, { failAfterApply: true, acceptWithoutApply: true, times: 1 })

/** The first run ends after the lines were cut; the second, which came after that, has been delivered when the worker dies. */
async function killedAfterReconnect(world: World, driver: Driver, own: OwnServers | undefined): Promise<void> {
  const statuses = async () => (await driver.client().runs()).map(({ status }) => status)
  const until = async (isSo: (statuses: readonly string[]) => boolean) => {
    for (const end = Date.now() + 20_000; Date.now() < end && !isSo(await statuses().catch(() => [])); ) await sleep(20)
  }
  const call = () => driver.intend('plain', { plain: true, async: true, waitMs: 2 * waitMs }).catch(() => undefined)
  await call()
  await world.target.faults?.({ delayMs: 6_000 })
  const first = call()
  await until(all => all.includes('working'))
  own?.lines.cut()
  await sleep(500)
  const second = call()
  await until(all => all.length === 3)
  await world.arm('W1', 'kill:2')
  await until(all => all.filter(status => status === 'completed').length > 1)
  await world.target.faults?.({ delayMs: 0 })
  await Promise.all([first, second])
}

export const challenges: Readonly<Record<MutantName, Challenge>> = {
  'no marker': { world: echo, fault: killedWhenApplied, breaks: ['dup'] },
  'marker not durable': { world: echo, fault: killedWhenApplied, breaks: ['dup'] },
  'marker after the effect': { world: echo, fault: killedWhenApplied, breaks: ['dup'] },
  'no fence': {
    world: { mode: 'distributed', adapter: 'echo', workers: 2 },
    fault: (world, driver) => stopTrial(world, driver, 'W6', 6_000),
    breaks: ['dup']
  },
  'runs again when the probe finds nothing': { world: lagging, fault: appliedThen500, breaks: ['dup'] },
  'probes at once and takes nothing for proof': { world: lagging, fault: appliedThen500, breaks: ['liarNo'] },
  'retries after the commit point': { world: echo, fault: late, breaks: ['dup'] },
  'deletes the run on an exception': { world: echo, fault: late, breaks: ['dup', 'phantom', 'torn'] },
  'acks before the claim': { world: echo, fault: killedAt('W2'), breaks: ['lost'] },
  'acks through a wrapper that reconnects': {
    world: { mode: 'distributed', adapter: 'soap' },
    own: () => ({}),
    fault: killedAfterReconnect,
    breaks: ['lost']
  },
  'publishes from memory': { world: echo, fault: killedWhileWaiting, breaks: ['lost'] },
  'answers before it is durable': { world: echo, fault: killedWhileWaiting, breaks: ['torn', 'lost'] },
  'fingerprint ignored': { world: echo, fault: called('plain', { plain: false, changed: true }), breaks: ['torn'] },
  'no gate': { world: echo, fault: called('plain', { copies: 5 }), breaks: ['dup', 'torn'] },
  'runs that have not ended expire': { world: { mode: 'distributed', adapter: 'echo' }, fault: killedAt('W2'), breaks: ['lost', 'torn'] },
  'says yes to any answer': { world: soap, fault: neverApplied, breaks: ['liarYes'] },
  'SQLite synced at checkpoints only': {
    world: { ...echo, power: true },
    fault: killedAt('A4', { async: true }),
    breaks: ['lost', 'torn']
  },
  'Redis synced once a second': {
    world: { mode: 'distributed', adapter: 'echo' },
    own: sound => ({ ...cuttableRedis(), appendfsync: sound ? 'always' : 'everysec' }),
    fault: async (world, driver, own) => {
      // Once a second all is on the disk.
      for (let times = 0; times < 3; times++) {
        await driver.intend('plain', { plain: true, waitMs })
        await cutPowerOf({ own, world })
      }
    },
    breaks: ['lost', 'torn', 'dup']
  },
  'a weak probe is trusted': { world: soap, fault: neverApplied, breaks: ['liarYes'] }
}

export interface Caught {
  readonly mutant: MutantName
  readonly breaks: readonly Invariant[]
  readonly caught: readonly string[]
}

/** What the campaign says of a mutant; of the sound program when there is none. */
export async function challenge(mutant: MutantName, servers: Servers, { sound = false } = {}): Promise<Caught> {
  const { world: chosen, own: wanted, fault, breaks } = challenges[mutant]
  const options = { ...chosen, ...(chosen.power && powerCuts()) }
  const own = wanted && (await openOwnServers(wanted(sound)))
  const env = { ...options.env, RETROFIT_TEST_MUTANT: sound ? '' : mutant }
  const world = await openWorld({ ...options, servers: own?.lines.servers ?? servers, env }).catch(async error => {
    await own?.close()
    throw error
  })
  const driver = openDriver(world, seededRandom(1))
  try {
    await fault(world, driver, own).catch(() => undefined)
    const verdict: Verdict = await check(world, driver, { patienceMs: sound ? 15_000 : 4_000 })
    return { mutant, breaks: invariants.filter(name => verdict[name].length > 0), caught: breaks.flatMap(name => verdict[name]) }
  } finally {
    driver.close()
    await world.close()
    await own?.close()
  }
}

/** They need a power cut. */
const powerless: readonly MutantName[] = ['SQLite synced at checkpoints only', 'Redis synced once a second']

/** Those that this machine can show: for a power cut it needs a C compiler. */
export const challenged = mutantNames.filter(name => canCutPower() || !powerless.includes(name))

/** One of those that have the same world and the same fault. */
function distinct(names: readonly MutantName[]): readonly MutantName[] {
  const sameAs = (name: MutantName, other: MutantName) =>
    challenges[name].fault === challenges[other].fault && JSON.stringify(challenges[name].world) === JSON.stringify(challenges[other].world)
  return names.filter((name, index) => !names.slice(0, index).some(other => sameAs(name, other)))
}

/** A few at a time; of the sound program one for each world and fault. */
export async function challengeAll(
  servers: Servers,
  { sound = false, atOnce = 4, done = (_: Caught) => {} } = {}
): Promise<readonly Caught[]> {
  const rest = [...(sound ? distinct(challenged) : challenged)]
  const found: Caught[] = []
  const next = async () => {
    for (let mutant = rest.shift(); mutant !== undefined; mutant = rest.shift()) {
      const caught = await challenge(mutant, servers, { sound })
      found.push(caught)
      done(caught)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, next))
  return found
}
