/** A disk of a few megabytes that can be filled, and one that fails. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './fault.ts'
import { brokenDisk } from './power.ts'
import type { WorldOptions } from './world.ts'

const mount = (dir: string): boolean => spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', dir]).status === 0
const unmount = (dir: string): void => {
  spawnSync('umount', ['-l', dir])
  rmdirSync(dir)
}

let can: boolean | undefined
export function canFillDisk(): boolean {
  if (can !== undefined) return can
  const dir = mkdtempSync(join(tmpdir(), 'retrofit-disk-'))
  can = process.getuid?.() === 0 && mount(dir)
  unmount(dir)
  return can
}

export function openSmallDisk(): { readonly options: Partial<WorldOptions>; close(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'retrofit-disk-'))
  mount(dir)
  return { options: { dataDir: dir }, close: () => unmount(dir) }
}

export async function fullDisk({ world }: Stage): Promise<void> {
  const file = join(world.dataDir, 'filler')
  const { bavail, bsize } = statfsSync(world.dataDir)
  try {
    // Others write too: it may be full before all of it is written, which is as good.
    writeFileSync(file, Buffer.alloc(bavail * bsize))
  } catch {}
  await sleep(1_000)
  rmSync(file, { force: true })
}

/** A disk that answers EIO or EROFS as long as a file says so. */
export function openBrokenDisk(): { readonly options: Partial<WorldOptions>; close(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'retrofit-disk-'))
  return { options: brokenDisk(join(dir, 'trouble')), close: () => rmSync(dir, { recursive: true, force: true }) }
}

export const brokenFor =
  (code: 'EIO' | 'EROFS', ms: number) =>
  async ({ world }: Stage): Promise<void> => {
    const file = world.env.RETROFIT_TEST_DISK ?? ''
    writeFileSync(file, String(constants.errno[code]))
    await sleep(ms)
    rmSync(file, { force: true })
  }
