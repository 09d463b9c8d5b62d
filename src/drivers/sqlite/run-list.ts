import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { mostLookedAt, type RunPage, type RunQuery } from '../../core/ports.ts'
import type { Run } from '../../core/types.ts'

type Filter = 'status' | 'action' | 'bot'
type Leading = Filter | 'calledBack'

/** Before every id: the cursor of the first page. */
const newest = '~'
/** Runs end as completed or failed: of the others there are few. */
const common: ReadonlySet<string> = new Set(['completed', 'failed'])

/** The filter that an index answers, the one that leaves least first; the rows in its order are looked at for the other filters. */
export function leadingFilter({ status, action, bot, calledBack }: Pick<RunQuery, Leading>): Leading | undefined {
  if (calledBack) return 'calledBack'
  if (status !== undefined && !common.has(status)) return 'status'
  if (action !== undefined) return 'action'
  if (bot !== undefined) return 'bot'
  return status === undefined ? undefined : 'status'
}

/** Named, so that no guess of the planner reads a whole tenant or sorts it. */
export const listSql = (leading: Leading | undefined): string => {
  const index = leading === 'calledBack' ? 'run_called_back' : `run_by_${leading ?? 'tenant'}`
  const condition = leading === 'calledBack' ? 'AND called_back=1' : leading === undefined ? '' : `AND ${leading}=?`
  return `SELECT id, status, action, bot FROM run INDEXED BY ${index} WHERE tenant=? ${condition} AND id<? ORDER BY id DESC LIMIT ?`
}

type Row = Readonly<Record<string, unknown>>

/** `parsed`: the run of a row, undefined where the row is none. */
export function runList(db: DatabaseSync, parsed: (row: Row | undefined) => Run | undefined): (query: RunQuery) => RunPage {
  const bodyOf = db.prepare('SELECT id, body FROM run WHERE id=?')
  const statements = new Map<Leading | undefined, StatementSync>()
  const statementOf = (leading: Leading | undefined): StatementSync => {
    const statement = statements.get(leading) ?? db.prepare(listSql(leading))
    statements.set(leading, statement)
    return statement
  }
  return query => {
    const { tenant, before = newest, limit, most = mostLookedAt } = query
    const leading = leadingFilter(query)
    const filters = (['status', 'action', 'bot'] as const).filter(name => query[name] !== undefined && name !== leading)
    const runs: Run[] = []
    const led = leading === undefined || leading === 'calledBack' ? [] : [query[leading] ?? null]
    let [looked, last] = [0, before]
    for (const row of statementOf(leading).iterate(tenant, ...led, before, most)) {
      looked++
      last = String(row.id)
      const run = filters.every(name => row[name] === query[name]) ? parsed(bodyOf.get(last)) : undefined
      if (run !== undefined) runs.push(run)
      if (runs.length >= limit) break
    }
    return { runs, looked, next: runs.length >= limit || looked >= most ? last : undefined }
  }
}
