import type { StatementSync } from 'node:sqlite'
import type { Created, IdempotencyKey, RunQuery, Store } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import { storedRun } from '../../core/stored-run.ts'
import type { Run } from '../../core/types.ts'
import type { Sqlite } from './open-sqlite.ts'

type Runs = Pick<Store, 'createRun' | 'getRun' | 'updateRun' | 'listRuns' | 'dueRuns' | 'deleteRun'>
type Gate = Parameters<Store['createRun']>[1]

const dueAt = ({ dueAt }: Run) => (dueAt === null || !Number.isFinite(dueAt) ? null : dueAt)
type Row = Readonly<Record<string, unknown>>

/** Before every id: the cursor of the first page. */
const newest = '~'

const reader =
  (refuse: Refusals['refuse']) =>
  (row: Row | undefined): Run | undefined => {
    if (row === undefined) return undefined
    const run = storedRun(String(row.body), String(row.id))
    if (run === undefined) refuse('run', `the row of ${row.id} is not that of a run`)
    return run
  }

/** Prepared once for each connection. */
const statements = (db: Sqlite['db']) => ({
  get: db.prepare('SELECT id, body FROM run WHERE id=?'),
  state: db.prepare('SELECT revision, status FROM run WHERE id=?'),
  head: db.prepare('SELECT tenant, bot, status, keys FROM run WHERE id=?'),
  insert: db.prepare(
    'INSERT INTO run(id, revision, tenant, bot, action, status, due_at, created_at, keys, body) VALUES(?,?,?,?,?,?,?,?,?,?)'
  ),
  update: db.prepare('UPDATE run SET revision=?, status=?, due_at=?, body=? WHERE id=?'),
  setKeys: db.prepare('UPDATE run SET keys=? WHERE id=?'),
  remove: db.prepare('DELETE FROM run WHERE id=?'),
  due: db.prepare('SELECT id, body FROM run WHERE due_at<=? ORDER BY due_at LIMIT ?'),
  waiting: db.prepare('SELECT runs FROM waiting WHERE tenant=? AND bot=?'),
  count: db.prepare('INSERT INTO waiting(tenant, bot, runs) VALUES(?,?,?) ON CONFLICT DO UPDATE SET runs=runs+excluded.runs'),
  key: db.prepare('SELECT fingerprint, run_id FROM gate_key WHERE key=?'),
  insertKey: db.prepare('INSERT INTO gate_key(key, fingerprint, run_id) VALUES(?,?,?) ON CONFLICT DO NOTHING'),
  removeKey: db.prepare('DELETE FROM gate_key WHERE key=?')
})

export function runs({ db, write }: Sqlite, refuse: Refusals['refuse']): Runs {
  const parsed = reader(refuse)
  const parsedAll = (rows: readonly Row[]): readonly Run[] => rows.map(parsed).filter(run => run !== undefined)
  const sql = statements(db)
  const lists = new Map<string, StatementSync>()

  const isFull = (run: Run, maxWaiting: number) => Number(sql.waiting.get(run.tenant, run.bot)?.runs ?? 0) >= maxWaiting

  /** Gives the run those of the keys that nobody has. */
  function claimKeys(runId: string, keys: readonly IdempotencyKey[]): void {
    const missing = keys.filter(({ key, fingerprint }) => sql.insertKey.run(key, fingerprint, runId).changes > 0)
    if (missing.length === 0) return
    const known: string[] = JSON.parse(String(sql.head.get(runId)?.keys))
    sql.setKeys.run(JSON.stringify([...known, ...missing.map(({ key }) => key)]), runId)
  }

  function insert(run: Run, body: string, keys: readonly IdempotencyKey[]): void {
    const names = [...new Set(keys.map(({ key }) => key))]
    sql.insert.run(
      run.id,
      run.revision,
      run.tenant,
      run.bot,
      run.action,
      run.status,
      dueAt(run),
      run.createdAt,
      JSON.stringify(names),
      body
    )
    for (const { key, fingerprint } of keys) sql.insertKey.run(key, fingerprint, run.id)
    if (run.status === 'queued') sql.count.run(run.tenant, run.bot, 1)
  }

  function create(run: Run, body: string, { keys, maxWaiting }: Gate): Created {
    const owners = keys.map(({ key, fingerprint }) => ({ fingerprint, row: sql.key.get(key) }))
    if (owners.some(({ fingerprint, row }) => row !== undefined && row.fingerprint !== fingerprint)) return { outcome: 'key_reused' }
    const owner = owners.find(({ row }) => row !== undefined)?.row?.run_id
    const row = sql.get.get(owner === undefined ? run.id : String(owner))
    if (row !== undefined) {
      const existing = parsed(row)
      // Not a new one: the effect of the run that the key belongs to may exist.
      if (existing === undefined) throw new Error('The row of the run that the key belongs to can not be read')
      claimKeys(existing.id, keys)
      return { outcome: existing.id === run.id ? 'created' : 'existing', run: existing }
    }
    if (isFull(run, maxWaiting)) return { outcome: 'full' }
    insert(run, body, keys)
    return { outcome: 'created', run }
  }

  function update(next: Run, body: string): boolean {
    const stored = sql.state.get(next.id)
    if (stored === undefined) return false
    if (stored.revision === next.revision) return sql.get.get(next.id)?.body === body
    if (stored.revision !== next.revision - 1) return false
    sql.update.run(next.revision, next.status, dueAt(next), body, next.id)
    const change = Number(next.status === 'queued') - Number(stored.status === 'queued')
    if (change !== 0) sql.count.run(next.tenant, next.bot, change)
    return true
  }

  function remove(id: string): void {
    const stored = sql.head.get(id)
    if (stored === undefined) return
    for (const key of JSON.parse(String(stored.keys))) sql.removeKey.run(key)
    if (stored.status === 'queued') sql.count.run(String(stored.tenant), String(stored.bot), -1)
    sql.remove.run(id)
  }

  function list({ tenant, before = newest, limit, ...query }: RunQuery): readonly Run[] {
    const filters = (['status', 'action', 'bot'] as const).filter(name => query[name] !== undefined)
    const where = filters.map(name => `AND ${name}=?`).join(' ')
    const statement = lists.get(where) ?? db.prepare(`SELECT id, body FROM run WHERE tenant=? AND id<? ${where} ORDER BY id DESC LIMIT ?`)
    lists.set(where, statement)
    return parsedAll(statement.all(tenant, before, ...filters.map(name => String(query[name])), limit))
  }

  return {
    // Written as text before the transaction: a value that is no JSON fails here and not among its neighbours.
    async createRun(run, gate) {
      const body = JSON.stringify(run)
      return write(() => create(run, body, gate))
    },
    async updateRun(next) {
      const body = JSON.stringify(next)
      return write(() => update(next, body))
    },
    getRun: async id => parsed(sql.get.get(id)),
    listRuns: async query => list(query),
    dueRuns: async (now, limit) => parsedAll(sql.due.all(now, limit)),
    deleteRun: id => write(() => remove(id))
  }
}
