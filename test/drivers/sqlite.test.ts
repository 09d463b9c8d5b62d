import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Run } from '../../src/core/types.ts'
import { openSqlite, type Sqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteQueue } from '../../src/drivers/sqlite/queue.ts'
import { leadingFilter, listSql } from '../../src/drivers/sqlite/run-list.ts'
import { migrations } from '../../src/drivers/sqlite/schema.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { aKey, aMessage, aRun, aSession, changed, open, times } from '../contract/fixtures.ts'
import { until } from '../setup/until.ts'

let dir = ''
let path = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'retrofit-sqlite-'))
  path = join(dir, 'new', 'folder', 'ledger.db')
})
afterEach(() => rmSync(dir, { recursive: true }))

/** As it was when the schema had so many versions. */
function fileOfVersion(version: number, run: Run): DatabaseSync {
  mkdirSync(join(dir, 'new', 'folder'), { recursive: true })
  const db = new DatabaseSync(path)
  db.exec(`${migrations.slice(0, version).join(';')}; PRAGMA user_version=${version}`)
  const insert = db.prepare('INSERT INTO run VALUES(?,?,?,?,?,?,?,?,?,?)')
  insert.run(run.id, 1, run.tenant, run.bot, run.action, run.status, null, run.createdAt, '[]', JSON.stringify(run))
  return db
}

const pragma = (sqlite: Sqlite, name: string) => Object.values(sqlite.db.prepare(`PRAGMA ${name}`).get() ?? {})[0]

