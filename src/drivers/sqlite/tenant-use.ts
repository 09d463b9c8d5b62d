import type { DatabaseSync } from 'node:sqlite'
import type { Created, LineQuery, TenantQuotas } from '../../core/ports.ts'
import type { Run } from '../../core/types.ts'

/** The usage of each tenant, as the transaction sees it. */
export function tenantUse(db: DatabaseSync) {
  const sql = {
    line: db.prepare(
      "SELECT rowid AS place, id FROM run INDEXED BY run_waiting WHERE tenant=? AND bot=? AND status='queued' ORDER BY rowid LIMIT ?"
    ),
    waiting: db.prepare('SELECT runs FROM waiting WHERE tenant=? AND bot=?'),
    ofTenant: db.prepare('SELECT sum(runs) AS runs FROM waiting WHERE tenant=?'),
    count: db.prepare('INSERT INTO waiting(tenant, bot, runs) VALUES(?,?,?) ON CONFLICT DO UPDATE SET runs=runs+excluded.runs'),
    stored: db.prepare('SELECT bytes FROM stored WHERE tenant=?')
  }
  // In memory: one process alone tells the queue of a file's runs, and what is told again after a restart does no harm.
  const told = new Map<string, number>()
  const newest = new Map<string, number>()
  const nameOf = ({ tenant, bot }: Pick<Run, 'tenant' | 'bot'>) => `${bot} ${tenant}`
  const line = ({ tenant, bot, window }: LineQuery) => sql.line.all(tenant, bot, window)
  /** A new run in its place. `isTold`: its publisher tells of it; who stands before it untold is not passed over. */
  const joins = (run: Run, place: number, { ahead, isTold }: { readonly ahead: number; readonly isTold: boolean }): void => {
    const name = nameOf(run)
    const isNext = ahead === 0 || (told.has(name) && told.get(name) === newest.get(name))
    if (isTold && isNext) told.set(name, place)
    newest.set(name, place)
  }
  const next = (query: LineQuery): readonly string[] => {
    const rows = line(query).filter(({ place }) => Number(place) > (told.get(nameOf(query)) ?? 0))
    const last = rows.at(-1)
    if (last !== undefined) told.set(nameOf(query), Number(last.place))
    return rows.map(({ id }) => String(id))
  }
  return {
    waiting: ({ tenant, bot }: Pick<Run, 'tenant' | 'bot'>): number => Number(sql.waiting.get(tenant, bot)?.runs ?? 0),
    /** So many more wait. */
    count: ({ tenant, bot }: Pick<Run, 'tenant' | 'bot'>, change: number) => {
      if (change !== 0) sql.count.run(tenant, bot, change)
    },
    line: (query: LineQuery): readonly string[] => line(query).map(({ id }) => String(id)),
    joins,
    next,
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
