/**
 * As whom the browser runs, and in which sandbox. Its pages are of others: whoever takes it over through one of them must find neither
 * our files nor our keys, so it is never root's where that can be, and has Chromium's own sandbox unless an operator has said otherwise.
 */
import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser } from 'playwright-core'
import { type Notice, RetrofitError } from '../../src/index.ts'

/** `try`: without it where the machine can not. */
export type SandboxWish = 'on' | 'off' | 'try'

export interface Confinement {
  /** The user that the browser runs as; undefined: this process' own. */
  readonly user: number | undefined
  readonly sandbox: boolean
}

/** Nobody's: between the users that people, Debian's packages and systemd have. Every process of a machine that runs as root shares it. */
export const browserUser = 60_913

/** The user of a browser that runs as another one: a file in its folder counts as its own only when that user owns it. */
export const userOf = new WeakMap<Browser, number>()

const setpriv = '/usr/bin/setpriv'
const run = promisify(execFile)

export const isRoot = (): boolean => process.getuid?.() === 0

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** setpriv is of util-linux. */
export const hasSetpriv = (): boolean => isExecutable(setpriv)

/** Whether the machine's browser has a helper that is root's for a moment: Chromium's older sandbox. */
export const hasSetuidSandbox = (executable: string): boolean => existsSync(join(dirname(executable), 'chrome-sandbox'))

const asUser = (user: number): readonly string[] => [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--']

/** Runs a command as the browser's user. */
function runAs(user: number | undefined, command: readonly string[]): Promise<unknown> {
  const [file = '', ...args] = user === undefined ? command : [setpriv, ...asUser(user), ...command]
  return run(file, args, { env: { PATH: '/usr/bin:/bin' }, cwd: '/' })
}

const saysYes = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false
  )

/** Whether that user can make the namespaces of which Chromium builds its sandbox. */
const hasNamespaces = (user: number | undefined): Promise<boolean> =>
  saysYes(runAs(user, ['/usr/bin/unshare', '--user', '--map-root-user', '--pid', '--net', '--fork', 'true']))

const canBeUser = async (user: number): Promise<boolean> => hasSetpriv() && (await saysYes(runAs(user, ['true'])))

/** Throws where the wish can not be had. */
export async function confine(wish: SandboxWish): Promise<Confinement> {
  const user = isRoot() && (await canBeUser(browserUser)) ? browserUser : undefined
  if (isRoot() && user === undefined && wish !== 'off')
    throw refused({
      detail: 'this worker runs as root, and the browser must not; it can not be started under another user here',
      instead: 'Run the worker as another user, or install util-linux (it has setpriv)'
    })
  return { user, sandbox: wish === 'on' || (wish === 'try' && (await hasNamespaces(user))) }
}

/** Throws where the browser's user can not get at what it needs. */
export async function checkReach({ user }: Confinement, { executable, folder }: { executable: string; folder: string }): Promise<void> {
  if (user === undefined) return
  const can = (flag: string, path: string) => saysYes(runAs(user, ['test', flag, path]))
  const [canRun, canWrite] = await Promise.all([can('-x', executable), can('-w', folder)])
  const why = `this worker runs as root and its browser as user ${user}, who`
  if (!canRun)
    throw refused({
      detail: `${why} can not run ${executable}`,
      instead: 'Put the browser where every user may run it (Debian: apt-get install chromium-headless-shell, or CHROMIUM_PATH)'
    })
  if (!canWrite)
    throw refused({
      detail: `${why} has no way into ${dirname(folder)}`,
      instead: 'Set TMPDIR to a folder that all users may enter, such as /tmp'
    })
}

export const noSandbox = (cause: Error): RetrofitError =>
  refused({
    detail: "the browser did not start: this machine forbids what Chromium's sandbox is made of",
    instead: 'Allow unprivileged user namespaces (in a container: docker/chromium-seccomp.json), or install chromium-sandbox',
    cause
  })

function refused({ detail, instead, cause }: { detail: string; instead: string; cause?: Error | undefined }): RetrofitError {
  const hint = `${instead}. Where the machine is the browser's alone, CHROMIUM_SANDBOX=off starts it without its sandbox.`
  return new RetrofitError('target_failed', { detail, hint, retryable: false, cause })
}

/** Tells an operator how the browser is confined, and what to do where it can not be. */
export async function noticesOf(wish: SandboxWish): Promise<readonly Notice[]> {
  const confinement = await confine(wish).catch((error: RetrofitError) => error)
  if (Error.isError(confinement)) return [{ severity: 'warning', message: `${confinement.message}. ${confinement.hint ?? ''}`.trim() }]
  const who = confinement.user === undefined ? (isRoot() ? ' as root' : '') : ` as user ${confinement.user}`
  if (confinement.sandbox) return who === '' ? [] : [{ severity: 'info', message: `the browser runs${who}, in Chromium's own sandbox` }]
  const why = wish === 'off' ? 'CHROMIUM_SANDBOX=off' : 'this machine forbids user namespaces'
  return [{ severity: 'warning', message: `${why}: the browser runs${who} without Chromium's own sandbox` }]
}
