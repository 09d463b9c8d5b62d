/** One test's own world: a folder, the stand-ins (children of the test, so that no program takes them along), and the programs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Effect, readEffects } from '../../bots/sandbox.ts'
import { openLeash } from './leash.ts'
import { type Program, runProgram, startProgram } from './program.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
export const adminKey = 'end-to-end-admin-key'

export type Env = Readonly<Record<string, string>>

export interface FaultsNow {
  readonly times: number
}

export interface Target {
  readonly url: string
  readonly ledger: string
  effects(): readonly Effect[]
  /** How it misbehaves from now on. Answers all of that; `times`: how many effects more. */
  faults(changes: object): Promise<FaultsNow>
}

export interface Site {
  readonly dir: string
  readonly dataDir: string
  readonly botsDir: string
  readonly secretsDir: string
  /** Copies the manifest of a sample bot into this site's folder; `change` may edit it. */
  addBot(name: string, source: string): void
  copyBot(name: string, change?: (source: string) => string): void
  writeSecret(name: string, credentials: Env): void
  startTarget(bot: string, env?: Env): Promise<Target>
  start(command: string, env?: Env): Promise<Program>
  run(command: string, env?: Env): ReturnType<typeof runProgram>
  /** Undone last first, whatever the test did. */
  onClose(work: () => Promise<void> | void): void
  close(): Promise<void>
}

/** Quick enough to see a take-over in a test, slow enough for a busy machine. Bots that are registered name an address of nobody. */
const quick: Env = {
  LEASE_MS: '1000',
  SWEEP_MS: '100',
  SHUTDOWN_GRACE_MS: '5000',
  BREAKER_FAILURES: '1000',
  TARGET_ORIGINS: 'http://127.0.0.1:9'
}

export function openSite(settings: Env = {}): Site {
  const dir = mkdtempSync(join(tmpdir(), 'retrofit-e2e-'))
  const [dataDir, botsDir, secretsDir] = ['data', 'bots', 'secrets'].map(name => join(dir, name)) as [string, string, string]
  for (const folder of [dataDir, botsDir, secretsDir]) mkdirSync(folder)
  const leash = openLeash(dir)
  const undo: (() => Promise<void> | void)[] = []
  const addresses: Record<string, string> = {}
  const env = (extra: Env): Env => ({
    PORT: '0',
    DATA_DIR: dataDir,
    BOTS_DIR: botsDir,
    SECRETS_DIR: secretsDir,
    RETROFIT_ADMIN_KEY: adminKey,
    ...quick,
    ...settings,
    ...addresses,
    ...extra
  })
  const addBot: Site['addBot'] = (name, source) => {
    mkdirSync(join(botsDir, name), { recursive: true })
    writeFileSync(join(botsDir, name, 'bot.yaml'), source)
  }
  return {
    dir,
    dataDir,
    botsDir,
    secretsDir,
    addBot,
    copyBot: (name, change = source => source) => addBot(name, change(manifestOf(name))),
    writeSecret: (name, credentials) => writeFileSync(join(secretsDir, `${name}.json`), JSON.stringify(credentials)),
    startTarget: async (bot, extra = {}) => {
      const ledger = join(dataDir, 'sandbox', `${bot}.ledger.jsonl`)
      const given = join(secretsDir, `${bot}.json`)
      if (!existsSync(given)) copyFileSync(join(root, 'bots', bot, 'sandbox', 'credentials.json'), given)
      const { child, url } = await startSandbox(bot, { PORT: '0', LEDGER: ledger, ...extra })
      undo.unshift(() => endSandbox(child))
      addresses[`${bot.toUpperCase()}_URL`] = url
      return { url, ledger, effects: () => readEffects(ledger), faults: changes => setFaults(url, changes) }
    },
    start: async (command, extra = {}) => {
      const program = await startProgram({ args: command.split(' '), env: env(extra), leash })
      undo.unshift(() => program.kill())
      return program
    },
    run: (command, extra = {}) => runProgram({ args: command.split(' '), env: env(extra), leash }),
    onClose: work => undo.unshift(work),
    close: async () => {
      const failures: unknown[] = []
      for (const work of undo.splice(0)) await Promise.resolve(work()).catch(error => failures.push(error))
      // A program that a failed test never got to see is killed too.
      leash.end()
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
      if (failures.length > 0) throw failures[0]
    }
  }
}

export const manifestOf = (bot: string): string => readFileSync(join(root, 'bots', bot, 'bot.yaml'), 'utf8')

/** Prints `… on http://…` when it listens, and ends when the channel to this process does. */
async function startSandbox(bot: string, env: Env): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [join(root, 'bots', bot, 'sandbox', 'main.ts')], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc']
  })
  const url = new Promise<string>((resolve, reject) => {
    child.once('exit', code => reject(new Error(`the sandbox of ${bot} ended with code ${code}`)))
    if (child.stdout !== null) createInterface(child.stdout).on('line', line => resolve(/http:\/\/\S+/.exec(line)?.[0] ?? ''))
  })
  return { child, url: await url }
}

async function endSandbox(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function setFaults(url: string, changes: object): Promise<FaultsNow> {
  const body = JSON.stringify(changes)
  const answer = await fetch(new URL('/__sandbox/faults', url), { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  if (answer.status !== 200) throw new Error(`faults: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as FaultsNow
}
