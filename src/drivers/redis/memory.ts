import { callbackDueAt, hasCalledBack } from '../../core/callback.ts'
import { partitionOfRun } from '../../core/ids.ts'
import type { IdempotencyKey } from '../../core/ports.ts'
import type { Run } from '../../core/types.ts'
import { versionOf } from '../../core/version.ts'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'

/** The last rows that Redis has confirmed to this process. */
export interface Memory {
  /** `keys`: what the run was created with; only its creator knows. */
  keep(run: Run, keys?: readonly IdempotencyKey[]): void
  forget(id: string): void
  /** When Redis had confirmed the last of those that are not kept any more. */
  readonly forgottenAt: number
  /** Writes again what Redis has confirmed and does not have any more. Answers how many rows that were. */
  restore(connection: Connection): Promise<number>
}

interface Confirmed {
  readonly at: number
  readonly run: Run
  readonly keys: readonly IdempotencyKey[]
}

/** More than is written within the seconds that a file can lose; some 20 MB. */
const kept = 10_000

export function createMemory(keys: RedisKeys, now: () => number): Memory {
  /** The longest confirmed first. */
  const rows = new Map<string, Confirmed>()
  let forgottenAt = 0
  return {
    get forgottenAt() {
      return forgottenAt
    },
    keep(run, created) {
      const before = rows.get(run.id)
      rows.delete(run.id)
      // Answers may come in another order than their writes.
      const newer = before === undefined || before.run.revision <= run.revision ? run : before.run
      rows.set(run.id, { at: now(), run: newer, keys: created ?? before?.keys ?? [] })
      if (rows.size <= kept) return
      const [id, { at }] = rows.entries().next().value as [string, Confirmed]
      rows.delete(id)
      forgottenAt = at
    },
    forget: id => void rows.delete(id),
    async restore(connection) {
      const restored = await Promise.all([...rows.values()].map(row => restoreOne(connection, keys, row)))
      return restored.filter(Boolean).length
    }
  }
}

async function restoreOne({ direct }: Connection, keys: RedisKeys, { run, keys: created }: Confirmed): Promise<boolean> {
  const { id, revision, status, action, bot, tenant, dueAt, deadlineAt } = run
  const claims = created.map(({ key }) => keys.idempotency(tenant, key))
  const names = JSON.stringify(created.map(({ key }) => key))
  const row = [id, revision, JSON.stringify(run), status, action, bot, tenant, names, dueAt ?? '', deadlineAt, versionOf(run) ?? '']
  const fingerprints = created.map(({ fingerprint }) => fingerprint)
  const isRestored = (await direct('restoreRun', [keys.row(id), ...keys.indexes(run), ...claims], [...row, ...fingerprints])) === 1
  const calledBack = [keys.callbacksDue(partitionOfRun(id)), keys.calledBack(tenant)]
  if (isRestored && hasCalledBack(run)) await direct('restoreCallbacks', calledBack, [id, callbackDueAt(run) ?? ''])
  return isRestored
}
