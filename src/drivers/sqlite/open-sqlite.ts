import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { RunEvent } from '../../core/run-event.ts'
import { type GroupCommit, groupCommit } from './group-commit.ts'
import { migrations } from './schema.ts'
import { explained } from './sqlite-failure.ts'

export interface SqliteOptions {
  /** Its folder is made when it is missing. `:memory:` keeps nothing and is for tests. */
  readonly path: string
  /** Set before the file is used; those that would break durability are refused. */
  readonly pragmas?: Readonly<Record<string, string | number>>
}

/** One connection and one group commit, shared by the store and the queue on it. It closes when the last of them has released it. */
export interface Sqlite {
  readonly db: DatabaseSync
  readonly write: GroupCommit['write']
  readonly writeAlong: GroupCommit['writeAlong']
  readonly watchers: Set<(event: RunEvent) => void>
  /** Resolves when the disk failed: nothing is written any more, and only a new start finds out what the disk holds. */
  readonly broken: Promise<Error>
  retain(): void
  release(): void
}

const defaults = {
  journal_mode: 'WAL',
  synchronous: 'FULL',
  // On macOS a plain fsync leaves the data in the drive's cache.
  fullfsync: 1,
  // Waiting blocks the event loop: long enough for a command beside the server, too short to lose a lease.
  busy_timeout: 2_000,
  foreign_keys: 1,
  cache_size: -32_768,
  wal_autocheckpoint: 4_000
}

const synchronousFull = 2

export function openSqlite({ path, pragmas }: SqliteOptions): Sqlite {
  const db = opened(path, { ...defaults, ...pragmas })
  const broken = Promise.withResolvers<Error>()
  const commits = groupCommit(db, error => explained(path, error), broken.resolve)
  let users = 0
  return {
    db,
    write: commits.write,
    writeAlong: commits.writeAlong,
    watchers: new Set(),
    broken: broken.promise,
    retain: () => {
      users++
    },
    release: () => {
      if (--users > 0) return
      commits.flush()
      db.close()
    }
  }
}

function opened(path: string, pragmas: Readonly<Record<string, string | number>>): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    db = new DatabaseSync(path)
    // busy_timeout first: switching to WAL takes a lock that another process may hold.
    db.exec(`PRAGMA busy_timeout=${pragmas.busy_timeout}`)
    for (const [name, value] of Object.entries(pragmas)) db.exec(`PRAGMA ${name}=${value}`)
    if (path !== ':memory:') refuseUnsafe(db)
    migrate(db)
    // After a disk error the log may stand in the system's memory and not on the disk: written and synced anew.
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return db
  } catch (error) {
    db?.close()
    throw error instanceof UnfitLedger ? new Error(`The ledger ${path}: ${error.message}`) : explained(path, error)
  }
}

class UnfitLedger extends Error {}

const pragma = (db: DatabaseSync, name: string) => db.prepare(`PRAGMA ${name}`).get()?.[name]

function refuseUnsafe(db: DatabaseSync): void {
  const [journal, synchronous] = [pragma(db, 'journal_mode'), Number(pragma(db, 'synchronous'))]
  if (journal !== 'wal') throw new UnfitLedger(`its journal mode is ${journal} and can not be WAL; put it on a local disk`)
  if (synchronous < synchronousFull)
    throw new UnfitLedger(
      `synchronous is ${synchronous}, below FULL (2): a power cut could undo an accepted run; set it to FULL or remove the setting`
    )
}

function migrate(db: DatabaseSync): void {
  // Inside the lock, so that of two processes one migrates and the other finds it done.
  db.exec('BEGIN IMMEDIATE')
  const version = Number(pragma(db, 'user_version'))
  if (version > migrations.length)
    throw new UnfitLedger(
      `a newer Retrofit wrote it (its version is ${version}, this one knows ${migrations.length}); start that Retrofit, or use another DATA_DIR`
    )
  const tables = Number(db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables)
  if (version === 0 && tables > 0) throw new UnfitLedger('it is the database of another program; use another DATA_DIR')
  for (const migration of migrations.slice(version)) db.exec(migration)
  db.exec(`PRAGMA user_version=${migrations.length}`)
  db.exec('COMMIT')
}
