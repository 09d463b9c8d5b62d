/**
 * The runs that workers of this process hold. Where the lease of one ran out, its worker is late and not lost: it is here, renews the
 * lease as soon as it has its turn, and is stopped by its own time limit.
 */
import type { Store } from '../core/ports.ts'
import type { Run } from '../core/types.ts'

const held = new WeakMap<Store, Set<string>>()

/** Ends with what it answers. */
export function holdHere(store: Store, worker: string): () => void {
  const workers = held.get(store) ?? new Set()
  held.set(store, workers.add(worker))
  return () => void workers.delete(worker)
}

export const isHeldHere = (store: Store, { lease }: Run): boolean => lease !== undefined && held.get(store)?.has(lease.worker) === true
