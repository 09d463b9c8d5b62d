/** A process that is killed leaves its browser's folders behind; the next one to start takes them away. */
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const ownerFile = 'retrofit-owner'
const prefix = 'playwright_chromiumdev_profile-'
const artifactsPrefix = 'retrofit-artifacts-'

/** Where the browser puts downloads and the like: a folder whose owner can be told. Playwright's own has a name that nobody knows. */
export async function makeArtifactsFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), artifactsPrefix))
  await writeFile(join(folder, ownerFile), String(process.pid))
  return folder
}

/** The folder of the socket that tells a second browser of the profile that there is one: the browser's own, and left when it is killed. */
export async function socketFolderOf(browserPid: number): Promise<string | undefined> {
  const profile = await profileOf(browserPid).catch(() => undefined)
  return profile === undefined ? undefined : socketFolderIn(profile)
}

async function socketFolderIn(profile: string): Promise<string | undefined> {
  const socket = await readlink(join(profile, 'SingletonSocket')).catch(() => '')
  const folder = dirname(socket)
  return /\/org\.chromium\.Chromium\.\w+$/.test(folder) ? folder : undefined
}

/** Says whose the profile of this browser is. Best effort: needs /proc. */
export async function markProfile(browserPid: number): Promise<void> {
  const profile = await profileOf(browserPid)
  if (profile !== undefined) await writeFile(join(profile, ownerFile), String(process.pid))
}

/** Removes what belongs to nobody who lives. */
export async function removeOrphans(): Promise<void> {
  const names = (await readdir(tmpdir())).filter(name => name.startsWith(prefix) || name.startsWith(artifactsPrefix))
  await Promise.all(names.map(name => removeOrphan(join(tmpdir(), name))))
}

async function profileOf(pid: number): Promise<string | undefined> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
  const profile = words.find(word => word.startsWith('--user-data-dir='))?.slice('--user-data-dir='.length)
  return profile?.includes(prefix) ? profile : undefined
}

async function removeOrphan(profile: string): Promise<void> {
  const owner = Number(await readFile(join(profile, ownerFile), 'utf8').catch(() => '0'))
  if (owner <= 1 || isAlive(owner)) return
  const socket = await socketFolderIn(profile)
  for (const folder of [socket, profile]) if (folder !== undefined) await rm(folder, { recursive: true, force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
