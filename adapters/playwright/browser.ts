/** The one browser of a worker: launched when it is needed, replaced when it has died, surely dead when closed. */
import { existsSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, BrowserType } from 'playwright-core'
import { RetrofitError } from '../../src/index.ts'
import { type Confinement, confine, isRoot, noSandbox, type SandboxWish, userOf } from './confinement.ts'
import { egressFlags } from './egress.ts'
import { registerEngines } from './engines.ts'
import { within } from './failure.ts'
import { isGroupRunning } from './processes.ts'
import { makeOwnFolder, markProfile, removeEmptyProfiles, removeOrphans } from './profiles.ts'
import { startOf } from './start-of.ts'

export interface BrowserOptions {
  readonly chromiumPath?: string | undefined
  readonly headless?: boolean | undefined
  /** `on` where nothing is said. */
  readonly chromiumSandbox?: SandboxWish | undefined
  /** The browser's environment beside folders of its own. It holds no secret: pages may get to read it. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** Where a browser is looked for when no path is given. */
  readonly usualPaths?: readonly string[] | undefined
}

export interface Running {
  readonly browser: Browser
  readonly pid: number
  /** The folder of this browser alone, with its temporary files. */
  readonly folder: string
}

const graceMs = 3_000
/** Between looks for what killed processes left. */
const lookAgainMs = 2_000
/** The protocol itself knows no time limit. */
const askMs = 15_000
/** Has no windows, so it starts in half the time. Debian's /usr/bin/chromium-headless-shell is a script that would stay between us and it. */
const headlessShell = '/usr/lib/chromium/chromium-headless-shell'
/** In their order; scripts/setup.sh looks there too. */
export const usualPaths: readonly string[] = [
  headlessShell,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable'
]

/** The browser that is taken when none is named; without one, Playwright's own download. */
export const usualBrowser = ({ headless = true, usualPaths: paths = usualPaths }: BrowserOptions = {}): string | undefined =>
  paths.find(path => existsSync(path) && (headless || path !== headlessShell))

/** Requests of these come from no page, so no commit gate can hold them; pages do without, as in other browsers. */
const ungated = ['SharedWorker', 'FetchLaterAPI']

const flags = [
  ...egressFlags,
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-domain-reliability',
  `--disable-blink-features=${ungated.join()}`
]

export class BrowserHolder {
  private readonly options: BrowserOptions
  private running: Promise<Running> | undefined
  private closed = false
  private cleaning: Promise<void>
  /** How many were launched so far. */
  launched = 0

  constructor(options: BrowserOptions) {
    this.options = options
    this.cleaning = this.clean()
  }

  private async clean(): Promise<void> {
    const isLeft = await removeOrphans().catch(() => false)
    if (!isLeft || this.closed) return
    setTimeout(() => {
      if (!this.closed) this.cleaning = this.clean()
    }, lookAgainMs).unref()
  }

  get alive(): number {
    return this.running === undefined ? 0 : 1
  }

  get(): Promise<Running> {
    if (this.closed) throw new RetrofitError('target_failed', { detail: 'the browser is closed: this worker stops', retryable: true })
    this.running ??= this.launch()
    return this.running
  }

  giveUp({ pid }: Running): void {
    kill(pid)
  }

  async close(): Promise<void> {
    this.closed = true
    const running = await this.running?.catch(() => undefined)
    this.running = undefined
    if (running !== undefined) await end(running)
    await within(this.cleaning.then(removeOrphans), graceMs).catch(() => undefined)
  }

  private async launch(): Promise<Running> {
    try {
      const running = await launch(this.options)
      this.launched++
      markProfile(running.pid).catch(() => undefined)
      running.browser.on('disconnected', () => {
        this.running = undefined
        kill(running.pid)
        remove(running.folder)
      })
      return running
    } catch (error) {
      this.running = undefined
      throw notStarted(error as Error, this.options)
    }
  }
}

function notStarted(cause: Error, { chromiumPath }: BrowserOptions): RetrofitError {
  if (cause instanceof RetrofitError) return cause
  if (/chromium sandboxing failed|no usable sandbox/i.test(cause.message)) return noSandbox(cause)
  const [reason = ''] = cause.message.split('\n')
  if (!/executable doesn't exist/i.test(reason))
    return new RetrofitError('target_failed', { detail: `the browser did not start: ${reason}`, cause })
  return new RetrofitError('target_failed', {
    detail: chromiumPath === undefined ? 'this worker has no browser' : `this worker has no browser: ${chromiumPath} does not exist`,
    hint: 'Install Chromium on the worker (Debian: apt-get install chromium-headless-shell), or set CHROMIUM_PATH to a Chromium or Chrome.',
    retryable: false,
    cause
  })
}

async function launch(options: BrowserOptions): Promise<Running> {
  const { headless = true, chromiumSandbox: wish = 'on', environment } = options
  // Large, and of no use to a gateway: loaded by the first attempt.
  const { chromium, selectors } = await import('playwright-core')
  await registerEngines(selectors)
  const executable = executableOf(options, chromium)
  const confinement = await confine(wish)
  const folder = await makeOwnFolder(confinement.user)
  const removed = async (error: unknown) => {
    remove(folder)
    await removeEmptyProfiles()
    throw error
  }
  const start = await startOf({ executable, folder, confinement, environment }).catch(removed)
  const browser = await chromium
    .launch({
      artifactsDir: folder,
      headless,
      args: flags,
      chromiumSandbox: confinement.sandbox,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      timeout: 30_000,
      ...start
    })
    .catch(removed)
  return running(browser, folder, confinement)
}

async function running(browser: Browser, folder: string, { user }: Confinement): Promise<Running> {
  const pid = await within(pidOf(browser), askMs).catch(async error => {
    await within(browser.close(), graceMs).catch(() => undefined)
    remove(folder)
    throw error
  })
  if (user !== undefined) userOf.set(browser, user)
  return { browser, pid, folder }
}

/** Undefined: Playwright finds one that it has downloaded, or says that there is none. */
function executableOf(options: BrowserOptions, chromium: BrowserType): string | undefined {
  const path = options.chromiumPath ?? usualBrowser(options)
  // Playwright would leave a profile behind.
  if (path !== undefined && !existsSync(path)) throw new Error(`Executable doesn't exist at ${path}`)
  const own = chromium.executablePath()
  if (path !== undefined || existsSync(own)) return path ?? own
  // A browser that Playwright finds by itself starts under our own user.
  if (isRoot()) throw new Error(`Executable doesn't exist at ${own}`)
  return undefined
}

async function pidOf(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.find(each => each.type === 'browser')?.id ?? 0
}

const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true })

async function end(running: Running): Promise<void> {
  const { browser, pid } = running
  await within(browser.close(), graceMs).catch(() => undefined)
  kill(pid)
  for (let waited = 0; waited < graceMs && pid > 1 && (await isGroupRunning(pid)); waited += 20) await sleep(20)
  remove(running.folder)
}

/** The browser leads a process group of its own. */
function kill(pid: number): void {
  if (pid <= 1) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is dead already.
  }
}
