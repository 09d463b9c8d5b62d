/** Versions of a registered bot: the newest ten stay, and those that a run may still need. */
import type { Records } from '../core/ports.ts'
import { mostOf, overQuota, type Quotas } from './quotas.ts'

export interface ShelfParts {
  readonly records: Records
  readonly quotas?: Quotas | undefined
  /** Which of these versions rows of runs need. Absent: all. */
  readonly neededVersions?: ((ids: readonly string[]) => Promise<readonly string[]>) | undefined
}

/** The newest first; `at` is when it was registered, in Unix milliseconds. */
interface Kept {
  readonly id: string
  readonly at: number
}

const alwaysKept = 10
/** A process that has not heard of the next version yet may begin a run on it. */
export const restMs = 600_000

/** Makes room for a version, taking away those that nobody needs. Throws quota_exceeded. Answers what was taken away. */
export async function shelve(parts: ShelfParts, name: string, id: string, now = Date.now()): Promise<readonly string[]> {
  const before = ((await parts.records.get('bot-shelf', name)) ?? []) as unknown as readonly Kept[]
  const all: readonly Kept[] = [{ id, at: now }, ...before.filter(kept => kept.id !== id)]
  const old = all.filter((_, place) => place >= alwaysKept && now - (all[place - 1]?.at ?? now) > restMs).map(kept => kept.id)
  const needed = old.length === 0 ? [] : ((await parts.neededVersions?.(old)) ?? old)
  const gone = new Set(old.filter(one => !needed.includes(one)))
  const kept = all.filter(one => !gone.has(one.id))
  if (kept.length > mostOf(parts, 'versions')) throw overQuota(parts, 'versions', kept.length - 1)
  for (const one of gone) await parts.records.delete('bot-version', one)
  await parts.records.put('bot-shelf', name, kept as unknown as Parameters<Records['put']>[2])
  return [...gone]
}
