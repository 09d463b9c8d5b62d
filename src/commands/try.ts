/** `retrofit try`: one attempt of one action, in this process, with all that it showed on the way. */
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadAdapters } from '../../adapters/index.ts'
import { UsageError } from '../cli.ts'
import { readSettings, type Settings, windowEnvironment } from '../config.ts'
import { durationMs, durationPattern } from '../core/duration.ts'
import { plainText } from '../core/plain-text.ts'
import { openDeployment } from '../deployment.ts'
import { formatIssues } from '../manifest/issue.ts'
import { keepFilesPrivate } from '../private-files.ts'
import { startSandboxes } from '../sandboxes.ts'
import { type Sources, type System, startSystem } from '../system.ts'
import { ask } from './call.ts'
import { createClient } from './client.ts'
import { withSandboxes } from './serve.ts'
import { Trial } from './trial.ts'
import type { Tried } from './tried.ts'
import { type FoundAction, findAction } from './try-action.ts'
import { createTryFolder } from './try-folder.ts'
import { createKeyboard } from './try-keyboard.ts'
import { begin, conclude, stepLine } from './try-report.ts'

type Flags = Readonly<Record<string, unknown>>

export async function tryAction(name: string, inputs: readonly string[], flags: Flags): Promise<number> {
  keepFilesPrivate()
  const stepMs = checkFlags(flags)
  const given = readSettings()
  const sandboxes = flags.sandbox ? await startSandboxes(given) : []
  const scratch = mkdtempSync(join(tmpdir(), 'retrofit-try-'))
  const settings = withSandboxes(given, sandboxes)
  const keyboard = createKeyboard()
  try {
    const found = await find(name, { settings, scratch, flags })
    checkBrowser(found, flags)
    const isDry = found.action.effect !== 'read' && flags.commit !== true
    const folder = createTryFolder({
      wanted: typeof flags.out === 'string' ? flags.out : undefined,
      home: join(given.DATA_DIR, 'try'),
      name: `${name}-${stamp(new Date())}`
    })
    const tell = flags.json ? () => undefined : (step: Parameters<typeof stepLine>[0]) => void process.stderr.write(stepLine(step))
    const trial = new Trial({ stepMs, isDry, stepwise: flags.step === true, keepOpen: flags.keepOpen === true, folder, keyboard, tell })
    const tried = { ...found, inputs, flags, trial, folder, isDry, key: randomUUID(), stepMs }
    return await attempt(ofThisAttempt(settings, scratch), tried)
  } finally {
    keyboard.close()
    await Promise.all(sandboxes.map(sandbox => sandbox.stop()))
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  }
}

/** Answers the longest that a step may take. */
function checkFlags({ timeout, step, headed }: Flags): number {
  const text = String(timeout ?? '5s')
  if (!new RegExp(durationPattern).test(text)) throw new UsageError(`--timeout: write a duration such as 5s or 500ms, not ${text}`)
  if (step && !process.stdin.isTTY) throw new UsageError('--step waits for Enter before each step, so it needs a terminal as its input')
  if (headed && process.platform === 'linux' && !windowEnvironment().DISPLAY)
    throw new UsageError('--headed shows the browser on a screen, and DISPLAY is not set: leave it out, or run it in xvfb-run')
  return durationMs(text)
}

function checkBrowser({ bot }: FoundAction, { headed, keepOpen }: Flags): void {
  if (bot.adapter === 'playwright' || !(headed || keepOpen)) return
  throw new UsageError(
    `${headed ? '--headed' : '--keep-open'} is for actions in a browser, and ${bot.name} has none (adapter: ${bot.adapter})`
  )
}

const stamp = (now: Date): string => now.toISOString().replaceAll(/[-:]|\.\d+/g, '')

async function find(
  name: string,
  { settings, scratch, flags }: { settings: Settings; scratch: string; flags: Flags }
): Promise<FoundAction> {
  const into = join(scratch, 'bots')
  mkdirSync(into)
  const adapters = await loadAdapters({ chromiumSandbox: settings.CHROMIUM_SANDBOX || 'on' })
  try {
    const time = flags.step || flags.keepOpen ? '24h' : '10m'
    const found = await findAction(name, { botsDir: settings.BOTS_DIR, into, adapters, env: settings.manifestEnv, time })
    if (found.warnings.length > 0) process.stderr.write(`${plainText(formatIssues(found.warnings))}\n`)
    return found
  } finally {
    await Promise.all(Object.values(adapters).map(adapter => adapter.close()))
  }
}

const dayMs = 86_400_000

/** A ledger that nobody else has, and one attempt: what is known of the target and its secrets is as it is. */
const ofThisAttempt = (settings: Settings, scratch: string): Settings => ({
  ...settings,
  HOST: '127.0.0.1',
  PORT: 0,
  PUBLIC_URL: '',
  DATA_DIR: join(scratch, 'data'),
  BOTS_DIR: join(scratch, 'bots'),
  BOTS_OVER_HTTP: 'off',
  RABBITMQ_URL: '',
  REDIS_URL: '',
  RETROFIT_ADMIN_KEY: '',
  RETROFIT_DATA_KEY: '',
  OIDC_ISSUER: '',
  OTEL_EXPORTER_OTLP_ENDPOINT: '',
  WORKER_BOTS: '',
  MAX_ATTEMPTS: 1,
  MAX_RUN_MS: dayMs,
  SHUTDOWN_GRACE_MS: 0,
  LOG_LEVEL: 'silent'
})

/** Ctrl-C ends the browser, and with it the attempt. */
async function attempt(settings: Settings, tried: Tried): Promise<number> {
  const interrupted = Promise.withResolvers<'interrupted'>()
  const interrupt = () => interrupted.resolve('interrupted')
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, interrupt)
  const system = await startSystem(settings, { gateway: true, worker: true, trial: tried.flags.sandbox === true }, sourcesOf(tried))
  try {
    const work = carryOut(system, tried)
    work.catch(() => undefined)
    const code = await Promise.race([work, interrupted.promise])
    if (code !== 'interrupted') return code
    process.stderr.write(`\nended; the browser is closed\n${tried.trial.crossed ? perhapsDone : ''}`)
    return 130
  } finally {
    await system.stop()
    for (const signal of signals) process.off(signal, interrupt)
  }
}

const perhapsDone = 'It had crossed its commit point: look into the target whether the effect is there before you try again.\n'

async function carryOut(system: System, tried: Tried): Promise<number> {
  const { action, inputs, flags, key } = tried
  const client = createClient({ url: system.url, key: system.adminKey })
  begin(tried)
  const asked = { wait: String(dayMs / 1_000), idempotencyKey: key, quiet: true }
  const answer = await ask(client, { action: action.name, inputs, flags: { ...asked, fields: flags.fields } })
  return conclude(client, answer, tried)
}

const sourcesOf = ({ trial, flags }: Tried): Sources => ({
  openDeployment,
  loadAdapters: async (options = {}, kinds) => {
    const adapters = await loadAdapters(flags.headed ? withWindow(options) : options, kinds)
    return Object.fromEntries(Object.entries(adapters).map(([kind, adapter]) => [kind, trial.watch(adapter)]))
  }
})

/** The browser has a home of its own, so it is told where the right to the screen is kept. */
function withWindow(options: NonNullable<Parameters<typeof loadAdapters>[0]>): typeof options {
  const usual = join(homedir(), '.Xauthority')
  const right = existsSync(usual) ? { XAUTHORITY: usual } : {}
  return { ...options, headless: false, environment: { ...options.environment, ...right, ...windowEnvironment() } }
}
