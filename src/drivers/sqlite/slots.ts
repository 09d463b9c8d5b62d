import type { Store } from '../../core/ports.ts'

type Holders = Map<string, number>

/**
 * Slots are kept in memory, by file: one process alone runs on it, and when it dies nobody holds a slot.
 * In the file each would cost a run two more commits.
 */
const byFile = new Map<string, Map<string, Holders>>()

export function slots(file: string, now: () => number): Pick<Store, 'acquireSlot' | 'releaseSlot'> {
  const named = byFile.get(file) ?? new Map<string, Holders>()
  if (file !== '') byFile.set(file, named)
  const holdersOf = (name: string): Holders => {
    const holders = named.get(name) ?? new Map<string, number>()
    for (const [holder, until] of holders) if (until <= now()) holders.delete(holder)
    named.set(name, holders)
    return holders
  }
  return {
    async acquireSlot({ name, holder, limit, untilMs }) {
      const holders = holdersOf(name)
      if (!holders.has(holder) && holders.size >= limit) return false
      holders.set(holder, untilMs)
      return true
    },
    async releaseSlot({ name, holder }) {
      holdersOf(name).delete(holder)
    }
  }
}
