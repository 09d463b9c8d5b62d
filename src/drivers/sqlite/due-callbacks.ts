import type { Store } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import type { Sqlite } from './open-sqlite.ts'
import { reader } from './runs.ts'

export function dueCallbacks({ db }: Sqlite, refuse: Refusals['refuse']): Pick<Store, 'dueCallbacks'> {
  const parsed = reader(refuse)
  const due = db.prepare('SELECT id, body FROM run WHERE callback_at<=? ORDER BY callback_at LIMIT ?')
  return {
    dueCallbacks: async (now, limit) =>
      due
        .all(now, limit)
        .map(parsed)
        .filter(run => run !== undefined)
  }
}
