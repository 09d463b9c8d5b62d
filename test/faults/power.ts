/** Power cuts: a process that is killed finds its ledger as it was on the disk at the last fsync. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { WorldOptions } from './world.ts'

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
export const brokenDisk = (file: string): Partial<WorldOptions> => ({ env: { LD_PRELOAD: built(), RETROFIT_TEST_DISK: file } })

function backToLastSync(dataDir: string): void {
  for (const name of ['ledger.sqlite', 'ledger.sqlite-wal']) {
    const file = join(dataDir, name)
    rmSync(file, { force: true })
    if (existsSync(`${file}.synced`)) copyFileSync(`${file}.synced`, file)
  }
  rmSync(join(dataDir, 'ledger.sqlite-shm'), { force: true })
}
