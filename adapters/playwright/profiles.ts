/** A process that is killed leaves its browser's profile behind; the next one to start takes it away. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const ownerFile = 'retrofit-owner'
const prefix = 'playwright_chromiumdev_profile-'

/** Says whose the profile of this browser is, and removes those whose owner is dead. Best effort: needs /proc. */
export async function tendProfiles(browserPid: number): Promise<void> {
  const profile = await profileOf(browserPid)
  if (profile === undefined) return
  await writeFile(join(profile, ownerFile), String(process.pid))
  const folder = dirname(profile)
  const names = (await readdir(folder)).filter(name => name.startsWith(prefix))
  await Promise.all(names.map(name => removeOrphan(join(folder, name))))
}

async function profileOf(pid: number): Promise<string | undefined> {
  const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0')
  const profile = words.find(word => word.startsWith('--user-data-dir='))?.slice('--user-data-dir='.length)
  return profile?.includes(prefix) ? profile : undefined
}

async function removeOrphan(profile: string): Promise<void> {
  const owner = Number(await readFile(join(profile, ownerFile), 'utf8').catch(() => '0'))
  if (owner > 1 && !isAlive(owner)) await rm(profile, { recursive: true, force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
