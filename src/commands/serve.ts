/** `retrofit up`, `gateway`, `worker`: starts, says what to do first, stops when told to. */
import { UsageError } from '../cli.ts'
import { readSettings, type Settings } from '../config.ts'
import { lockFolder } from '../data-folder.ts'
import { isDistributed } from '../deployment.ts'
import { keepFilesPrivate } from '../private-files.ts'
import { type RunningSandbox, startSandboxes } from '../sandboxes.ts'
import { type Roles, type System, startSystem } from '../system.ts'
import { welcome } from './welcome.ts'

type Flags = Readonly<Record<string, unknown>>
type Role = 'up' | 'gateway' | 'worker'

const roles: Readonly<Record<Role, Roles>> = {
  up: { gateway: true, worker: true },
  gateway: { gateway: true, worker: false },
  worker: { gateway: false, worker: true }
}

export async function serve(role: Role, flags: Flags): Promise<number> {
  keepFilesPrivate()
  const settings = withFlags(readSettings(), flags)
  if (role !== 'up' && !isDistributed(settings)) {
    throw new UsageError(`retrofit ${role} needs RABBITMQ_URL and REDIS_URL; for one process without them use: retrofit up`)
  }
  const unlock = isDistributed(settings) ? () => undefined : lockFolder(settings.DATA_DIR)
  const sandboxes = flags.sandbox ? await startSandboxes(settings) : []
  try {
    const system = await startSystem(withSandboxes(settings, sandboxes), { ...roles[role], trial: flags.sandbox === true })
    // Heard from here on: whoever reads the welcome may send a signal at once.
    const told = firstSignal()
    process.stdout.write(welcome({ role, system, settings, sandboxes }))
    const problem = await Promise.race([told.then(() => undefined), system.broken])
    if (problem !== undefined) return await giveUp(system, problem)
    await stopGracefully(system, await told, settings)
    return 0
  } finally {
    await Promise.all(sandboxes.map(sandbox => sandbox.stop()))
    unlock()
  }
}

function withFlags(settings: Settings, flags: Flags): Settings {
  const port = flags.port === undefined ? settings.PORT : Number(flags.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError('--port: write a number from 0 to 65535')
  return { ...settings, PORT: port, WORKER_BOTS: typeof flags.bots === 'string' ? flags.bots : settings.WORKER_BOTS }
}

export function withSandboxes(settings: Settings, sandboxes: readonly RunningSandbox[]): Settings {
  const addresses = new Map(sandboxes.map(({ variable, url }) => [variable, url]))
  return { ...settings, manifestEnv: name => addresses.get(name) ?? settings.manifestEnv(name) }
}

/** Browsers and connections are closed within this time, or left to the next start. */
const giveUpMs = 5_000

const signals = ['SIGINT', 'SIGTERM'] as const

const firstSignal = (): Promise<string> =>
  new Promise(resolve => {
    for (const name of signals) process.once(name, () => resolve(name))
  })

/** The first signal stops gracefully, a second one at once. */
async function stopGracefully(system: System, signal: string, { SHUTDOWN_GRACE_MS }: Settings): Promise<void> {
  process.stderr.write(`${signal}: finishing what is under way (at most ${Math.round(SHUTDOWN_GRACE_MS / 1_000)} s) …\n`)
  for (const name of signals) process.once(name, () => process.exit(130))
  await system.stop()
}

/** Runs that are under way can not be written any more, and are taken up by the next start: the same as after a crash. */
async function giveUp(system: System, problem: Error): Promise<number> {
  process.stderr.write(`${problem.message}\nThis process ends; whatever supervises it starts the next one.\n`)
  const timer = setTimeout(() => process.exit(1), giveUpMs)
  await system.stop().catch(() => undefined)
  clearTimeout(timer)
  return 1
}