describe('opening a ledger', () => {
  test('makes the folder, and is durable', async () => {
    const sqlite = openSqlite({ path })
    const store = openSqliteStore(sqlite)
    expect([pragma(sqlite, 'journal_mode'), pragma(sqlite, 'synchronous'), pragma(sqlite, 'user_version')]).toEqual([
      'wal',
      2,
      migrations.length
    ])
    await store.close()
  })

  test.each([['OFF'], ['NORMAL'], [0], [1]])('refuses synchronous=%s', synchronous => {
    expect(() => openSqlite({ path, pragmas: { synchronous } })).toThrow(
      /ledger\.db: synchronous is [01], below FULL \(2\).*set it to FULL/
    )
  })

  test('refuses a journal that is no WAL', () => {
    expect(() => openSqlite({ path, pragmas: { journal_mode: 'MEMORY' } })).toThrow(/journal mode is memory.*local disk/)
  })

  test('takes synchronous=EXTRA', async () => {
    const sqlite = openSqlite({ path, pragmas: { synchronous: 'EXTRA' } })
    expect(pragma(sqlite, 'synchronous')).toBe(3)
    await openSqliteStore(sqlite).close()
  })

  test('keeps everything from one opening to the next', async () => {
    const run = aRun()
    const session = aSession()
    for (const attempt of [1, 2]) {
      const store = openSqliteStore(openSqlite({ path }))
      if (attempt === 1) await store.createRun(run, open())
      if (attempt === 1) await store.sessions.put(session)
      expect(await store.getRun(run.id)).toEqual(run)
      expect(await store.sessions.get(session.id)).toEqual(session)
      await store.close()
    }
  })

  test('takes up a file of the version before sessions', async () => {
    const run = aRun()
    fileOfVersion(1, run).close()
    const later = openSqliteStore(openSqlite({ path }))
    expect(await later.getRun(run.id)).toEqual(run)
    expect(await later.sessions.put(aSession())).toBe(true)
    await later.close()
  })

  test('a file of before has its lists through indexes, without sorting, and is counted for the quotas', async () => {
    const run = aRun({ status: 'failed' })
    const before = fileOfVersion(2, run)
    before.prepare('INSERT INTO artifact VALUES(?,?,?,?)').run(run.id, 'a', 'text/plain', Buffer.alloc(500))
    const session = aSession()
    before.prepare('INSERT INTO session VALUES(?,?,?,?)').run(session.id, 1, session.expiresAt, JSON.stringify(session))
    before.close()
    const sqlite = openSqlite({ path })
    const store = openSqliteStore(sqlite)
    const bytes = Buffer.byteLength(JSON.stringify(run)) + 500
    const refused = await store.createRun(aRun(), { keys: [], maxWaiting: 9, quotas: { storedBytes: bytes } })
    expect([refused, await store.sessions.create(aSession(), 1)]).toEqual([
      { outcome: 'over_quota', quota: 'stored_bytes', used: bytes },
      false
    ])
    const filters = [{}, ...['status', 'bot', 'action'].map(name => ({ [name]: run[name as 'status' | 'bot' | 'action'] })), { ...run }]
    for (const filter of filters) {
      expect((await store.listRuns({ limit: 5, ...filter, tenant: run.tenant })).runs).toEqual([run])
      const leading = leadingFilter(filter)
      const plan = sqlite.db
        .prepare(`EXPLAIN QUERY PLAN ${listSql(leading)}`)
        .all()
        .map(({ detail }) => detail)
      expect(plan).toEqual([
        `SEARCH run USING INDEX run_by_${leading ?? 'tenant'} (tenant=? AND ${leading === undefined ? '' : `${leading}=? AND `}id<?)`
      ])
    }
    await store.close()
  })

  test('expired sessions do not stay behind for ever', async () => {
    const sqlite = openSqlite({ path })
    const store = openSqliteStore(sqlite)
    for (const _ of times(30, i => i)) await store.sessions.put(aSession({ expiresAt: store.now() - 1 }))
    await store.sessions.put(aSession())
    expect(sqlite.db.prepare('SELECT count(*) AS rows FROM session').get()?.rows).toBeLessThanOrEqual(2)
    await store.close()
  })

  test('says of a file that is no database what to do, and leaves it alone', () => {
    mkdirSync(join(dir, 'new', 'folder'), { recursive: true })
    writeFileSync(path, 'This is a letter to my aunt. '.repeat(200))
    const before = readFileSync(path)
    expect(() => openSqlite({ path })).toThrow(/ledger\.db: it is damaged or no SQLite database; restore it from a backup/)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('says of a damaged ledger what to do', async () => {
    const sqlite = openSqlite({ path })
    const store = openSqliteStore(sqlite)
    await Promise.all(times(50, () => store.createRun(aRun(), open(aKey()))))
    await store.close()
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0xa5, 100, 4_096))
    expect(() => openSqlite({ path })).toThrow(/ledger\.db: it is damaged.*restore it from a backup/)
  })

  test.each([
    ['a folder', () => mkdirSync(path, { recursive: true })],
    ['below a file', () => writeFileSync(join(dir, 'new'), '')]
  ])('says of a path that is %s that it can not be used', (_, prepare) => {
    prepare()
    expect(() => openSqlite({ path })).toThrow(
      /The ledger .*ledger\.db: it (can not be opened; give this user write access|could not be used \(E)/
    )
  })

  test('refuses a file of a newer version, and of another program', async () => {
    await openSqliteStore(openSqlite({ path })).close()
    const file = new DatabaseSync(path)
    file.exec('PRAGMA user_version=99')
    file.close()
    expect(() => openSqlite({ path })).toThrow(/a newer Retrofit wrote it \(its version is 99, this one knows \d+\); start that Retrofit/)
    const foreign = join(dir, 'foreign.db')
    const other = new DatabaseSync(foreign)
    other.exec('CREATE TABLE songs(title TEXT)')
    other.close()
    expect(() => openSqlite({ path: foreign })).toThrow(/foreign\.db: it is the database of another program/)
  })
})

describe('the group commit', () => {
  test('shares one transaction among the writes of a turn', async () => {
    const sqlite = openSqlite({ path })
    const [store, queue] = [openSqliteStore(sqlite), openSqliteQueue(sqlite)]
    await Promise.all([store.ready(), queue.ready()])
    const inTransaction: boolean[] = []
    const watcher = new DatabaseSync(path)
    const seen = () => Number(Object.values(watcher.prepare('PRAGMA data_version').get() ?? {})[0])
    const before = seen()
    await Promise.all([
      ...times(40, () => store.createRun(aRun(), open(aKey()))),
      queue.publish(aMessage('teller')),
      store.records.put('a', 'b', 1)
    ])
    await sqlite.write(() => inTransaction.push(sqlite.db.isTransaction))
    expect([seen() - before, inTransaction]).toEqual([1, [true]])
    watcher.close()
    await Promise.all([queue.close(), store.close()])
  })

  test('what nobody waits for joins the next transaction, or gets one of its own', async () => {
    const sqlite = openSqlite({ path })
    const store = openSqliteStore(sqlite)
    const done: string[] = []
    const along = sqlite.writeAlong(() => 1).then(() => done.push('along'))
    await store.records.put('a', 'b', 1)
    await Promise.resolve()
    expect(done).toEqual(['along'])
    await along
    expect(await sqlite.writeAlong(() => sqlite.db.isTransaction)).toBe(true)
    const last = sqlite.writeAlong(() => 'last')
    await store.close()
    expect(await last).toBe('last')
  })

  test('a write that fails harms none of its neighbours and leaves nothing behind', async () => {
    const sqlite = openSqlite({ path })
    const store = openSqliteStore(sqlite)
    const [first, last] = [aRun(), aRun()]
    const bad = sqlite.write(() => {
      sqlite.db.exec("INSERT INTO record VALUES('half', 'done', '1')")
      throw new Error('Halfway')
    })
    const settled = await Promise.allSettled([
      store.createRun(first, open()),
      bad,
      store.createRun(last, open()),
      store.records.put('a', 'b', 1)
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect([await store.getRun(first.id), await store.getRun(last.id), await store.records.get('half', 'done')]).toEqual([
      first,
      last,
      undefined
    ])
    await expect(bad).rejects.toThrow('Halfway')
    await store.close()
  })

  test('a value that is no JSON fails alone', async () => {
    const store = openSqliteStore(openSqlite({ path }))
    const run = aRun()
    const circle: { self?: unknown } = {}
    circle.self = circle
    const created = store.createRun(run, open())
    await expect(store.createRun(aRun(circle as object), open())).rejects.toThrow('circular')
    expect((await created).outcome).toBe('created')
    await store.close()
  })

  test('a full disk rejects, leaves no row, and reading goes on', async () => {
    const sqlite = openSqlite({ path })
    const [store, queue] = [openSqliteStore(sqlite), openSqliteQueue(sqlite)]
    const kept = aRun()
    await store.createRun(kept, open())
    sqlite.db.exec(`PRAGMA max_page_count=${Number(pragma(sqlite, 'page_count')) + 4}`)
    const large = times(8, () => aRun({ output: 'x'.repeat(20_000) }))
    const settled = await Promise.allSettled(large.map(run => store.createRun(run, open(aKey()))))
    expect(settled.map(({ status }) => status)).toEqual(times(8, () => 'rejected'))
    expect(settled[0]).toMatchObject({ reason: { message: expect.stringMatching(/ledger\.db: the disk is full; free some space/) } })
    expect((await store.listRuns({ tenant: kept.tenant, limit: 100 })).runs).toEqual([kept])
    const fillUp = async () => {
      for (;;) await queue.publish(aMessage('teller', { traceparent: 'x'.repeat(3_000) }))
    }
    await expect(fillUp()).rejects.toThrow('the disk is full')
    await expect(store.ready()).rejects.toThrow('the disk is full')
    const depth = (await queue.depth('teller')).messages
    await expect(queue.publish(aMessage('teller', { traceparent: 'x'.repeat(3_000) }))).rejects.toThrow()
    expect((await queue.depth('teller')).messages).toBe(depth)
    sqlite.db.exec('PRAGMA max_page_count=1000000')
    await store.ready()
    expect((await store.createRun(large[0] ?? kept, open())).outcome).toBe('created')
    expect(await store.updateRun(changed(kept, { status: 'working' }))).toBe(true)
    await Promise.all([queue.close(), store.close()])
  })

  test('closing waits for the writes that were handed in', async () => {
    const store = openSqliteStore(openSqlite({ path }))
    const run = aRun()
    const created = store.createRun(run, open())
    await store.close()
    expect((await created).outcome).toBe('created')
    const again = openSqliteStore(openSqlite({ path }))
    expect(await again.getRun(run.id)).toEqual(run)
    await again.close()
  })

  test('a lock that another process holds for too long rejects and accepts nothing', async () => {
    const sqlite = openSqlite({ path, pragmas: { busy_timeout: 50 } })
    const store = openSqliteStore(sqlite)
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const run = aRun()
    await expect(store.createRun(run, open())).rejects.toThrow(/another process holds it/)
    other.exec('ROLLBACK')
    expect(await store.getRun(run.id)).toBeUndefined()
    expect((await store.createRun(run, open())).outcome).toBe('created')
    other.close()
    await store.close()
  })
})

describe('the queue in the file', () => {
  test('the store stays open when the queue closes', async () => {
    const sqlite = openSqlite({ path })
    const [store, queue] = [openSqliteStore(sqlite), openSqliteQueue(sqlite)]
    await queue.close()
    await store.ready()
    await store.close()
    expect(sqlite.db.isOpen).toBe(false)
  })

  test('stays open when the store closes, and the store takes nothing more', async () => {
    const sqlite = openSqlite({ path })
    const [store, queue] = [openSqliteStore(sqlite), openSqliteQueue(sqlite)]
    await store.close()
    await expect(store.createRun(aRun(), open())).rejects.toThrow('closed')
    await queue.publish(aMessage('teller'))
    await queue.close()
  })

  test('sees what another process published', async () => {
    const queue = openSqliteQueue(openSqlite({ path }))
    const got: string[] = []
    const consumer = await queue.consume(async ({ message }) => void got.push(message.runId), { concurrency: () => 2 })
    await consumer.serve(['teller'])
    const other = openSqliteQueue(openSqlite({ path }))
    const message = aMessage('teller')
    await other.publish(message)
    await other.close()
    await until('the message', () => got.length > 0)
    await sleep(50)
    expect(got).toEqual([message.runId])
    await queue.close()
  })

  test('an idle consumer has a message before its row is written, and what it writes takes the row along', async () => {
    const sqlite = openSqlite({ path })
    const [store, queue] = [openSqliteStore(sqlite), openSqliteQueue(sqlite)]
    const run = aRun()
    await store.createRun(run, open())
    const watcher = new DatabaseSync(path)
    const commits = () => Number(Object.values(watcher.prepare('PRAGMA data_version').get() ?? {})[0])
    const rows = () => Number(watcher.prepare('SELECT count(*) AS rows FROM message').get()?.rows)
    const seen: number[] = []
    const claim = changed(run, { status: 'working' })
    const consumer = await queue.consume(
      async () => {
        seen.push(rows())
        await store.updateRun(claim)
        seen.push(rows())
        await sleep(50)
      },
      { concurrency: () => 1 }
    )
    await consumer.serve(['teller'])
    const before = commits()
    await queue.publish(aMessage('teller'))
    await until('the write', () => seen.length === 2)
    expect([seen, commits() - before, await queue.depth('teller')]).toEqual([[0, 1], 1, { messages: 0 }])
    await until('the ack', () => rows() === 0)
    watcher.close()
    await Promise.all([queue.close(), store.close()])
  })

  test('what was handed on overtakes nothing, and is there once', async () => {
    const queue = openSqliteQueue(openSqlite({ path }))
    const got: string[] = []
    const consumer = await queue.consume(
      async ({ message }) => {
        got.push(message.runId)
        await sleep(2)
      },
      { concurrency: () => 2 }
    )
    await consumer.serve(['teller'])
    const messages = times(60, () => aMessage('teller'))
    for (const message of messages) {
      void queue.publish(message)
      if (Math.random() < 0.3) await sleep(1)
    }
    await until('all', () => got.length >= messages.length)
    await sleep(50)
    expect(got).toEqual(messages.map(({ runId }) => runId))
    expect(await queue.depth('teller')).toEqual({ messages: 0 })
    await queue.close()
  })

  test('what was handed on and not acked comes again: to the next process, and after a pause when the handler threw', async () => {
    const queue = openSqliteQueue(openSqlite({ path }))
    const got: string[] = []
    const consumer = await queue.consume(
      async ({ message }) => {
        got.push(message.runId)
        if (got.length === 1) throw new Error('not now')
        await sleep(300)
      },
      { concurrency: () => 1 }
    )
    await consumer.serve(['teller'])
    const message = aMessage('teller')
    await queue.publish(message)
    await until('it comes back', () => got.length === 2)
    const other = new DatabaseSync(path)
    expect(other.prepare('SELECT count(*) AS rows FROM message').get()?.rows).toBe(1)
    other.close()
    await queue.close()
    expect(got).toEqual([message.runId, message.runId])
  })

  test('a message whose row could not be written is its publisher’s business: the handler ends well, and the next one comes', async () => {
    const sqlite = openSqlite({ path })
    const queue = openSqliteQueue(sqlite)
    const got: string[] = []
    const errors: unknown[] = []
    const consumer = await queue.consume(
      async ({ message, ack }) => {
        got.push(message.runId)
        await ack().catch(error => errors.push(error))
      },
      { concurrency: () => 1 }
    )
    await consumer.serve(['teller'])
    sqlite.db.exec(`PRAGMA max_page_count=${Number(pragma(sqlite, 'page_count'))}`)
    const lost = aMessage('teller', { traceparent: 'x'.repeat(20_000) })
    await expect(queue.publish(lost)).rejects.toThrow('the disk is full')
    sqlite.db.exec('PRAGMA max_page_count=1000000')
    const next = aMessage('teller')
    await queue.publish(next)
    await until('the next', () => got.length === 2)
    expect([got, errors, await queue.depth('teller')]).toEqual([[lost.runId, next.runId], [], { messages: 0 }])
    await queue.close()
  })
})
