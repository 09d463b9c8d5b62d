/** A program under measurement: a child process that says where it listens. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

export interface Program {
  /** The address in its `READY` or welcome line; '' when it prints none. */
  readonly url: string
  readonly pid: number
  /** From spawn to the line that says it is ready, in milliseconds. */
  readonly readyMs: number
  stop(): Promise<void>
}

const startLimitMs = 30_000
/** As many open connections as the machine lets a program have; the shell becomes the program. */
const unlimited = ['-c', 'ulimit -n "$(ulimit -H -n)"; exec "$0" "$@"', process.execPath]

export function startProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { limitMs = startLimitMs }: { readonly limitMs?: number } = {}
): Promise<Program> {
  const begun = performance.now()
  const child = spawn('sh', [...unlimited, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${args.join(' ')} was not ready in time`)), limitMs)
    child.once('exit', code => reject(new Error(`${args.join(' ')} ended with code ${code}`)))
    if (child.stdout === null) return
    createInterface(child.stdout).on('line', line => {
      if (!/ready|sandbox on/i.test(line)) return
      clearTimeout(timer)
      resolve({
        url: /https?:\/\/\S+/.exec(line)?.[0] ?? '',
        pid: child.pid ?? 0,
        readyMs: performance.now() - begun,
        stop: () => stop(child)
      })
    })
  })
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(timer)
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const line = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Math.round(Number(line?.[1] ?? 0) / 102.4) / 10
}

/** Runs a program to its end and reads its last line as JSON. */
export function runToJson<T>(args: readonly string[]): Promise<T> {
  const child = spawn('sh', [...unlimited, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', chunk => {
    out += chunk
  })
  return new Promise((resolve, reject) =>
    child.once('exit', code =>
      code === 0 ? resolve(JSON.parse(out.trim().split('\n').at(-1) ?? '')) : reject(new Error(`${args[0]} ended with code ${code}`))
    )
  )
}
