import type { DatabaseSync } from 'node:sqlite'
import type { Created, LineQuery, TenantQuotas } from '../../core/ports.ts'
import type { Run } from '../../core/types.ts'

/** What the tenants use, as the transaction sees it. */
export function tenantUse(db: DatabaseSync) {
  const sql = {
    line: db.prepare("SELECT id FROM run INDEXED BY run_waiting WHERE tenant=? AND bot=? AND status='queued' ORDER BY id LIMIT ?"),
    waiting: db.prepare('SELECT runs FROM waiting WHERE tenant=? AND bot=?'),
    ofTenant: db.prepare('SELECT sum(runs) AS runs FROM waiting WHERE tenant=?'),
    count: db.prepare('INSERT INTO waiting(tenant, bot, runs) VALUES(?,?,?) ON CONFLICT DO UPDATE SET runs=runs+excluded.runs'),
    stored: db.prepare('SELECT bytes FROM stored WHERE tenant=?')
  }
  // In memory: one process alone tells the queue of a file's runs, and what is told again after a restart does no harm.
  const toldUntil = new Map<string, string>()
  /** False: somebody was told of it, or of a later one. */
  const tell = ({ tenant, bot }: Pick<Run, 'tenant' | 'bot'>, id: string): boolean => {
    const isNew = id > (toldUntil.get(`${bot} ${tenant}`) ?? '')
    if (isNew) toldUntil.set(`${bot} ${tenant}`, id)
    return isNew
  }
  const line = ({ tenant, bot, window }: LineQuery): readonly string[] => sql.line.all(tenant, bot, window).map(({ id }) => String(id))
  return {
    waiting: ({ tenant, bot }: Pick<Run, 'tenant' | 'bot'>): number => Number(sql.waiting.get(tenant, bot)?.runs ?? 0),
    /** So many more wait. */
    count: ({ tenant, bot }: Pick<Run, 'tenant' | 'bot'>, change: number) => {
      if (change !== 0) sql.count.run(tenant, bot, change)
    },
    line,
    tell,
    next: (query: LineQuery): readonly string[] => line(query).filter(id => tell(query, id)),
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
