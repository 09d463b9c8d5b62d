/** Power cuts: a process that is killed finds its ledger as it was on the disk at the last fsync. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RedisOptions } from '../setup/redis.ts'
import type { OwnServers } from './fault.ts'
import type { World, WorldOptions } from './world.ts'

const source = fileURLToPath(new URL('./synced.c', import.meta.url))
const library = join(tmpdir(), `retrofit-synced-${process.pid}.so`)

let can: boolean | undefined
export const canCutPower = (): boolean => {
  can ??= process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0
  return can
}

/** The library keeps a copy of each file as of its last fsync. */
function built(): string {
  if (!existsSync(library)) {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'])
    process.once('exit', () => rmSync(library, { force: true }))
  }
  return library
}

export const powerCuts = (): Partial<WorldOptions> => (canCutPower() ? { env: { LD_PRELOAD: built() }, beforeRestart: backToLastSync } : {})

/** Answers the number instead of writing, while the file is there. */
export const brokenDisk = (file: string): { readonly env: Readonly<Record<string, string>> } => ({
  env: { LD_PRELOAD: built(), RETROFIT_TEST_DISK: file }
})

function backToLastSync(dataDir: string): void {
  for (const name of ['ledger.sqlite', 'ledger.sqlite-wal']) {
    const file = join(dataDir, name)
    rmSync(file, { force: true })
    if (existsSync(`${file}.synced`)) copyFileSync(`${file}.synced`, file)
  }
  rmSync(join(dataDir, 'ledger.sqlite-shm'), { force: true })
}

/** A Redis whose file can be cut back. */
export const cuttableRedis = (): RedisOptions => (canCutPower() ? { env: { LD_PRELOAD: built() } } : {})

/** The power of Redis and of every program fails: nobody remembers what is not on the disk. */
export async function cutPowerOf({ own, world }: { readonly own: OwnServers | undefined; readonly world: World }): Promise<void> {
  if (own === undefined) return
  await Promise.all([own.redis.kill(), ...world.parts.map(part => part.kill())])
  const file = join(own.redis.dir, 'appendonlydir', 'appendonly.aof.1.incr.aof')
  const synced = `${file}.synced`
  truncateSync(file, existsSync(synced) ? Number(readFileSync(synced, 'utf8')) : 0)
  await own.redis.restart()
  await world.ready()
}
