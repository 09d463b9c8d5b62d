/** The one browser of a worker: launched when it is needed, replaced when it has died, surely dead when closed. */
import { accessSync, constants, existsSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Browser, LaunchOptions } from 'playwright-core'
import { RetrofitError } from '../../src/index.ts'
import { egressFlags } from './egress.ts'
import { within } from './failure.ts'
import { isGroupRunning } from './processes.ts'
import { makeOwnFolder, markProfile, removeEmptyProfiles, removeOrphans } from './profiles.ts'

export interface BrowserOptions {
  readonly chromiumPath?: string | undefined
  readonly headless?: boolean | undefined
  /**
   * What the browser starts with. Only with it are its temporary files in a folder of their own, and only with it does the kernel kill it
   * with its worker. Without it: this process' environment.
   */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** Where a browser is looked for when no path is given. */
  readonly usualPaths?: readonly string[] | undefined
}

export interface Running {
  readonly browser: Browser
  readonly pid: number
  /** Of this browser alone; its temporary files are in it. */
  readonly folder: string
}

const graceMs = 3_000
/** Between looks for what killed processes left. */
const lookAgainMs = 2_000
/** The protocol itself knows no time limit. */
const askMs = 15_000
const tiedBrowser = fileURLToPath(new URL('tied-browser.sh', import.meta.url))
/** setpriv is of util-linux; where it is missing, a browser ends by itself when its worker is gone. */
const canTie = ['/usr/bin/setpriv', tiedBrowser].every(isExecutable)
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
  const { chromiumPath, headless = true, environment } = options
  // Large, and of no use to a gateway: loaded by the first attempt.
  const { chromium } = await import('playwright-core')
  const executablePath = chromiumPath ?? usualBrowser(options)
  // Playwright would leave a profile behind.
  if (executablePath !== undefined && !existsSync(executablePath)) throw new Error(`Executable doesn't exist at ${executablePath}`)
  const folder = await makeOwnFolder()
  const browser = await chromium
    .launch({
      artifactsDir: folder,
      headless,
      args: flags,
      // Root can not have the sandbox; everyone else keeps it.
      chromiumSandbox: process.getuid?.() !== 0,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      timeout: 30_000,
      ...startOf(executablePath, environment && { ...environment, TMPDIR: folder })
    })
    .catch(async error => {
      remove(folder)
      await removeEmptyProfiles()
      throw error
    })
  const pid = await within(pidOf(browser), askMs).catch(async error => {
    await within(browser.close(), graceMs).catch(() => undefined)
    remove(folder)
    throw error
  })
  return { browser, pid, folder }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function startOf(executablePath: string | undefined, env: BrowserOptions['environment']): Pick<LaunchOptions, 'executablePath' | 'env'> {
  if (executablePath === undefined) return { ...(env && { env }) }
  if (env === undefined || !canTie) return { executablePath, ...(env && { env }) }
  return { executablePath: tiedBrowser, env: { ...env, RETROFIT_BROWSER: executablePath } }
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
