/** A child process of `sqlite-crash.test.ts`: writes runs and messages as fast as it can and prints what was promised. */
import { writeSync } from 'node:fs'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteQueue } from '../../src/drivers/sqlite/queue.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { aKey, aMessage, aRun, changed } from '../contract/fixtures.ts'

const sqlite = openSqlite({ path: process.argv[2] ?? '' })
const [store, queue] = [openSqliteStore(sqlite), openSqliteQueue(sqlite)]

/** At once: what a kill swallowed would not have been promised. */
const say = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`)

async function write(): Promise<void> {
  const [run, key] = [aRun(), aKey()]
  await store.createRun(run, { keys: [key], maxWaiting: Number.MAX_SAFE_INTEGER })
  say({ run: run.id, revision: 1, key: key.key })
  await Promise.all([queue.publish(aMessage('teller', { runId: run.id })), store.records.put('kind', run.id, 1)])
  say({ message: run.id })
  await store.updateRun(changed(run, { status: 'completed', dueAt: null }))
  say({ run: run.id, revision: 2, key: key.key })
}

await Promise.all(
  Array.from({ length: 16 }, async () => {
    for (;;) await write()
  })
)
