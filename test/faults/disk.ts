/** A disk of a few megabytes that can be filled, and one that fails. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { OwnServers, Prepared, Stage } from './fault.ts'
import { brokenDisk } from './power.ts'

const mount = (dir: string, size: string): boolean => spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]).status === 0
const unmount = (dir: string): void => {
  spawnSync('umount', ['-l', dir])
  rmdirSync(dir)
}
const newDir = (): string => mkdtempSync(join(tmpdir(), 'retrofit-disk-'))

let can: boolean | undefined
export function canFillDisk(): boolean {
  if (can !== undefined) return can
  const dir = newDir()
  can = process.getuid?.() === 0 && mount(dir, '1m')
  unmount(dir)
  return can
}

export function openSmallDisk(): Prepared {
  const dir = newDir()
  mount(dir, '6m')
  return { options: { dataDir: dir }, close: () => unmount(dir) }
}

const aSecond = (): Promise<void> => sleep(1_000)

/** Without room for as long as that lasts. */
async function fill(dir: string, lasts = aSecond): Promise<void> {
  const file = join(dir, 'filler')
  const { bavail, bsize } = statfsSync(dir)
  try {
    // Others write too: it may be full before all of it is written, which is as good.
    writeFileSync(file, Buffer.alloc(bavail * bsize))
  } catch {}
  await lasts()
  rmSync(file, { force: true })
}

export const fullDisk = ({ world }: Stage): Promise<void> => fill(world.dataDir)

/** A disk that answers EIO or EROFS as long as a file says so. */
export function openBrokenDisk(): Prepared {
  const dir = newDir()
  return { options: brokenDisk(join(dir, 'trouble')), close: () => rmSync(dir, { recursive: true, force: true }) }
}

async function breakDisk(file: string, code: 'EIO' | 'EROFS', lasts = aSecond): Promise<void> {
  writeFileSync(file, String(constants.errno[code]))
  await lasts()
  rmSync(file, { force: true })
}

export const brokenFor =
  (code: 'EIO' | 'EROFS') =>
  ({ world }: Stage): Promise<void> =>
    breakDisk(world.env.RETROFIT_TEST_DISK ?? '', code)

/** A Redis whose disk can be filled, and can fail. What it keeps of some sixty trials has room. */
export function openDiskOfRedis(): Prepared {
  const mounted = newDir()
  mount(mounted, '64m')
  const dir = join(mounted, 'redis')
  mkdirSync(dir)
  return { redis: { ...brokenDisk(troubleIn(dir)), dir }, close: () => unmount(mounted) }
}

const troubleIn = (dir: string): string => join(dir, 'trouble')

const isThere = ({ pid }: OwnServers['redis']): boolean => existsSync(`/proc/${pid}`)

/** At least a second, and until Redis had something to write, on which it ends; on a busy machine that may come late. */
const untilItEnds =
  ({ redis }: OwnServers) =>
  async (): Promise<void> => {
    await aSecond()
    for (const until = Date.now() + 15_000; Date.now() < until && isThere(redis); ) await sleep(50)
  }

/** Redis ends by itself where it cannot keep what it is about to confirm; whoever runs it starts it again. */
async function startAgain({ redis }: OwnServers): Promise<void> {
  const wentOn = isThere(redis)
  await redis.restart()
  if (wentOn) throw new Error('Redis went on with a disk that failed')
}

export async function fullDiskOfRedis({ own }: Stage): Promise<void> {
  if (own === undefined) return
  await fill(own.redis.dir, untilItEnds(own))
  await startAgain(own)
}

export const brokenForRedis =
  (code: 'EIO' | 'EROFS') =>
  async ({ own }: Stage): Promise<void> => {
    if (own === undefined) return
    await breakDisk(troubleIn(own.redis.dir), code, untilItEnds(own))
    await startAgain(own)
  }
