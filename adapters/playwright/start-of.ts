/** With which file, under whom and in which environment the browser starts. */
import { existsSync } from 'node:fs'
import { chown, cp, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LaunchOptions } from 'playwright-core'
import { type Confinement, checkReach, hasSetpriv, hasSetuidSandbox, isExecutable } from './confinement.ts'

interface Start {
  /** Undefined: whichever Playwright finds. */
  readonly executable: string | undefined
  readonly folder: string
  readonly confinement: Confinement
  readonly environment: Readonly<Record<string, string | undefined>> | undefined
}

const tiedBrowser = fileURLToPath(new URL('tied-browser.sh', import.meta.url))
const usualPath = '/usr/local/bin:/usr/bin:/bin'

/** Throws where the user that the browser shall have can not use the file or the folder. */
export async function startOf({
  executable,
  folder,
  confinement,
  environment
}: Start): Promise<Pick<LaunchOptions, 'executablePath' | 'env'>> {
  const env = { PATH: usualPath, ...environment, ...homeIn(folder) }
  await copyTrust(folder, confinement.user)
  if (executable === undefined) return { env }
  await checkReach(confinement, { executable, folder })
  // Where setpriv is missing, a browser ends by itself when its worker is gone.
  if (!hasSetpriv() || !isExecutable(tiedBrowser)) return { executablePath: executable, env }
  const { user } = confinement
  const become = user === undefined ? {} : { RETROFIT_BROWSER_USER: String(user) }
  const setuid = hasSetuidSandbox(executable) ? { RETROFIT_BROWSER_SETUID: '1' } : {}
  return { executablePath: tiedBrowser, env: { ...env, ...become, ...setuid, RETROFIT_BROWSER: executable } }
}

const homeIn = (folder: string) => ({
  HOME: folder,
  TMPDIR: folder,
  XDG_CACHE_HOME: join(folder, '.cache'),
  XDG_CONFIG_HOME: join(folder, '.config'),
  XDG_RUNTIME_DIR: folder
})

/** Chromium looks for the certificates that its user trusts, beside the machine's, in the home folder. */
async function copyTrust(folder: string, user: number | undefined): Promise<void> {
  const [from, to] = [homedir(), folder].map(home => join(home, '.pki')) as [string, string]
  if (!existsSync(from)) return
  await cp(from, to, { recursive: true })
  if (user === undefined) return
  const files = await readdir(to, { recursive: true })
  await Promise.all(['', ...files].map(file => chown(join(to, file), user, user)))
}
