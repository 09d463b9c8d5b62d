/** One process of the system under test, started again whenever it ends, as a supervisor would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Leash } from '../e2e/leash.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
/** A busy machine takes its time, and this limit is for programs that never will. */
const startLimitMs = 120_000

export type Env = Readonly<Record<string, string>>

/** Less garbage is collected while it starts. */
const quickStart = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=32']

export interface Part {
  readonly role: 'up' | 'gateway' | 'worker'
  readonly pid: number
  readonly starts: number
  /** Where it answers, also after a restart; '' for a worker. */
  readonly url: string
  /** Resolves when the process that runs now, or the next one, is ready. */
  ready(): Promise<void>
  /** Sets the crash points of the process that runs now. */
  arm(points: string): Promise<void>
  signal(name: NodeJS.Signals): void
  /** kill -9, and waits until that process is gone; another one starts by itself. */
  kill(): Promise<void>
  /** What the next processes start with, beside the rest. */
  next(env: Env): void
  /** SIGTERM; another one starts when it has gone. Answers its exit code. */
  roll(env?: Env): Promise<number | null>
  /** SIGTERM or, when it does not go, kill -9; none starts again. */
  end(): Promise<void>
}

export interface PartOptions {
  readonly role: Part['role']
  /** Its path. */
  readonly program: string
  readonly port: number
  readonly env: Env
  readonly leash: Leash
  /** What it writes. */
  readonly onOutput: (text: string) => void
  /** Before each start but the first. */
  readonly beforeRestart?: (() => void) | undefined
}

interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  readonly ready: Promise<void>
}

export function startPart({ role, program, port, env, leash, onOutput, beforeRestart }: PartOptions): Part {
  let extra: Env = {}
  let over = false
  let starts = 0
  const launch = (): Running => {
    if (starts++ > 0) beforeRestart?.()
    const child = spawn(process.execPath, [...quickStart, program, role], {
      cwd: root,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env, ...extra, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc']
    })
    leash.hold(child.pid as number)
    const ended = once(child, 'exit').then(() => leash.drop(child.pid as number))
    const ready = new Promise<void>(resolve => child.stdout?.on('data', text => /is ready/.test(String(text)) && resolve()))
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', text => onOutput(String(text)))
    void ended.then(() => {
      // A program that cannot start is no reason to take the machine along.
      if (!over)
        setTimeout(
          () => {
            if (!over) running = launch()
          },
          starts > 3 ? 100 : 0
        )
    })
    return { child, ended, ready }
  }
  let running = launch()
  const ready = async (): Promise<void> => {
    for (const until = Date.now() + startLimitMs; Date.now() < until; ) {
      const { ready, ended, child } = running
      const how = await Promise.race([ready.then(() => 'ready'), ended.then(() => 'ended'), pause(until - Date.now())])
      if (how === 'ready' && isAlive(child)) return
      await pause(10)
    }
    throw new Error(`the ${role} did not become ready within ${startLimitMs} ms`)
  }
  const kill = async () => {
    const { child, ended } = running
    if (isAlive(child)) child.kill('SIGKILL')
    await ended
  }
  return {
    role,
    url: role === 'worker' ? '' : `http://127.0.0.1:${port}`,
    get pid() {
      return running.child.pid as number
    },
    get starts() {
      return starts
    },
    ready,
    kill,
    signal: name => void running.child.kill(name),
    async arm(points) {
      await ready()
      const { child, ended } = running
      const armed = once(child, 'message')
      child.send(points, () => undefined)
      await Promise.race([armed, ended, pause(startLimitMs)])
    },
    next(env) {
      extra = env
    },
    async roll(env = {}) {
      extra = env
      const { child, ended } = running
      child.kill('SIGTERM')
      await ended
      return child.exitCode
    },
    async end() {
      over = true
      const { child, ended } = running
      if (!isAlive(child)) return
      child.kill('SIGCONT')
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), 12_000)
      await ended
      clearTimeout(timer)
    }
  }
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms).unref())
