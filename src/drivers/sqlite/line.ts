import { jsonOf } from '../../core/json-text.ts'
import type { Message } from '../../core/ports.ts'
import type { Sqlite } from './open-sqlite.ts'

export interface Claim {
  /** The number of its row; of one that is handed on while its row is written, undefined when that failed. */
  readonly seq: number | Promise<number | undefined>
  readonly message: Message
  /** How often a handler has thrown on it. */
  readonly failures: number
}

/** The messages of one bot in their order. */
export interface Line {
  /** There may be rows from this number on; without one, from anybody. */
  announce(seq?: number): void
  take(limit: number): readonly Claim[]
  /** Whether the next message may overtake nothing. */
  isEmpty(): boolean
  /** A message that somebody takes while its row is written. */
  handOn(message: Message, row: Promise<number>): Claim
  /** It may be taken again after a pause; one without a row is its publisher's business. */
  giveBack(claim: Claim): Promise<void>
  /** The claim on this row is over: the row is gone. */
  settle(seq: number): void
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
  // Rows of messages that are taken already, whose numbers nobody knows yet.
  let unwritten = 0

  function takeReturned(limit: number): readonly Claim[] {
    if (returned.length === 0) return []
    const now = performance.now()
    const ripe = returned.filter(({ notBefore }) => notBefore <= now).slice(0, limit)
    returned = returned.filter(entry => !ripe.includes(entry))
    return ripe.map(({ claim }) => claim)
  }

  function takeNew(limit: number): readonly Claim[] {
    const claims: Claim[] = []
    while (mayHaveNew && unwritten === 0 && claims.length < limit) {
      const rows = sql.after.all(bot, cursor, limit - claims.length).map(row => ({ seq: Number(row.seq), body: String(row.body) }))
      mayHaveNew = rows.length === limit - claims.length
      cursor = rows.at(-1)?.seq ?? cursor
      for (const { seq, body } of rows.filter(({ seq }) => !taken.has(seq))) {
        const message = jsonOf(body) as Message | undefined
        // A hint that can not be read: the sweep finds its run.
        if (message !== undefined) claims.push({ seq, message, failures: 0 })
      }
    }
    return claims
  }

  async function numberOf(row: Promise<number>): Promise<number | undefined> {
    unwritten++
    try {
      const seq = await row
      taken.add(seq)
      return seq
    } catch {
      return undefined
    } finally {
      unwritten--
    }
  }

  return {
    announce(seq = Number.POSITIVE_INFINITY) {
      if (seq > cursor) mayHaveNew = true
    },
    take(limit) {
      const again = takeReturned(limit)
      const claims = again.length < limit ? [...again, ...takeNew(limit - again.length)] : again
      for (const { seq } of claims) if (typeof seq === 'number') taken.add(seq)
      return claims
    },
    isEmpty: () => !mayHaveNew && returned.length === 0,
    handOn: (message, row) => ({ seq: numberOf(row), message, failures: 0 }),
    async giveBack(claim) {
      const seq = await claim.seq
      if (seq === undefined) return
      taken.delete(seq)
      const pauseMs = Math.min(firstPauseMs * 2 ** claim.failures, longestPauseMs)
      returned.push({ claim: { ...claim, seq, failures: claim.failures + 1 }, notBefore: performance.now() + pauseMs })
    },
    settle: seq => {
      taken.delete(seq)
    },
    depth() {
      const messages = Number(sql.count.get(bot)?.messages) - taken.size
      const oldest = sql.first.all(bot, taken.size + 1).find(({ seq }) => !taken.has(Number(seq)))
      return oldest === undefined ? { messages } : { messages, oldestMs: Math.max(0, Date.now() - Number(oldest.published_at)) }
    }
  }
}
