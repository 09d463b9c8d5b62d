/** From the command to ready, and memory at rest. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startRabbit, startRedis } from '../setup/services.ts'
import { median, printTable, rounded } from './figures.ts'
import type { BenchOptions } from './hop.ts'
import { residentMiB, startProgram } from './program.ts'

const here = import.meta.dirname
const main = join(here, '../../src/main.ts')
const env = (folder: string) => ({
  PORT: '0',
  BOTS_DIR: join(here, '../../bots'),
  TELLER_URL: 'http://127.0.0.1:9',
  COREBANK_URL: 'http://127.0.0.1:9',
  DATA_DIR: join(folder, 'data'),
  RETROFIT_DATA_KEY: 'bench-data-key-0123456789-0123456789'
})

async function once(role: string, extra: Readonly<Record<string, string>>): Promise<{ readyMs: number; mib: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-bench-'))
  const program = await startProgram([main, role], { ...env(folder), ...extra })
  await sleep(1_500)
  const mib = residentMiB(program.pid)
  await program.stop()
  rmSync(folder, { recursive: true, force: true })
  return { readyMs: program.readyMs, mib }
}

export async function benchStart({ rounds }: BenchOptions): Promise<object> {
  const [redis, rabbit] = await Promise.all([startRedis(), startRabbit()])
  const urls = { REDIS_URL: redis.url, RABBITMQ_URL: rabbit.url }
  const result: Record<string, { readyMs: number; mib: number }> = {}
  for (const [role, extra] of Object.entries({ up: {}, gateway: urls, worker: urls })) {
    const runs: { readyMs: number; mib: number }[] = []
    for (let round = 0; round < rounds; round++) runs.push(await once(role, extra))
    result[role] = { readyMs: rounded(median(runs.map(({ readyMs }) => readyMs)), 0), mib: rounded(median(runs.map(({ mib }) => mib)), 0) }
  }
  await Promise.all([redis.stop(), rabbit.stop()])
  printTable(
    `Start (median of ${rounds})`,
    ['', 'ready ms', 'MiB at rest'],
    Object.entries(result).map(([role, { readyMs, mib }]) => [role, readyMs, mib])
  )
  return result
}
