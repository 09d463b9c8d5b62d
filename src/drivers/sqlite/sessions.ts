import { jsonOf } from '../../core/json-text.ts'
import type { Sessions } from '../../core/ports.ts'
import type { Refusals } from '../../core/refusals.ts'
import type { Session } from '../../core/types.ts'
import type { Sqlite } from './open-sqlite.ts'

/** Each new session takes some away that have expired: more than come, and never so many that it takes long. */
const swept = 20
const sweptOfTenant = 500

export function sessions({ db, write }: Sqlite, { now, refuse }: { now(): number; readonly refuse: Refusals['refuse'] }): Sessions {
  const sql = {
    get: db.prepare('SELECT body FROM session WHERE id=? AND expires_at>?'),
    state: db.prepare('SELECT revision, body FROM session WHERE id=? AND expires_at>?'),
    put: db.prepare(
      'INSERT INTO session(id, revision, expires_at, tenant, body) VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE SET revision=excluded.revision, expires_at=excluded.expires_at, body=excluded.body'
    ),
    rows: db.prepare('SELECT sessions FROM session_rows WHERE tenant=?'),
    sweepTenant: db.prepare('DELETE FROM session WHERE id IN (SELECT id FROM session WHERE tenant=? AND expires_at<=? LIMIT ?)'),
    remove: db.prepare('DELETE FROM session WHERE id=? AND expires_at>?'),
    sweep: db.prepare('DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at<=? LIMIT ?)')
  }

  function put({ id, revision, expiresAt, tenant }: Session, body: string): boolean {
    const stored = sql.state.get(id, now())
    if (stored?.revision === revision) return stored.body === body
    if (Number(stored?.revision ?? 0) !== revision - 1) return false
    sql.put.run(id, revision, expiresAt, tenant, body)
    if (revision === 1) sql.sweep.run(now(), swept)
    return true
  }

  /** Removes enough of the expired ones to know the count. */
  function isFull(tenant: string, most: number): boolean {
    const isOver = () => Number(sql.rows.get(tenant)?.sessions ?? 0) >= most
    while (isOver()) if (sql.sweepTenant.run(tenant, now(), sweptOfTenant).changes === 0) return true
    return false
  }

  function create(session: Session, body: string, most: number): boolean {
    const isNew = sql.state.get(session.id, now()) === undefined
    return isNew && isFull(session.tenant, most) ? false : put(session, body)
  }

  return {
    async create(session, most) {
      const body = JSON.stringify(session)
      return write(() => create(session, body, most))
    },
    async get(id) {
      const row = sql.get.get(id, now())
      const session = row && jsonOf(String(row.body))
      if (row !== undefined && session === undefined) refuse('session', `the session ${id} is not JSON`)
      return session as Session | undefined
    },
    async put(session) {
      const body = JSON.stringify(session)
      return write(() => put(session, body))
    },
    delete: id => write(() => sql.remove.run(id, now()).changes > 0)
  }
}
