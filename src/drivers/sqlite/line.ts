import type { Message } from '../../core/ports.ts'
import type { Sqlite } from './open-sqlite.ts'

export interface Claim {
  readonly seq: number
  readonly message: Message
  /** How often a handler has thrown on it. */
  readonly failures: number
}

/** The messages of one bot in their order. */
export interface Line {
  /** There may be rows from this number on; without one, from anybody. */
  announce(seq?: number): void
  take(limit: number): readonly Claim[]
  /** It may be taken again after a pause. */
  giveBack(claim: Claim): void
  /** The claim is over: its row is gone. */
  settle(claim: Claim): void
  depth(): { readonly messages: number; readonly oldestMs?: number }
}

const firstPauseMs = 500
const longestPauseMs = 30_000

/**
 * Which rows are taken is kept in memory only: one process consumes a file, and after a crash every row that is left must be
 * delivered again anyway. So taking costs no write. Rows are numbered in the order of their commits, hence a cursor misses none,
 * also none that another process wrote.
 */
export function lines({ db }: Sqlite): (bot: string) => Line {
  const sql = {
    after: db.prepare('SELECT seq, body FROM message WHERE bot=? AND seq>? ORDER BY seq LIMIT ?'),
    count: db.prepare('SELECT count(*) AS messages FROM message WHERE bot=?'),
    first: db.prepare('SELECT seq, published_at FROM message WHERE bot=? ORDER BY seq LIMIT ?')
  }
  const all = new Map<string, Line>()
  return bot => {
    const known = all.get(bot) ?? line(bot, sql)
    all.set(bot, known)
    return known
  }
}

type Sql = Record<'after' | 'count' | 'first', ReturnType<Sqlite['db']['prepare']>>

function line(bot: string, sql: Sql): Line {
  let cursor = 0
  // Most looks would find nothing: each handler that ends asks for more.
  let mayHaveNew = true
  let returned: { readonly claim: Claim; readonly notBefore: number }[] = []
  const taken = new Set<number>()

  function takeReturned(limit: number): readonly Claim[] {
    if (returned.length === 0) return []
    const now = performance.now()
    const ripe = returned.filter(({ notBefore }) => notBefore <= now).slice(0, limit)
    returned = returned.filter(entry => !ripe.includes(entry))
    return ripe.map(({ claim }) => claim)
  }

  function takeNew(limit: number): readonly Claim[] {
    if (!mayHaveNew) return []
    const claims = sql.after
      .all(bot, cursor, limit)
      .map(row => ({ seq: Number(row.seq), message: JSON.parse(String(row.body)), failures: 0 }))
    cursor = claims.at(-1)?.seq ?? cursor
    mayHaveNew = claims.length === limit
    return claims
  }

  return {
    announce(seq = Number.POSITIVE_INFINITY) {
      if (seq > cursor) mayHaveNew = true
    },
    take(limit) {
      const again = takeReturned(limit)
      const claims = again.length < limit ? [...again, ...takeNew(limit - again.length)] : again
      for (const { seq } of claims) taken.add(seq)
      return claims
    },
    giveBack(claim) {
      taken.delete(claim.seq)
      const pauseMs = Math.min(firstPauseMs * 2 ** claim.failures, longestPauseMs)
      returned.push({ claim: { ...claim, failures: claim.failures + 1 }, notBefore: performance.now() + pauseMs })
    },
    settle: ({ seq }) => {
      taken.delete(seq)
    },
    depth() {
      const messages = Number(sql.count.get(bot)?.messages) - taken.size
      const oldest = sql.first.all(bot, taken.size + 1).find(({ seq }) => !taken.has(Number(seq)))
      return oldest === undefined ? { messages } : { messages, oldestMs: Math.max(0, Date.now() - Number(oldest.published_at)) }
    }
  }
}
