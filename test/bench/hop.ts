/** The hop: an echo action through both deployments, against the same hop written by hand, in turns. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRabbit, startRedis } from '../setup/services.ts'
import { median, printTable, progress, rounded, spread } from './figures.ts'
import { type Program, runToJson, startProgram } from './program.ts'
import { adminKey, ownBots, startOurs } from './start-ours.ts'

interface Load {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly perSecond: number
  readonly failures: Readonly<Record<string, number>>
}

export interface BenchOptions {
  readonly rounds: number
  readonly seconds: number
  readonly concurrencies: readonly number[]
  /** Only this deployment, where a benchmark has both. */
  readonly mode?: string | undefined
  /** The whole of a public function set and its answers, in place of the part that is here. */
  readonly functions?: string | undefined
  readonly answers?: string | undefined
}

const here = import.meta.dirname

interface Contender {
  readonly name: 'floor' | 'retrofit'
  readonly url: string
}

interface Deployment {
  readonly contenders: readonly Contender[]
  stop(): Promise<void>
}

export async function benchHop(options: BenchOptions): Promise<object> {
  const results: Record<string, object> = {}
  for (const [kind, open] of Object.entries({ embedded: openEmbedded, distributed: openDistributed })) {
    if (options.mode !== undefined && options.mode !== kind) continue
    const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
    const deployment = await open(folder)
    try {
      results[kind] = await compare(kind, deployment, options)
    } finally {
      await deployment.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return results
}

async function compare(kind: string, { contenders }: Deployment, { rounds, seconds, concurrencies }: BenchOptions): Promise<object> {
  const rows: object[] = []
  const table: (string | number)[][] = []
  for (const concurrency of concurrencies) {
    const loads = await inTurns(contenders, { rounds, run: one => load(one, concurrency, seconds), label: `${kind} c=${concurrency}` })
    const floor = summary(loads.floor)
    const ours = summary(loads.retrofit)
    const ratio = { p50: rounded(ours.p50 / floor.p50), perSecond: rounded(ours.perSecond / floor.perSecond) }
    rows.push({ concurrency, floor, retrofit: ours, ratio })
    for (const [name, figures] of [
      ['floor', floor],
      ['retrofit', ours]
    ] as const) {
      table.push([`c=${concurrency} ${name}`, figures.p50, figures.p95, figures.p99, figures.perSecond, figures.spread])
    }
    table.push([`c=${concurrency} ratio`, ratio.p50, '', '', ratio.perSecond, ''])
  }
  printTable(
    `Hop, ${kind} (milliseconds; median of ${rounds} rounds; spread = slowest over fastest p50)`,
    ['', 'p50', 'p95', 'p99', 'per s', 'spread'],
    table
  )
  return rows
}

interface Turns {
  readonly rounds: number
  readonly label: string
  run(contender: Contender): Promise<Load>
}

async function inTurns(contenders: readonly Contender[], { rounds, run, label }: Turns): Promise<{ floor: Load[]; retrofit: Load[] }> {
  const loads = { floor: [] as Load[], retrofit: [] as Load[] }
  for (let round = 1; round <= rounds; round++) {
    progress(`${label} round ${round} of ${rounds}`)
    for (const contender of round % 2 === 0 ? contenders.toReversed() : contenders) {
      const result = await run(contender)
      if (Object.keys(result.failures).length > 0) throw new Error(`${contender.name} failed calls: ${JSON.stringify(result.failures)}`)
      loads[contender.name].push(result)
    }
  }
  return loads
}

const load = ({ url }: Contender, concurrency: number, seconds: number): Promise<Load> =>
  runToJson([join(here, 'load.ts'), `${url}/v1/actions/bench_echo`, String(concurrency), String(seconds), adminKey])

function summary(loads: readonly Load[]) {
  const of = (name: 'p50' | 'p95' | 'p99' | 'perSecond') => rounded(median(loads.map(one => one[name])))
  return { p50: of('p50'), p95: of('p95'), p99: of('p99'), perSecond: of('perSecond'), spread: spread(loads.map(({ p50 }) => p50)) }
}

async function openEmbedded(folder: string): Promise<Deployment> {
  const floor = await startProgram([join(here, 'floor/embedded.ts')], { PORT: '0', DB: join(folder, 'floor.sqlite') })
  const ours = await startOurs('up', ownBots(folder))
  return {
    contenders: [
      { name: 'floor', url: floor.url },
      { name: 'retrofit', url: ours.url }
    ],
    stop: () => stopAll([ours, floor])
  }
}

async function openDistributed(folder: string): Promise<Deployment> {
  const [redis, rabbit] = await Promise.all([startRedis(), startRabbit()])
  const env = { REDIS_URL: redis.url, RABBITMQ_URL: rabbit.url }
  const floorWorker = await startProgram([join(here, 'floor/worker.ts')], env)
  const floor = await startProgram([join(here, 'floor/gateway.ts')], { ...env, PORT: '0' })
  const worker = await startOurs('worker', { ...ownBots(folder), ...env })
  const ours = await startOurs('gateway', { ...ownBots(folder), ...env })
  return {
    contenders: [
      { name: 'floor', url: floor.url },
      { name: 'retrofit', url: ours.url }
    ],
    stop: async () => {
      await stopAll([ours, worker, floor, floorWorker])
      await Promise.all([redis.stop(), rabbit.stop()])
    }
  }
}

async function stopAll(programs: readonly Program[]): Promise<void> {
  for (const program of programs) await program.stop()
}
