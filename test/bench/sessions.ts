/** A voice assistant's conversation: tokens of turn two, and our share of a turn with many sessions open, against 250 ms. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRabbit, startRedis } from '../setup/services.ts'
import { median, printTable, progress, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { residentMiB, runToJson } from './program.ts'
import { compareTokens } from './session-tokens.ts'
import { adminKey, ownBots, startOurs } from './start-ours.ts'

const here = import.meta.dirname
const budgetMs = 250

/** How many converse at once, and how long each thinks and speaks between two turns. */
const crowds = [
  { sessions: 1, thinkMs: 100, rounds: 3 },
  { sessions: 100, thinkMs: 1_000, rounds: 3 },
  // So many turns that one round says it, and so many to open that more would take long.
  { sessions: 1_000, thinkMs: 5_000, rounds: 1 },
  { sessions: 10_000, thinkMs: 20_000, rounds: 1 }
]

interface Load {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly turns: number
  readonly perSecond: number
  readonly failures: Readonly<Record<string, number>>
}

interface Deployment {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

export async function benchSessions({ rounds, seconds, mode }: BenchOptions): Promise<object> {
  const tokens = await compareTokens()
  const results: Record<string, object> = {}
  for (const [kind, open] of Object.entries({ embedded: openEmbedded, distributed: openDistributed })) {
    if (mode !== undefined && mode !== kind) continue
    const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
    const deployment = await open(folder)
    try {
      results[kind] = await measure(kind, deployment, { rounds, seconds })
    } finally {
      await deployment.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return { tokens, ...results }
}

async function measure(kind: string, { url, pid }: Deployment, { rounds, seconds }: { rounds: number; seconds: number }): Promise<object> {
  const rows: object[] = []
  const failed: string[] = []
  const table: (string | number)[][] = []
  for (const { sessions, thinkMs, rounds: most } of seconds > 1 ? crowds : crowds.slice(0, 2)) {
    const loads: Load[] = []
    const count = Math.min(rounds, most)
    for (let round = 1; round <= count; round++) {
      progress(`${kind} ${sessions} sessions, round ${round} of ${count}`)
      // Everybody takes a turn once at least.
      const forSeconds = Math.max(seconds * 3, (thinkMs / 1_000) * 1.5)
      loads.push(
        await runToJson<Load>([join(here, 'session-load.ts'), url, String(sessions), String(thinkMs), String(forSeconds), adminKey])
      )
    }
    for (const [why, times] of loads.flatMap(load => Object.entries(load.failures))) failed.push(`${sessions} sessions: ${times} x ${why}`)
    const of = (name: 'p50' | 'p95' | 'p99' | 'perSecond') => rounded(median(loads.map(load => load[name])), 1)
    const row = { sessions, thinkMs, p50: of('p50'), p95: of('p95'), p99: of('p99'), perSecond: of('perSecond'), mib: residentMiB(pid) }
    rows.push(row)
    table.push([sessions, thinkMs / 1_000, row.p50, row.p95, row.p99, row.perSecond, row.mib, row.p95 <= budgetMs ? 'kept' : 'MISSED'])
  }
  printTable(
    `Our share of a turn, ${kind} (milliseconds, two requests; budget ${budgetMs} ms for p95)`,
    ['sessions', 'think s', 'p50', 'p95', 'p99', 'turns/s', 'MiB', 'budget'],
    table
  )
  // What was measured stands; that turns failed is no success all the same.
  if (failed.length > 0) throw new Error(`turns failed: ${failed.slice(0, 5).join('; ')}`)
  return rows
}

async function openEmbedded(folder: string): Promise<Deployment> {
  const { url, pid, stop } = await startOurs('up', ownBots(folder))
  return { url, pid, stop }
}

async function openDistributed(folder: string): Promise<Deployment> {
  const [redis, rabbit] = await Promise.all([startRedis(), startRabbit()])
  const env = { ...ownBots(folder), REDIS_URL: redis.url, RABBITMQ_URL: rabbit.url }
  const worker = await startOurs('worker', env)
  const gateway = await startOurs('gateway', env)
  return {
    url: gateway.url,
    pid: gateway.pid,
    stop: async () => {
      await gateway.stop()
      await worker.stop()
      await Promise.all([redis.stop(), rabbit.stop()])
    }
  }
}
