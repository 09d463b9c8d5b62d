/** `npm run faults -- --load`: faults while many call; then every run that was accepted is looked at. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, hasEnded, type RunView } from '../e2e/client.ts'
import { seededRandom } from '../e2e/seeded-random.ts'
import type { OwnServers } from './fault.ts'
import { type Accepted, drive, type LoadLog } from './load-driver.ts'
import { openOwnServers } from './own-servers.ts'
import { type Mode, openWorld, type World } from './world.ts'

export interface LoadOrder {
  readonly mode: Mode
  readonly perSecond: number
  readonly seconds: number
  readonly everySeconds: number
  readonly outageSeconds: number
  readonly seed: number
  readonly say: (text: string) => void
}

export interface LoadResult {
  readonly mode: Mode
  readonly accepted: number
  readonly acceptedPerSecond: number
  readonly acceptMs: { readonly p50: number; readonly p99: number; readonly most: number }
  readonly statuses: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  /** From the broker's return to the end of the last run that was accepted before it. */
  readonly drainedS: number | undefined
  readonly ended: Readonly<Record<string, number>>
  readonly effects: number
  readonly wrong: readonly string[]
}

interface Scene {
  readonly world: World
  readonly own: OwnServers | undefined
  readonly random: () => number
}

const one = <T>(all: readonly T[], random: () => number): T => all[Math.floor(random() * all.length)] as T

const stopFor =
  (ms: number) =>
  async ({ world, random }: Scene) => {
    const part = one(world.workers, random)
    part.signal('SIGSTOP')
    await sleep(ms)
    part.signal('SIGCONT')
  }

const everywhere: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  'kill of a worker': ({ world, random }) => one(world.workers, random).kill(),
  'stop for 2 s': stopFor(2_000),
  'target answers 500 after applying': async ({ world }) => world.target.faults?.({ failAfterApply: true, times: 20 }),
  'kill at the commit marker': async ({ world, random }) => one(world.workers, random).arm('W8:kill:1'),
  'target drops connections': async ({ world }) => world.target.faults?.({ dropConnection: 'after', times: 20 })
}

const distributed: typeof everywhere = {
  ...everywhere,
  'kill of a gateway': ({ world, random }) => one(world.gateways, random).kill(),
  'lines reset': async ({ own }) => own?.lines.cut(),
  'kill of RabbitMQ': async ({ own }) => own?.rabbit?.restart(),
  'kill of Redis': async ({ own }) => own?.redis.restart()
}

/** As many, and as long, as the outage makes wait. */
const roomy = (source: string): string =>
  source
    .replace('\ntarget:\n', '\ntarget:\n  waiting: 1000000\n')
    .replace('timeouts: { run: 30s }', 'timeouts: { run: 30s, queue: 10m }')
    .replaceAll('    commit: true\n    delay', '    commit: true\n    timeouts: { queue: 10m }\n    delay')

export async function underSteadyLoad(order: LoadOrder): Promise<LoadResult> {
  const { mode, seconds, perSecond, seed, say } = order
  const own = mode === 'distributed' ? await openOwnServers() : undefined
  const parts = mode === 'distributed' ? { gateways: 3, workers: 3 } : {}
  const random = seededRandom(seed)
  const world = await openWorld({
    mode,
    adapter: 'soap',
    beside: ['echo'],
    manifest: roomy,
    // As in production: the usual lease.
    env: { LEASE_MS: '10000', SWEEP_MS: '1000' },
    ...parts,
    ...(own && { servers: own.lines.servers })
  })
  try {
    const scene = { world, own, random }
    const driving = drive(world, { perSecond, seconds, random: seededRandom(seed + 1) })
    const made = await disturb(scene, order)
    const log = await driving
    say(`\n${log.accepted.length} accepted; looking at each\n`)
    await world.ready()
    return await resultOf({ order, world, log, ...made })
  } finally {
    await world.close()
    await own?.close()
  }
}

interface Made {
  readonly faults: Readonly<Record<string, number>>
  readonly brokerBackAt: number | undefined
}

/** A fault every so many seconds; in the middle the broker is away for long. */
async function disturb(scene: Scene, { mode, seconds, everySeconds, outageSeconds, say }: LoadOrder): Promise<Made> {
  const kinds = Object.entries(mode === 'distributed' ? distributed : everywhere)
  const faults: Record<string, number> = {}
  const begun = Date.now()
  const making: Promise<unknown>[] = []
  let brokerBackAt: number | undefined
  for (let count = 0; Date.now() < begun + (seconds - everySeconds) * 1_000; count++) {
    await sleep(everySeconds * 1_000)
    const isHalf = brokerBackAt === undefined && Date.now() > begun + seconds * 300
    if (scene.own !== undefined && outageSeconds > 0 && isHalf) {
      say(`\nthe broker is away for ${outageSeconds} s\n`)
      await scene.own.rabbit?.kill()
      await sleep(outageSeconds * 1_000)
      await scene.own.rabbit?.restart()
      brokerBackAt = Date.now()
      faults['broker away'] = 1
      continue
    }
    const [name, make] = kinds[count % kinds.length] as (typeof kinds)[number]
    say(`\r${Math.round((Date.now() - begun) / 1_000)} s: ${name}                    `)
    faults[name] = (faults[name] ?? 0) + 1
    making.push(make(scene).catch(error => say(`\n${name}: ${(error as Error).message}\n`)))
  }
  await Promise.all(making)
  return { faults, brokerBackAt }
}

interface Looking extends Made {
  readonly order: LoadOrder
  readonly world: World
  readonly log: LoadLog
}

