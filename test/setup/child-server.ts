import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A real server, started for a test, with a folder of its own under the system's temporary one. */
export interface ChildServer {
  readonly url: string
  readonly port: number
  readonly dir: string
  /** Of the server that runs now; another one after `restart()`. */
  readonly pid: number
  /** Ends it, waits until it is gone, and removes its folder. */
  stop(): Promise<void>
  /** kill -9, and waits until it is gone. Its data stay, for `restart()`. */
  kill(): Promise<void>
  /** Starts it again on its data and its port, killing it first when it still runs. */
  restart(): Promise<void>
}

export interface ServerRecipe {
  readonly name: string
  readonly url: string
  readonly port: number
  readonly dir: string
  readonly readyMs: number
  readonly processes: readonly {
    readonly command: string
    readonly args: readonly string[]
    readonly env?: Readonly<Record<string, string>>
  }[]
  /** Resolves when the server answers, rejects while it does not yet. */
  probe(): Promise<unknown>
}

export function newServerDir(name: string): string {
  return mkdtempSync(join(tmpdir(), `retrofit-${name}-`))
}

/** Starts the recipe's processes; the last one is the server, those before it are what it needs. */
export async function startChildServer(recipe: ServerRecipe): Promise<ChildServer> {
  let running = await launch(recipe)
  return {
    url: recipe.url,
    port: recipe.port,
    dir: recipe.dir,
    get pid() {
      return running.pid
    },
    kill: () => running.end(),
    async stop() {
      await running.end()
      await rm(recipe.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
    async restart() {
      await running.end()
      running = await launch(recipe)
    }
  }
}

async function launch(recipe: ServerRecipe) {
  const log = join(recipe.dir, 'output.log')
  const output = openSync(log, 'a')
  const children = recipe.processes.map(({ command, args, env }) =>
    // A group of its own: Ctrl-C reaches jest, not the servers that jest still needs; and the whole group can be killed at once.
    spawn(command, args, { cwd: recipe.dir, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', output, output] })
  )
  const leash = holdLeash(children, recipe.dir)
  const end = async () => {
    await Promise.all(children.map(killGroup))
    leash.kill('SIGKILL')
  }
  const server = children.at(-1) as ChildProcess
  try {
    await untilReady(recipe, server)
  } catch (error) {
    await end()
    throw new Error(`${recipe.name} did not start. Its output:\n${readFileSync(log, 'utf8').slice(-2000)}`, { cause: error })
  }
  return { pid: server.pid as number, end }
}

async function untilReady(recipe: ServerRecipe, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + recipe.readyMs
  let failure: Error | undefined
  server.once('error', error => {
    failure = error
  })
  for (;;) {
    const answer = await recipe.probe().then(
      () => undefined,
      (error: Error) => error
    )
    if (failure ?? (server.exitCode === null ? undefined : answer)) throw failure ?? answer
    if (answer === undefined) return
    if (Date.now() > deadline) throw answer
    await sleep(50)
  }
}

async function killGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await gone
}

/**
 * Kills the servers and removes their folder when this process is gone, however it went: a shell that waits for the end of a pipe
 * which only this process holds open. Signal handlers would not see a kill -9.
 */
function holdLeash(children: readonly ChildProcess[], dir: string): ChildProcess {
  const script = 'dir=$1; shift; read -r line; for pid; do kill -s KILL -- "-$pid"; done 2>/dev/null; sleep 0.2; rm -rf -- "$dir"'
  const pids = children.flatMap(child => (child.pid === undefined ? [] : [String(child.pid)]))
  const leash = spawn('sh', ['-c', script, 'leash', dir, ...pids], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  leash.unref()
  return leash
}
