import type { Store } from '../../core/ports.ts'
import { type Refusals, uncounted } from '../../core/refusals.ts'
import { statusEvent } from '../../core/run.ts'
import type { RunEvent } from '../../core/run-event.ts'
import { artifacts } from './artifacts.ts'
import { dueCallbacks } from './due-callbacks.ts'
import type { Sqlite } from './open-sqlite.ts'
import { records } from './records.ts'
import { runs } from './runs.ts'
import { sessions } from './sessions.ts'
import { slots } from './slots.ts'

/**
 * Steady: a wall clock that is set forward would end every lease at once. And never before the newest run: on a host that came back
 * with an earlier time, leases and start times would lie far ahead and nobody would take their runs up.
 */
function steadyClock(newestAt: number): () => number {
  const offset = Math.max(Date.now(), newestAt) - performance.now()
  return () => Math.floor(offset + performance.now())
}

/** The ledger in one file. Watchers hear the stores on the same connection; another process's changes are found by looking. */
export function openSqliteStore(shared: Sqlite, refuse: Refusals['refuse'] = uncounted): Store {
  const { db, watchers } = shared
  // The queue may hold the connection open for longer than this store.
  const write: Sqlite['write'] = async work => {
    if (closed) throw new Error('The ledger is closed')
    return shared.write(work)
  }
  const sqlite: Sqlite = { ...shared, write }
  const own = new Set<(event: RunEvent) => void>()
  // Ids sort by time.
  const newest = db.prepare('SELECT created_at FROM run ORDER BY id DESC LIMIT 1').get()
  const now = steadyClock(Number(newest?.created_at ?? 0))
  const ledger = runs(sqlite, refuse)
  const fill = db.prepare('INSERT INTO readiness(filler) VALUES(zeroblob(8192))')
  const drain = db.prepare('DELETE FROM readiness')
  let closed = false
  shared.retain()

  function emit(event: RunEvent): void {
    for (const watcher of watchers) {
      try {
        watcher(event)
      } catch {
        // A watcher that fails is its own business; the update has happened.
      }
    }
  }

  return {
    ...ledger,
    ...dueCallbacks(sqlite, refuse),
    ...slots(db.location() ?? '', now),
    records: records(sqlite, refuse),
    sessions: sessions(sqlite, { now, refuse }),
    artifacts: artifacts(sqlite),
    async updateRun(next) {
      const written = await ledger.updateRun(next)
      if (written) emit(statusEvent(next, 0))
      return written
    },
    watch(listener) {
      const watcher = (event: RunEvent) => listener(event)
      watchers.add(watcher)
      own.add(watcher)
      return () => {
        watchers.delete(watcher)
        own.delete(watcher)
      }
    },
    emit,
    now,
    async ready() {
      // New pages, so that a full disk shows, and gone in the same transaction.
      await write(() => {
        fill.run()
        drain.run()
      })
    },
    async close() {
      if (closed) return
      closed = true
      for (const watcher of own) watchers.delete(watcher)
      shared.release()
    }
  }
}
