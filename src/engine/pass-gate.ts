/** Through the idempotency gate: a new run, or the one that a key belongs to; a failed one without an effect hands its keys on. */
import { RetrofitError } from '../core/errors.ts'
import type { Created, Gate } from '../core/ports.ts'
import { freesKey, linkRetry } from '../core/run.ts'
import type { Run } from '../core/types.ts'
import type { Parts } from './parts.ts'

interface Entry {
  /** The new run; the same id each time. */
  make(retryOf: string | undefined): Run
  readonly gate: Omit<Gate, 'succeeds' | 'quotas'>
  /** Somebody asks for this one to be run again. Absent: the keys say whether there was one before. */
  readonly again?: Run | undefined
}

/** `existing` is the last of the keys' runs, and never one that hands its keys on. Two callers at once get one new run. */
export async function passGate(parts: Parts, { make, gate, again }: Entry): Promise<Created> {
  const isFree = (run: Run) => (again === undefined ? freesKey(run) : run.id === again.id && run.retriedBy === undefined)
  if (again !== undefined && !isFree(again)) return { outcome: 'existing', run: (await chainOf(parts, again)).at(-1) as Run }
  const before = new Map<string, Run>(again === undefined ? [] : [[again.id, again]])
  const past = new Set<string>()
  for (;;) {
    const run = make([...before.keys()].at(-1))
    const linked = [...before.values()].map(one => linkRetry(one, run.id, parts.store.now()))
    const succeeds = linked.length === 0 ? undefined : { linked, past: [...past] }
    const created = await createRun(parts, run, { ...gate, quotas: parts.settings.quotas, succeeds })
    if (created.outcome !== 'existing') return created
    const chain = await chainOf(parts, created.run)
    const last = chain.at(-1) as Run
    if (!isFree(last)) return { outcome: 'existing', run: last }
    before.delete(last.id)
    before.set(last.id, last)
    for (const { id } of chain) past.add(id)
  }
}

async function createRun(parts: Parts, run: Run, gate: Gate): Promise<Created> {
  try {
    return await parts.store.createRun(run, gate)
  } catch (cause) {
    throw notTaken(run, gate, cause)
  }
}

/** A write that failed may still have landed: with a key the next try finds out; without one the call was a read. */
function notTaken(run: Run, { keys }: Gate, cause: unknown): RetrofitError {
  const hint =
    keys.length > 0
      ? 'Wait as long as Retry-After says, then send the same call with the same key: if this one was taken after all, you get its run.'
      : 'Wait as long as Retry-After says, then send the call again: it only reads.'
  return new RetrofitError('not_ready', { detail: `The ledger did not confirm run ${run.id}.`, retryAfterMs: 2_000, hint, cause })
}

/** The run and those that did it again, one after the other. */
async function chainOf({ store }: Parts, run: Run): Promise<readonly Run[]> {
  const chain = [run]
  for (let at = run; at.retriedBy !== undefined; ) {
    const following = await store.getRun(at.retriedBy)
    if (following === undefined) break
    at = following
    chain.push(at)
  }
  return chain
}
