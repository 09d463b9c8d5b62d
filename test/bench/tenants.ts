/** The latency of one tenant's calls, alone and beside a tenant that is at every limit and goes on calling. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRabbit, startRedis } from '../setup/services.ts'
import { median, printTable, progress, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { runToJson } from './program.ts'
import { ownBots, startOurs } from './start-ours.ts'

const here = import.meta.dirname
const main = join(here, '../../src/main.ts')
/** The limits of both, and how many connections each calls on. The rate of a key is another matter: the modest one is quick. */
const limits = { TENANT_CONCURRENCY: '8', TENANT_WAITING: '32', RATE_LIMIT: '0' }
const [greedyConnections, connections] = [64, 4]

interface Load {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly failures: Readonly<Record<string, number>>
}

type Env = Readonly<Record<string, string>>

export async function benchTenants({ rounds, seconds, mode }: BenchOptions): Promise<object> {
  const results: Record<string, object> = {}
  for (const kind of ['embedded', 'distributed'] as const) {
    if (mode !== undefined && mode !== kind) continue
    const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
    const servers = kind === 'embedded' ? [] : await Promise.all([startRedis(), startRabbit()])
    const [redis, rabbit] = servers
    const addresses: Env = redis === undefined || rabbit === undefined ? {} : { REDIS_URL: redis.url, RABBITMQ_URL: rabbit.url }
    const env = { ...ownBots(folder), ...addresses, ...limits }
    const programs = [await startOurs(kind === 'embedded' ? 'up' : 'gateway', env)]
    if (kind === 'distributed') programs.push(await startOurs('worker', env))
    try {
      results[kind] = await measure(kind, { url: programs[0]?.url ?? '', env, rounds, seconds })
    } finally {
      for (const program of programs) await program.stop()
      await Promise.all(servers.map(server => server.stop()))
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return results
}

interface Measuring {
  readonly url: string
  readonly env: Env
  readonly rounds: number
  readonly seconds: number
}

async function measure(kind: string, { url, env, rounds, seconds }: Measuring): Promise<object> {
  const [modest, greedy] = [keyOf('modest', env), keyOf('greedy', env)]
  const load = (action: string, many: number, key: string, forSeconds = seconds) =>
    runToJson<Load>([join(here, 'load.ts'), `${url}/v1/actions/${action}`, String(many), String(forSeconds), key])
  const loads = { alone: [] as Load[], beside: [] as Load[] }
  let refused = 0
  for (let round = 1; round <= rounds; round++) {
    progress(`${kind} round ${round} of ${rounds}`)
    loads.alone.push(await load('bench_echo', connections, modest))
    // It begins before the other and ends after it.
    const [flood, beside] = await Promise.all([
      load('bench_slow', greedyConnections, greedy, seconds + 2),
      load('bench_echo', connections, modest)
    ])
    loads.beside.push(beside)
    refused += flood.failures[429] ?? 0
  }
  const figures = Object.entries(loads).map(([name, all]) => {
    const failed = all.flatMap(({ failures }) => Object.keys(failures))
    if (failed.length > 0) throw new Error(`calls of the modest tenant failed: ${failed.join(', ')}`)
    const of = (which: 'p50' | 'p95' | 'p99') => rounded(median(all.map(one => one[which])))
    return { name, p50: of('p50'), p95: of('p95'), p99: of('p99') }
  })
  if (refused === 0) throw new Error('the greedy tenant was never at its limit')
  printTable(
    `A tenant's calls, ${kind}, alone and beside one at its limits (milliseconds; ${refused} calls of that one were refused)`,
    ['', 'p50', 'p95', 'p99'],
    figures.map(({ name, p50, p95, p99 }) => [name, p50, p95, p99])
  )
  return { refused, figures }
}

function keyOf(tenant: string, env: Env): string {
  const args = [
    '--disable-warning=ExperimentalWarning',
    main,
    'keys',
    'create',
    '--name',
    tenant,
    '--tenant',
    tenant,
    '--scopes',
    '*',
    '--json'
  ]
  return String(JSON.parse(execFileSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' })).key)
}
