import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteQueue } from '../../src/drivers/sqlite/queue.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { queueContract } from './queue.ts'
import { storeContract } from './store.ts'

function aFile() {
  const dir = mkdtempSync(join(tmpdir(), 'retrofit-sqlite-'))
  return { path: join(dir, 'ledger.db'), remove: () => rmSync(dir, { recursive: true }) }
}

storeContract(
  'SQLite in a file',
  async () => {
    const { path, remove } = aFile()
    const store = openSqliteStore(openSqlite({ path }))
    return {
      store,
      async close() {
        await store.close()
        remove()
      },
      another: async () => openSqliteStore(openSqlite({ path }))
    }
  },
  { watchesAcross: false }
)

storeContract(
  'SQLite in memory',
  async () => {
    const store = openSqliteStore(openSqlite({ path: ':memory:' }))
    return { store, close: () => store.close() }
  },
  { watchesAcross: false }
)

queueContract('SQLite in a file', async () => {
  const { path, remove } = aFile()
  const queue = openSqliteQueue(openSqlite({ path }))
  return {
    queue,
    async close() {
      await queue.close()
      remove()
    }
  }
})

queueContract('SQLite in memory', async () => {
  const queue = openSqliteQueue(openSqlite({ path: ':memory:' }))
  return { queue, close: () => queue.close() }
})
