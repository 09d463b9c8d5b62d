/** A process that is killed leaves its browser and its folders behind; the next one to start takes them away. */
import { constants } from 'node:fs'
import { chown, mkdtemp, open, readdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isOwnerAlive, ownMark } from './owner.ts'
import { allPids, isRunning } from './processes.ts'

const ownerFile = 'retrofit-owner'
const prefix = 'playwright_chromiumdev_profile-'
const ownPrefix = 'retrofit-browser-'

/** A launch makes its profile after its own folder, and not later than this. In milliseconds. */
const launchMs = 35_000
/** A killed browser is gone after this long, or left to the next look. */
const dyingMs = 3_000

/**
 * The folder of one browser: downloads, and as its TMPDIR everything else that it makes, such as the folder of the socket that tells a
 * second browser of the profile that there is one. Made before the launch; its name tells its owner from its first moment.
 */
export async function makeOwnFolder(user?: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `${ownPrefix}${await ownMark()}-`))
  if (user !== undefined) await chown(folder, user, user)
  return folder
}

/** Says whose the profile of this browser is. Best effort: needs /proc. */
export async function markProfile(browserPid: number): Promise<void> {
  const profile = await profileOf(browserPid)
  // The profile may be another user's, who must not lead us elsewhere by a link.
  if (profile !== undefined) await writeFile(join(profile, ownerFile), await ownMark(), { flag: 'wx' })
}

/** A folder that Playwright leaves when it finds no browser. One that is just starting makes its profile again. */
export async function removeEmptyProfiles(): Promise<void> {
  const names = (await readdir(tmpdir())).filter(name => name.startsWith(prefix))
  await Promise.all(names.map(name => rmdir(join(tmpdir(), name)).catch(() => undefined)))
}

interface Folder {
  readonly path: string
  readonly owner: 'dead' | 'alive' | 'unknown'
  readonly madeAt: number
}

/**
 * Removes what belongs to nobody who lives. Resolves to whether something is left for a later look: a profile without a mark
 * that a process which is dead may have been launching, and whose browser still dies.
 */
export async function removeOrphans(): Promise<boolean> {
  const own = await foldersOf(ownPrefix)
  const dead = own.filter(({ owner }) => owner === 'dead')
  const profiles = (await foldersOf(prefix)).filter(({ owner }) => owner !== 'alive')
  const browsers = profiles.length === 0 ? new Map<string, number[]>() : await browsersByProfile()
  const inLaunchOf = (profile: Folder) =>
    profile.owner === 'unknown' && dead.some(({ madeAt }) => profile.madeAt >= madeAt && profile.madeAt <= madeAt + launchMs)
  const launching = profiles.filter(inLaunchOf)
  const dying = launching.filter(({ path }) => browsers.has(path))
  const orphans = [...profiles.filter(({ owner }) => owner === 'dead'), ...launching.filter(({ path }) => !browsers.has(path))]
  await Promise.all(orphans.map(({ path }) => removeProfile(path, browsers.get(path) ?? [])))
  // The evidence that somebody died while launching goes last.
  if (dying.length > 0) return true
  await Promise.all(dead.map(({ path }) => remove(path)))
  return false
}

async function foldersOf(start: string): Promise<readonly Folder[]> {
  const names = (await readdir(tmpdir())).filter(name => name.startsWith(start))
  const found = await Promise.all(names.map(name => folderAt(join(tmpdir(), name)).catch(() => undefined)))
  return found.filter(folder => folder !== undefined)
}

async function folderAt(path: string): Promise<Folder> {
  const [, inName] = /retrofit-browser-([\d.]+)-/.exec(path) ?? []
  const mark = inName ?? (await markIn(path).catch(() => ''))
  const { birthtimeMs, mtimeMs } = await stat(path)
  const owner = mark === '' ? 'unknown' : (await isOwnerAlive(mark)) ? 'alive' : 'dead'
  return { path, owner, madeAt: birthtimeMs > 0 ? birthtimeMs : mtimeMs }
}

/** No link, and nothing that has no end: the profile may be another user's. */
async function markIn(profile: string): Promise<string> {
  const file = await open(join(profile, ownerFile), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    return (await file.stat()).isFile() ? await file.readFile('utf8') : ''
  } finally {
    await file.close()
  }
}

async function removeProfile(profile: string, browsers: readonly number[]): Promise<void> {
  for (const pid of browsers) killBrowser(pid)
  await untilGone(browsers)
  await remove(profile)
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const areRunning = async () => (await Promise.all(pids.map(isRunning))).includes(true)
  for (let waited = 0; waited < dyingMs && (await areRunning()); waited += 20) await sleep(20)
}

const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })

/** Processes that run on a profile, by profile. */
async function browsersByProfile(): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>()
  for (const pid of await allPids()) {
    const profile = await profileOf(pid)
    if (profile !== undefined) found.set(profile, [...(found.get(profile) ?? []), pid])
  }
  return found
}

async function profileOf(pid: number): Promise<string | undefined> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
  const profile = words.find(word => word.startsWith('--user-data-dir='))?.slice('--user-data-dir='.length)
  return profile?.includes(prefix) ? profile : undefined
}

function killBrowser(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}
