import type { DatabaseSync } from 'node:sqlite'
import type { Created, TenantQuotas, WaitingQuery } from '../../core/ports.ts'
import type { Run } from '../../core/types.ts'

/** What the tenants use, as the transaction sees it. */
export function tenantUse(db: DatabaseSync) {
  const sql = {
    line: db.prepare("SELECT id FROM run INDEXED BY run_waiting WHERE tenant=? AND bot=? AND status='queued' ORDER BY id LIMIT ? OFFSET ?"),
    waiting: db.prepare('SELECT runs FROM waiting WHERE tenant=? AND bot=?'),
    ofTenant: db.prepare('SELECT sum(runs) AS runs FROM waiting WHERE tenant=?'),
    count: db.prepare('INSERT INTO waiting(tenant, bot, runs) VALUES(?,?,?) ON CONFLICT DO UPDATE SET runs=runs+excluded.runs'),
    stored: db.prepare('SELECT bytes FROM stored WHERE tenant=?')
  }
  return {
    waiting: ({ tenant, bot }: Pick<Run, 'tenant' | 'bot'>): number => Number(sql.waiting.get(tenant, bot)?.runs ?? 0),
    /** So many more wait. */
    count: ({ tenant, bot }: Pick<Run, 'tenant' | 'bot'>, change: number) => {
      if (change !== 0) sql.count.run(tenant, bot, change)
    },
    line: ({ tenant, bot, from, limit }: WaitingQuery): readonly string[] =>
      sql.line.all(tenant, bot, limit, from).map(({ id }) => String(id)),
    /** Why a run of so many bytes may not be added. */
    over: ({ tenant }: Run, bytes: number, { waiting, storedBytes }: TenantQuotas): Created | undefined => {
      const waits = waiting === undefined ? 0 : Number(sql.ofTenant.get(tenant)?.runs ?? 0)
      if (waits >= (waiting ?? 1)) return { outcome: 'over_quota', quota: 'waiting', used: waits }
      const stored = storedBytes === undefined ? 0 : Number(sql.stored.get(tenant)?.bytes ?? 0)
      if (storedBytes === undefined || stored + bytes <= storedBytes) return undefined
      return { outcome: 'over_quota', quota: 'stored_bytes', used: stored }
    }
  }
}
