/** The real program as a child process: `node src/main.ts up|gateway|worker`, on a free port, with its output kept. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Leash } from './leash.ts'
import { descendants, type ProcessMark } from './processes.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** Generous: a machine may be busy with other tests. */
const startLimitMs = 120_000
const stopLimitMs = 60_000

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Program {
  readonly pid: number
  /** Of the gateway; '' for a worker. */
  readonly url: string
  /** Everything that it wrote so far. */
  output(): Buffer
  /** What runs below it now: sandboxes, browsers. */
  children(): readonly ProcessMark[]
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
  /** SIGTERM, and waits for its end. */
  stop(): Promise<Ended>
}

export interface ProgramOptions {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly leash: Leash
}

/** Nothing of the machine's own settings gets in. */
const childEnv = (env: Readonly<Record<string, string>>) => ({ PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env })

interface Spawned {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  output(): Buffer
}

function spawnProgram({ args, env, leash }: ProgramOptions): Spawned {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/main.ts', ...args], {
    cwd: root,
    env: childEnv(env),
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const pid = child.pid as number
  leash.hold(pid)
  const chunks: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = once(child, 'exit').then(([code, signal]) => {
    leash.drop(pid)
    return { code, signal } as Ended
  })
  return { child, ended, output: () => Buffer.concat(chunks) }
}

/** Resolves when the program says that it is ready. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { child, ended, output } = spawnProgram(options)
  const ready = new Promise<void>(resolve => child.stdout?.on('data', () => /is ready/.test(output().toString()) && resolve()))
  const timer = setTimeout(() => child.kill('SIGKILL'), startLimitMs)
  const failed = ended.then(({ code, signal }) => {
    throw new Error(`${options.args.join(' ')} ended before it was ready (${code ?? signal}):\n${output()}`)
  })
  await Promise.race([ready, failed])
  failed.catch(() => {})
  clearTimeout(timer)
  return {
    pid: child.pid as number,
    url: /is ready on (http:\/\/\S+)/.exec(output().toString())?.[1] ?? '',
    output,
    children: () => descendants(child.pid as number),
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    stop: () => stop(child, ended)
  }
}

async function stop(child: ChildProcess, ended: Promise<Ended>): Promise<Ended> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs)
  try {
    return await ended
  } finally {
    clearTimeout(timer)
  }
}

/** Runs a command to its end. */
export async function runProgram(options: ProgramOptions): Promise<Ended & { readonly output: string }> {
  const { child, ended, output } = spawnProgram(options)
  const timer = setTimeout(() => child.kill('SIGKILL'), startLimitMs)
  const result = await ended
  clearTimeout(timer)
  return { ...result, output: output().toString() }
}
