import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteQueue } from '../../src/drivers/sqlite/queue.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { aMessage, aRun, times } from '../contract/fixtures.ts'
import { until } from '../setup/until.ts'

const writer = fileURLToPath(new URL('./sqlite-writer.ts', import.meta.url))

interface Promised {
  readonly run?: string
  readonly revision?: number
  readonly key?: string
  readonly message?: string
}

/** Lets the child write, kills it, and returns what it was promised. */
async function killedWriter(path: string, afterMs: number): Promise<readonly Promised[]> {
  const child = spawn(process.execPath, ['--no-warnings', writer, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  await until('the child writes', () => output.length > 0)
  await sleep(afterMs)
  child.kill('SIGKILL')
  await closed
  // The kill may have cut the last line.
  return output
    .slice(0, output.lastIndexOf('\n'))
    .split('\n')
    .map(line => JSON.parse(line))
}

describe('a ledger whose process is killed', () => {
  let dir = ''
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'retrofit-crash-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  test('holds everything that was promised, six times in a row', async () => {
    const path = join(dir, 'ledger.db')
    const revisions = new Map<string, number>()
    const keys = new Map<string, string>()
    const messages = new Set<string>()
    for (const afterMs of times(6, () => Math.random() * 200)) {
      for (const { run, revision = 0, key = '', message } of await killedWriter(path, afterMs)) {
        if (run !== undefined) {
          revisions.set(run, Math.max(revision, revisions.get(run) ?? 0))
          keys.set(run, key)
        }
        if (message !== undefined) messages.add(message)
      }
      const sqlite = openSqlite({ path })
      const [store, queue] = [openSqliteStore(sqlite), openSqliteQueue(sqlite)]
      expect(sqlite.db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
      for (const [id, revision] of revisions) {
        expect((await store.getRun(id))?.revision).toBeGreaterThanOrEqual(revision)
        const again = await store.createRun(aRun(), { keys: [{ key: keys.get(id) ?? '', fingerprint: 'print-1' }], maxWaiting: 0 })
        expect(again).toMatchObject({ outcome: 'existing', run: { id } })
      }
      const queued = new Set(
        sqlite.db
          .prepare('SELECT body FROM message')
          .all()
          .map(({ body }) => JSON.parse(String(body)).runId)
      )
      expect([...messages].filter(id => !queued.has(id))).toEqual([])
      // A transaction is whole or not there: the counter of the waiting agrees with the rows.
      const waiting = sqlite.db.prepare("SELECT count(*) AS runs FROM run WHERE status='queued'").get()?.runs
      expect(sqlite.db.prepare('SELECT sum(runs) AS runs FROM waiting').get()?.runs).toBe(waiting)
      await Promise.all([queue.close(), store.close()])
    }
    expect(revisions.size).toBeGreaterThan(50)
  })

  test('delivers again what the killed process had taken and not acked, and nothing that it acked', async () => {
    const path = join(dir, 'ledger.db')
    const [before, message, acked] = [openSqliteQueue(openSqlite({ path })), aMessage('teller'), aMessage('teller')]
    const taken: string[] = []
    const dead = await before.consume(
      async delivery => {
        taken.push(delivery.message.runId)
        if (delivery.message.runId === acked.runId) await delivery.ack()
        await new Promise(() => {})
      },
      { concurrency: () => 5 }
    )
    await dead.serve(['teller'])
    await Promise.all([before.publish(message), before.publish(acked)])
    await until('both taken', () => taken.length === 2)
    await before.ready()

    const after = openSqliteQueue(openSqlite({ path }))
    const again: string[] = []
    const consumer = await after.consume(async delivery => void again.push(delivery.message.runId), { concurrency: () => 5 })
    await consumer.serve(['teller'])
    await until('the one that was not acked', () => again.length > 0)
    expect(again).toEqual([message.runId])
    await after.close()
    await dead.serve([])
    void before.close()
  })
})
