import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import type { Store } from '../../src/core/ports.ts'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { restMs, shelve } from '../../src/engine/shelf.ts'
import { aRun, changed, open, times } from '../contract/fixtures.ts'

let store: Store
beforeEach(() => {
  store = openSqliteStore(openSqlite({ path: ':memory:' }))
})
afterEach(() => store.close())

describe('versions of a registered bot', () => {
  const version = (n: number) => `teller@d${n}`
  const put = async (n: number, at: number, versions?: number) => {
    const parts = { records: store.records, quotas: { versions }, neededVersions: store.neededVersions }
    const gone = await shelve(parts, 'teller', version(n), at)
    await store.records.put('bot-version', version(n), { source: `${n}` })
    return gone
  }
  const kept = async () => (await store.records.list('bot-version')).map(({ id }) => Number(id.slice(8))).sort((a, b) => a - b)

  test('are the newest ten, and those that a run may need, until it has expired', async () => {
    const run = aRun({ botDigest: 'd1', status: 'outcome_unknown', dueAt: null })
    await store.createRun(run, open())
    for (const n of times(15, i => i)) await put(n, n * (restMs + 1))
    expect(await kept()).toEqual([1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
    await store.updateRun(changed(run, { expired: true }))
    expect(await put(15, 15 * (restMs + 1))).toEqual([version(5), version(1)])
  })

  test('stay for a while after the next has come, and are so many at most', async () => {
    for (const n of times(12, i => i)) await put(n, n)
    expect(await kept()).toHaveLength(12)
    await expect(put(12, 12, 12)).rejects.toMatchObject({
      code: 'quota_exceeded',
      quota: { name: 'bot_versions', used: 12, allowed: 12 }
    })
    expect(await put(11, 13, 12)).toEqual([])
    expect(await put(13, 2 * restMs, 12)).toHaveLength(3)
  })
})
