import { callbackDueAt, hasCalledBack } from '../../core/callback.ts'
import type { Created, Gate, IdempotencyKey, RunLedger } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import { storedRun } from '../../core/stored-run.ts'
import type { Run } from '../../core/types.ts'
import { versionOf } from '../../core/version.ts'
import type { Sqlite } from './open-sqlite.ts'
import { runList } from './run-list.ts'
import { tenantUse } from './tenant-use.ts'

const dueAt = ({ dueAt }: Run) => (dueAt === null || !Number.isFinite(dueAt) ? null : dueAt)
const callbackColumns = (run: Run) => [callbackDueAt(run) ?? null, hasCalledBack(run) ? 1 : null] as const
type Row = Readonly<Record<string, unknown>>

interface Link {
  readonly next: Run
  readonly body: string
}

interface Entry extends Gate {
  readonly links: readonly Link[]
  readonly past: readonly string[]
}

/** Prepared once for each connection. */
const statements = (db: Sqlite['db']) => ({
  get: db.prepare('SELECT id, body FROM run WHERE id=?'),
  state: db.prepare('SELECT revision, status FROM run WHERE id=?'),
  head: db.prepare('SELECT tenant, bot, status, keys FROM run WHERE id=?'),
  insert: db.prepare(
    'INSERT INTO run(id, revision, tenant, bot, action, status, due_at, created_at, keys, version, body) VALUES(?,?,?,?,?,?,?,?,?,?,?)'
  ),
  update: db.prepare('UPDATE run SET revision=?, status=?, due_at=?, version=?, callback_at=?, called_back=?, body=? WHERE id=?'),
  setKeys: db.prepare('UPDATE run SET keys=? WHERE id=?'),
  unknown: db.prepare("SELECT id FROM run WHERE status='outcome_unknown'"),
  needs: db.prepare('SELECT 1 FROM run WHERE version=? LIMIT 1'),
  remove: db.prepare('DELETE FROM run WHERE id=?'),
  due: db.prepare('SELECT id, body FROM run WHERE due_at<=? ORDER BY due_at LIMIT ?'),
  key: db.prepare('SELECT fingerprint, run_id FROM gate_key WHERE key=?'),
  insertKey: db.prepare('INSERT INTO gate_key(key, fingerprint, run_id) VALUES(?,?,?) ON CONFLICT DO NOTHING'),
  removeFiles: db.prepare('DELETE FROM artifact WHERE run_id=?'),
  takeKey: db.prepare('INSERT INTO gate_key(key, fingerprint, run_id) VALUES(?,?,?) ON CONFLICT(key) DO UPDATE SET run_id=excluded.run_id'),
  removeKey: db.prepare('DELETE FROM gate_key WHERE key=? AND run_id=?')
})

export const reader =
  (refuse: Refusals['refuse']) =>
  (row: Row | undefined): Run | undefined => {
    if (row === undefined) return undefined
    const run = storedRun(String(row.body), String(row.id))
    if (run === undefined) refuse('run', `the row of ${row.id} is not that of a run`)
    return run
  }

