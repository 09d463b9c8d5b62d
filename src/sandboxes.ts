/** The stand-ins of the sample bots, each as its own process, so that a crash of ours does not take the target with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Settings, sandboxEnvironment } from './config.ts'

export interface RunningSandbox {
  readonly bot: string
  /** The variable that the bot's manifest reads its address from. */
  readonly variable: string
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

const startLimitMs = 15_000

/** Starts `<bots>/<bot>/sandbox/main.ts` of every bot whose `<BOT>_URL` is not set, with the sandbox's own credentials where none are. */
export async function startSandboxes(settings: Settings): Promise<readonly RunningSandbox[]> {
  const wanted = readdirSync(settings.BOTS_DIR, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && existsSync(join(settings.BOTS_DIR, entry.name, 'sandbox', 'main.ts')))
    .map(({ name }) => ({ bot: name, variable: `${name.toUpperCase()}_URL` }))
    .filter(({ variable }) => !settings.isInEnvironment(variable))
  const started = await Promise.allSettled(wanted.map(one => startSandbox(settings, one)))
  const running = started.filter(result => result.status === 'fulfilled').map(({ value }) => value)
  const failed = started.find(result => result.status === 'rejected')
  if (failed === undefined) return running
  await Promise.all(running.map(sandbox => sandbox.stop()))
  throw failed.reason
}

async function startSandbox(settings: Settings, { bot, variable }: { bot: string; variable: string }): Promise<RunningSandbox> {
  const folder = join(settings.BOTS_DIR, bot, 'sandbox')
  provideCredentials(settings, { bot, folder })
  const ledger = join(settings.DATA_DIR, 'sandbox', `${bot}.ledger.jsonl`)
  // The channel's end tells the child that its parent has gone, however it went.
  const child = spawn(process.execPath, [join(folder, 'main.ts')], {
    env: sandboxEnvironment(bot, { PORT: '0', LEDGER: ledger }),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc']
  })
  const url = await firstAddress(child, bot)
  return { bot, variable, url, pid: child.pid ?? 0, stop: () => stop(child) }
}

function provideCredentials({ SECRETS_DIR }: Settings, { bot, folder }: { bot: string; folder: string }): void {
  const [from, to] = [join(folder, 'credentials.json'), join(SECRETS_DIR, `${bot}.json`)]
  if (!existsSync(from) || existsSync(to)) return
  mkdirSync(SECRETS_DIR, { recursive: true, mode: 0o700 })
  writeFileSync(to, readFileSync(from), { mode: 0o600 })
}

/** Sandboxes print `… on http://…` when they listen. */
function firstAddress(child: ChildProcess, bot: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The sandbox of ${bot} did not start within ${startLimitMs / 1_000} s.`)), startLimitMs)
    child.once('exit', code => reject(new Error(`The sandbox of ${bot} ended with code ${code}.`)))
    if (child.stdout === null) return
    createInterface(child.stdout).on('line', line => {
      const url = /https?:\/\/\S+/.exec(line)?.[0]
      if (url === undefined) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000)
  await gone
  clearTimeout(timer)
}
