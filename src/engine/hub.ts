/** Wakes whoever waits for a run. The store's events may be missed, so every wait also looks from time to time. */
import type { Store } from '../core/ports.ts'
import { hasEnded } from '../core/run.ts'
import type { RunEvent } from '../core/run-event.ts'
import type { Run } from '../core/types.ts'

export interface Hub {
  on(runId: string, listener: (event: RunEvent) => void): () => void
  /** The run when it has ended, or as it is after `waitMs`, or when the signal aborts. */
  ended(run: Run, options: { readonly waitMs: number; readonly signal?: AbortSignal }): Promise<Run>
  close(): void
}

const pollMs = 2_000
const remembered = 5_000

export function createHub(store: Store): Hub {
  const listeners = new Map<string, Set<(event: RunEvent) => void>>()
  /** Revisions heard lately: a run may end between its creation and the wait for it. */
  const heard = new Map<string, number>()
  const unwatch = store.watch(event => {
    if (event.type === 'status') remember(heard, event)
    for (const listener of listeners.get(event.runId) ?? []) listener(event)
  })
  const on: Hub['on'] = (runId, listener) => {
    const set = listeners.get(runId) ?? new Set()
    listeners.set(runId, set.add(listener))
    return () => {
      set.delete(listener)
      if (set.size === 0 && listeners.get(runId) === set) listeners.delete(runId)
    }
  }
  return { on, close: unwatch, ended: (run, options) => waitForEnd({ store, on, heard, run, ...options }) }
}

function remember(heard: Map<string, number>, event: RunEvent & { type: 'status' }): void {
  if (!hasEnded(event)) return
  heard.set(event.runId, event.revision)
  if (heard.size > remembered) heard.delete(heard.keys().next().value as string)
}

interface Wait {
  readonly store: Store
  readonly on: Hub['on']
  readonly heard: ReadonlyMap<string, number>
  readonly run: Run
  readonly waitMs: number
  readonly signal?: AbortSignal
}

async function waitForEnd({ store, on, heard, run, waitMs, signal }: Wait): Promise<Run> {
  if (hasEnded(run) || waitMs <= 0 || signal?.aborted) return run
  const giveUpAt = performance.now() + waitMs
  let latest = run
  while (!hasEnded(latest) && performance.now() < giveUpAt && !signal?.aborted) {
    const missed = (heard.get(run.id) ?? 0) > latest.revision
    const ms = Math.max(1, Math.min(pollMs, giveUpAt - performance.now()))
    latest = (missed ? undefined : await nextEnd({ on, runId: run.id, ms, signal })) ?? (await store.getRun(run.id)) ?? latest
  }
  return latest
}

interface NextEnd {
  readonly on: Hub['on']
  readonly runId: string
  readonly ms: number
  readonly signal: AbortSignal | undefined
}

/** The run when the event brings it; undefined: look it up. */
function nextEnd({ on, runId, ms, signal }: NextEnd): Promise<Run | undefined> {
  return new Promise(resolve => {
    const done = (run?: Run) => {
      off()
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
      resolve(run)
    }
    const stop = () => done()
    const off = on(runId, event => event.type === 'status' && hasEnded(event) && done(event.run))
    const timer = setTimeout(stop, ms)
    signal?.addEventListener('abort', stop)
  })
}