export function runs({ db, write }: Sqlite, refuse: Refusals['refuse']): Omit<RunLedger, 'dueCallbacks'> {
  const parsed = reader(refuse)
  const parsedAll = (rows: readonly Row[]): readonly Run[] => rows.map(parsed).filter(run => run !== undefined)
  const sql = statements(db)
  const list = runList(db, parsed)
  const use = tenantUse(db)

  /** Gives the run those of the keys that nobody has. */
  function claimKeys(runId: string, keys: readonly IdempotencyKey[]): void {
    const missing = keys.filter(({ key, fingerprint }) => sql.insertKey.run(key, fingerprint, runId).changes > 0)
    if (missing.length === 0) return
    const known: string[] = JSON.parse(String(sql.head.get(runId)?.keys))
    sql.setKeys.run(JSON.stringify([...known, ...missing.map(({ key }) => key)]), runId)
  }

  function insert(run: Run, body: string, keys: readonly IdempotencyKey[]): number {
    const names = [...new Set(keys.map(({ key }) => key))]
    const { lastInsertRowid } = sql.insert.run(
      run.id,
      run.revision,
      run.tenant,
      run.bot,
      run.action,
      run.status,
      dueAt(run),
      run.createdAt,
      JSON.stringify(names),
      versionOf(run) ?? null,
      body
    )
    for (const { key, fingerprint } of keys) sql.takeKey.run(key, fingerprint, run.id)
    use.count(run, Number(run.status === 'queued'))
    return Number(lastInsertRowid)
  }

  /** The first of the runs to be linked that somebody has written to since; one that is gone is no hindrance. */
  function staleOf(links: readonly Link[]): Run | undefined {
    const stale = links.find(({ next }) => (sql.state.get(next.id)?.revision ?? next.revision - 1) !== next.revision - 1)
    return stale && parsed(sql.get.get(stale.next.id))
  }

  function create(run: Run, body: string, { keys, maxWaiting, window = 0, quotas, links, past }: Entry): Created {
    const owners = keys.map(({ key, fingerprint }) => ({ fingerprint, row: sql.key.get(key) }))
    if (owners.some(({ fingerprint, row }) => row !== undefined && row.fingerprint !== fingerprint)) return { outcome: 'key_reused' }
    const owner = owners.find(({ row }) => row !== undefined && !past.includes(String(row.run_id)))?.row?.run_id
    const row = sql.get.get(owner === undefined ? run.id : String(owner))
    if (row !== undefined) {
      const existing = parsed(row)
      // Not a new one: the effect of the run that the key belongs to may exist.
      if (existing === undefined) throw new Error('The row of the run that the key belongs to can not be read')
      claimKeys(existing.id, keys)
      return { outcome: existing.id === run.id ? 'created' : 'existing', run: existing }
    }
    const stale = staleOf(links)
    if (stale !== undefined) return { outcome: 'existing', run: stale }
    const ahead = use.waiting(run)
    if (ahead >= maxWaiting) return { outcome: 'full' }
    const over = quotas && use.over(run, Buffer.byteLength(body), quotas)
    if (over !== undefined) return over
    const place = insert(run, body, keys)
    for (const link of links) update(link.next, link.body)
    if (run.status === 'queued') use.joins(run, place, { ahead, isTold: ahead < window })
    return { outcome: 'created', run, ...(ahead > 0 && { ahead }) }
  }

  function update(next: Run, body: string): boolean {
    const stored = sql.state.get(next.id)
    if (stored === undefined) return false
    if (stored.revision === next.revision) return sql.get.get(next.id)?.body === body
    if (stored.revision !== next.revision - 1) return false
    sql.update.run(next.revision, next.status, dueAt(next), versionOf(next) ?? null, ...callbackColumns(next), body, next.id)
    use.count(next, Number(next.status === 'queued') - Number(stored.status === 'queued'))
    return true
  }

  function remove(id: string): void {
    const stored = sql.head.get(id)
    if (stored === undefined) return
    for (const key of JSON.parse(String(stored.keys))) sql.removeKey.run(key, id)
    use.count({ tenant: String(stored.tenant), bot: String(stored.bot) }, -Number(stored.status === 'queued'))
    sql.removeFiles.run(id)
    sql.remove.run(id)
  }

  return {
    // Written as text before the transaction: a value that is no JSON fails here and not among its neighbours.
    async createRun(run, gate) {
      const body = JSON.stringify(run)
      const { linked = [], past = [] } = gate.succeeds ?? {}
      const links = linked.map(next => ({ next, body: JSON.stringify(next) }))
      return write(() => create(run, body, { ...gate, links, past }))
    },
    async updateRun(next) {
      const body = JSON.stringify(next)
      return write(() => update(next, body))
    },
    getRun: async id => parsed(sql.get.get(id)),
    listRuns: async query => list(query),
    firstInLine: async query => use.line(query),
    nextInLine: async query => use.next(query),
    unknownRuns: async () => sql.unknown.all().map(({ id }) => String(id)),
    neededVersions: async ids => ids.filter(id => sql.needs.get(id) !== undefined),
    dueRuns: async (now, limit) => parsedAll(sql.due.all(now, limit)),
    deleteRun: id => write(() => remove(id))
  }
}