type Ended = RunView & { readonly endedAt?: string }

async function resultOf({ order, world, log, faults, brokerBackAt }: Looking): Promise<LoadResult> {
  const runs = await runsOf(world, log)
  const effects = effectsOf(world)
  const statuses = Object.fromEntries([...log.statuses].sort(([a], [b]) => (a < b ? -1 : 1)))
  const waited = log.accepted.filter(({ at }) => brokerBackAt !== undefined && at < brokerBackAt)
  const ends = waited.map(({ runId }) => Date.parse(runs.get(runId)?.endedAt ?? ''))
  const ended: Record<string, number> = {}
  for (const { status, effect } of runs.values()) ended[`${status}/${effect}`] = (ended[`${status}/${effect}`] ?? 0) + 1
  return {
    mode: order.mode,
    accepted: log.accepted.length,
    acceptedPerSecond: Math.round(log.accepted.length / order.seconds),
    acceptMs: quantiles(log.tookMs),
    statuses,
    faults,
    drainedS:
      brokerBackAt === undefined ? undefined : Math.round((ends.reduce((most, at) => Math.max(most, at), 0) - brokerBackAt) / 1_000),
    ended,
    effects: [...effects.values()].reduce((sum, count) => sum + count, 0),
    wrong: wrongOf({ log, runs, effects })
  }
}

function quantiles(all: readonly number[]): LoadResult['acceptMs'] {
  const sorted = [...all].sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { p50: at(0.5), p99: at(0.99), most: at(1) }
}

const atOnce = 16
/** For a backlog that this machine may take long for. */
const endMs = 900_000
/** One in so many tells how far the line has come: whoever asks for all slows it down. */
const sampled = 50

async function runsOf(world: World, { accepted }: LoadLog): Promise<ReadonlyMap<string, Ended>> {
  const found = new Map<string, Ended>()
  const clients = world.gateways.map(({ url }) => createClient(() => url, world.adminKey))
  const until = Date.now() + endMs
  const lookAt = async (some: readonly Accepted[], lookers: number) => {
    const rest = some.toReversed()
    const look = async (index: number) => {
      const client = clients[index % clients.length] as (typeof clients)[number]
      for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
        const run = await client.run(next.runId).catch(() => undefined)
        if (run !== undefined) found.set(next.runId, run)
        if ((run !== undefined && hasEnded(run)) || Date.now() > until) continue
        rest.push(next)
        await sleep(500)
      }
    }
    await Promise.all(Array.from({ length: lookers }, (_, index) => look(index)))
  }
  await lookAt(
    accepted.filter((_, index) => index % sampled === 0),
    2
  )
  await lookAt(accepted, atOnce)
  return found
}

function effectsOf({ target, beside }: World): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const { reference, appliedAt } of [target, ...beside].flatMap(each => each.effects()))
    if (appliedAt !== null) counts.set(reference, (counts.get(reference) ?? 0) + 1)
  return counts
}

interface Evidence {
  readonly log: LoadLog
  readonly runs: ReadonlyMap<string, Ended>
  readonly effects: ReadonlyMap<string, number>
}

/** Not now; and the honest answer about a run that has ended so. */
const allowed = new Set(['503', '502 outcome_unknown'])

function wrongOf({ log, runs, effects }: Evidence): readonly string[] {
  const all = [...runs.values()]
  const known = new Set(all.map(({ reference }) => reference))
  const count = ({ reference }: RunView) => effects.get(reference) ?? 0
  const isNo = ({ status, effect }: RunView) => effect === 'none' && status !== 'completed'
  return [
    ...[...log.statuses]
      .filter(([status]) => /^5/.test(status) && !allowed.has(status))
      .map(([status, times]) => `5xx: ${times} answers with ${status}`),
    ...all.filter(run => count(run) > 1).map(run => `dup: ${run.runId} has ${count(run)} effects`),
    ...log.accepted.filter(({ runId }) => !runs.has(runId)).map(({ runId }) => `lost: ${runId} is gone`),
    ...all.filter(run => !hasEnded(run)).map(run => `lost: ${run.runId} is ${run.status} still`),
    ...all.filter(run => run.effect === 'committed' && count(run) === 0).map(run => `liarYes: ${run.runId} has no effect`),
    ...all.filter(run => isNo(run) && count(run) > 0).map(run => `liarNo: ${run.runId} has an effect`),
    ...[...effects.keys()].filter(reference => !known.has(reference)).map(reference => `phantom: ${reference}`),
    ...[...log.runsOf].filter(([, ids]) => ids.size > 1).map(([key, ids]) => `torn: ${key} has ${[...ids].join(', ')}`),
    ...(log.accepted.length < log.intents ? [`refused: ${log.intents - log.accepted.length} of ${log.intents} were never accepted`] : [])
  ]
}

const listOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ')

export const loadText = (result: LoadResult): string => `## Under load, ${result.mode}

${result.wrong.length === 0 ? 'HELD' : `BROKEN: ${result.wrong.slice(0, 20).join('; ')}`}. ${result.accepted} runs accepted, ${result.acceptedPerSecond} a second, half of them within ${result.acceptMs.p50} ms and 99 of 100 within ${result.acceptMs.p99} ms; ${result.effects} effects.${result.drainedS === undefined ? '' : ` All that was accepted before the broker came back had ended ${result.drainedS} s after it.`}

- Answers by status (0: no answer): ${listOf(result.statuses)}
- Faults: ${listOf(result.faults)}
- Runs: ${listOf(result.ended)}
`
