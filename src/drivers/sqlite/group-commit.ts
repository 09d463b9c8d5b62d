import type { DatabaseSync } from 'node:sqlite'
import { isFatal } from './sqlite-failure.ts'

export interface GroupCommit {
  /**
   * Runs `work` in the one transaction of this turn of the event loop and resolves when it is on the disk. Work that throws fails
   * alone. It may run twice, so it must change nothing but the database.
   */
  write<T>(work: () => T): Promise<T>
  /** The same in the next transaction that there is, or in one of its own after a moment: for what nobody waits for. */
  writeAlong<T>(work: () => T): Promise<T>
  /** Commits what has been handed in, now. */
  flush(): void
}

interface Write {
  /** Keeps its result, or throws. */
  perform(): void
  resolve(): void
  reject(error: unknown): void
}

const alongMs = 20

/** One fsync costs more than hundreds of statements, so all writes of a turn share one. */
export function groupCommit(db: DatabaseSync, explain: (error: unknown) => Error, onFatal: (error: Error) => void): GroupCommit {
  const [begin, commit, rollback] = [db.prepare('BEGIN IMMEDIATE'), db.prepare('COMMIT'), db.prepare('ROLLBACK')]
  const [save, release, undo] = [db.prepare('SAVEPOINT one'), db.prepare('RELEASE one'), db.prepare('ROLLBACK TO one')]
  let pending: Write[] = []
  let scheduled: NodeJS.Immediate | undefined
  let later: NodeJS.Timeout | undefined
  let fatal: Error | undefined

  /** False: one of them threw, and none has happened. */
  function allAtOnce(writes: readonly Write[]): boolean {
    begin.run()
    try {
      for (const { perform } of writes) perform()
    } catch {
      if (db.isTransaction) rollback.run()
      return false
    }
    commit.run()
    return true
  }

  /** The slow way, when one of them throws: each behind a savepoint. Returns those that are committed. */
  function oneByOne(writes: readonly Write[]): readonly Write[] {
    const done: Write[] = []
    begin.run()
    for (const write of writes) {
      save.run()
      try {
        write.perform()
        done.push(write)
      } catch (error) {
        // A full disk may have ended the whole transaction.
        if (!db.isTransaction) throw error
        undo.run()
        write.reject(explain(error))
      }
      release.run()
    }
    commit.run()
    return done
  }

  function commitAll(writes: readonly Write[]): void {
    try {
      if (fatal) throw fatal
      const done = allAtOnce(writes) ? writes : oneByOne(writes)
      for (const { resolve } of done) resolve()
    } catch (error) {
      if (db.isOpen && db.isTransaction) rollback.run()
      const reason = fatal ?? explain(error)
      if (fatal === undefined && isFatal(error)) {
        fatal = reason
        onFatal(reason)
      }
      for (const { reject } of writes) reject(reason)
    }
  }

  function flush(): void {
    clearImmediate(scheduled)
    clearTimeout(later)
    scheduled = undefined
    later = undefined
    const writes = pending
    pending = []
    if (writes.length > 0) commitAll(writes)
  }

  const add = <T>(work: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      let result: T
      pending.push({
        perform: () => {
          result = work()
        },
        resolve: () => resolve(result),
        reject
      })
    })

  return {
    write: work => {
      scheduled ??= setImmediate(flush)
      return add(work)
    },
    writeAlong: work => {
      later ??= setTimeout(flush, alongMs)
      return add(work)
    },
    flush
  }
}
