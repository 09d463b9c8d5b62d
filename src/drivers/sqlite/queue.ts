import type { Message, Queue } from '../../core/ports.ts'
import { consumer, type SqliteConsumer } from './consumer.ts'
import { laneOf, lanes } from './lanes.ts'
import { type Claim, lines } from './line.ts'
import type { Sqlite } from './open-sqlite.ts'

/** How soon a message is seen that another process published, or one whose pause is over. */
const pollMs = 1_000

/** A queue in the ledger's file. One process consumes; others may publish. */
export function openSqliteQueue(sqlite: Sqlite): Queue {
  const { db, write, writeAlong } = sqlite
  const insert = db.prepare('INSERT INTO message(bot, published_at, body) VALUES(?,?,?)')
  const removeRow = db.prepare('DELETE FROM message WHERE seq=?')
  const all = lanes(lines(sqlite))
  const consumers = new Set<SqliteConsumer>()
  let poll: NodeJS.Timeout | undefined
  let closing: Promise<void> | undefined
  let closed = false
  sqlite.retain()

  function wake(bot: string): void {
    for (const one of consumers) one.pump(bot)
  }

  function remember(added: SqliteConsumer): void {
    consumers.add(added)
    poll ??= setInterval(() => {
      for (const one of consumers) one.poll()
    }, pollMs)
  }

  function forget(gone: SqliteConsumer): void {
    consumers.delete(gone)
    if (consumers.size > 0) return
    clearInterval(poll)
    poll = undefined
  }

  async function remove(claim: Claim): Promise<void> {
    if (closed) return
    // The ledger's write that ends the run takes it along: until then the line knows that the message is taken.
    const seq = await claim.seq
    if (seq === undefined) return
    await writeAlong(() => removeRow.run(seq))
    all.of(claim.message).settle(seq)
  }

  /** Where nothing waits and somebody is idle, the message need not wait for its row: the write that claims the run takes it along. */
  async function handedOn(message: Message, addRow: () => number): Promise<boolean> {
    const idle = all.isNext(message) && [...consumers].find(one => one.hasRoom(message.bot))
    if (!idle) return false
    const row = writeAlong(addRow)
    idle.begin(all.of(message).handOn(message, row))
    await row
    return true
  }

  function refuseClosed(): void {
    if (closing) throw new Error('The queue is closed')
  }

  return {
    async publish(message) {
      refuseClosed()
      const body = JSON.stringify(message)
      const addRow = () => Number(insert.run(laneOf(message), message.publishedAt, body).lastInsertRowid)
      try {
        if (await handedOn(message, addRow)) return
        all.of(message).announce(await write(addRow))
      } finally {
        wake(message.bot)
      }
    },
    async consume(handle, { concurrency }) {
      refuseClosed()
      const added: SqliteConsumer = consumer({ handle, concurrency, lanes: all, remove, wake, onClose: () => forget(added) })
      remember(added)
      return { serve: bots => added.serve(bots), close: () => added.close() }
    },
    depth: async bot => all.depth(bot),
    async ready() {
      refuseClosed()
      await write(() => undefined)
    },
    close() {
      closing ??= Promise.all([...consumers].map(one => one.close())).then(() => {
        closed = true
        sqlite.release()
      })
      return closing
    }
  }
}
