import { partitionOfRun } from '../../core/ids.ts'
import type { IdempotencyKey } from '../../core/ports.ts'
import type { Run } from '../../core/types.ts'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'

/** The last rows that Redis has confirmed to this process. */
export interface Memory {
  /** `keys`: what the run was created with; only its creator knows. */
  keep(run: Run, keys?: readonly IdempotencyKey[]): void
  forget(id: string): void
  /** Writes again what Redis has confirmed and does not have any more. Answers how many rows that were. */
  restore(connection: Connection): Promise<number>
}

interface Confirmed {
  readonly run: Run
  readonly keys: readonly IdempotencyKey[]
}

/** More than is written within the seconds that a file can lose; some 10 MB. */
const kept = 5_000

export function createMemory(keys: RedisKeys): Memory {
  const rows = new Map<string, Confirmed>()
  return {
    keep(run, created) {
      const before = rows.get(run.id)
      rows.delete(run.id)
      // Answers may come in another order than their writes.
      const newer = before === undefined || before.run.revision <= run.revision ? run : before.run
      rows.set(run.id, { run: newer, keys: created ?? before?.keys ?? [] })
      if (rows.size > kept) rows.delete(rows.keys().next().value as string)
    },
    forget: id => void rows.delete(id),
    async restore(connection) {
      const restored = await Promise.all([...rows.values()].map(row => restoreOne(connection, keys, row)))
      return restored.filter(Boolean).length
    }
  }
}

async function restoreOne({ direct }: Connection, keys: RedisKeys, { run, keys: created }: Confirmed): Promise<boolean> {
  const { id, revision, status, action, bot, tenant, dueAt } = run
  const indexes = [keys.due(partitionOfRun(id)), keys.list(tenant), keys.waiting(tenant, bot)]
  const claims = created.map(({ key }) => keys.idempotency(tenant, key))
  const names = JSON.stringify(created.map(({ key }) => key))
  const row = [id, revision, JSON.stringify(run), status, action, bot, tenant, names, dueAt ?? '']
  const fingerprints = created.map(({ fingerprint }) => fingerprint)
  return (await direct('restoreRun', [keys.row(id), ...indexes, ...claims], [...row, ...fingerprints])) === 1
}
