/** Runs that are parked while another version comes, on both ledgers: none is forgotten, however the new version was found. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Call } from '../../src/core/adapter.ts'
import { randomText } from '../../src/core/ids.ts'
import type { Store } from '../../src/core/ports.ts'
import { openRedisStore } from '../../src/drivers/redis/store.ts'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import type { FedCatalog } from '../../src/engine/catalog.ts'
import { indexParked } from '../../src/engine/parked.ts'
import { until } from '../setup/until.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

const bot = (digest: string) => payBot({ settleMs: 0 }, digest)
/** The probe of the first version finds nothing. */
const script = {
  run: async (call: Call) => {
    await call.commit()
    throw new Error('reset')
  },
  probe: async (call: Call) => (call.bot.digest === 'd1' ? { found: false as const } : { found: true as const, output: {} })
}
const folder = mkdtempSync(join(tmpdir(), 'retrofit-parked-'))
const ledgers: readonly (readonly [string, () => Promise<Store>])[] = [
  ['SQLite', async () => openSqliteStore(openSqlite({ path: join(folder, 'ledger.sqlite') }))],
  ['Redis', () => openRedisStore({ url: process.env.TEST_REDIS_URL as string, prefix: `test-${randomText(8)}` })]
]
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(ledgers)('%s', (_, open) => {
  let store: Store
  beforeAll(async () => {
    store = await open()
  })
  afterAll(() => store.close())

  const pay = async ({ engine, ended }: Opened) =>
    ended((await engine.submit({ caller, action: 'pay_money', input: { reference: randomText(8) } })).run, 60_000)
  const isSettled = async (id: string) => (await store.getRun(id))?.status === 'completed'

  test('a process that starts with a newer version looks at what was parked before, also by a release that kept no index', async () => {
    const before = await openEngine({ store, bot: bot('d1'), script })
    const run = await pay(before)
    await before.close()
    expect(run).toMatchObject({ status: 'outcome_unknown', botDigest: 'd1' })
    expect(await store.records.list('parked')).toEqual([])
    await store.records.delete('parked-indexed', 'all')
    const after = await openEngine({ store: indexParked(store), bot: bot('d2'), script })
    await until('it is settled', () => isSettled(run.id))
    expect(await store.getRun(run.id)).toMatchObject({ effect: 'committed', probed: { botDigest: 'd2' } })
    await after.close()
  })

  test('one that was at work when the version came is looked at as it is parked', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const slow = { ...script, run: (call: Call) => promise.then(() => script.run(call)) }
    const all = await openEngine({
      store: indexParked(store),
      bot: payBot({ settleMs: 0, timeouts: { queueMs: 60_000, runMs: 60_000 } }),
      script: slow
    })
    const { run } = await all.engine.submit({ caller, action: 'pay_money', input: { reference: randomText(8) } })
    await until('it is at work', async () => (await store.getRun(run.id))?.status === 'working')
    await (all.parts.catalog as FedCatalog).setFile(bot('d2'))
    resolve()
    await until('it is settled', () => isSettled(run.id))
    expect(await store.getRun(run.id)).toMatchObject({ botDigest: 'd1', probed: { seen: 'found', botDigest: 'd2' } })
    await all.close()
  })
})
