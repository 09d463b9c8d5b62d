/** Who can write to the ledger is no admin by that: keys, bots, sessions and runs count only with the signature of this installation. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { readSettings, type Settings } from '../../src/config.ts'
import { randomText } from '../../src/core/ids.ts'
import type { Json } from '../../src/core/types.ts'
import { type Deployment, openDeployment, openLedger } from '../../src/deployment.ts'
import { createCatalog } from '../../src/engine/catalog.ts'
import { createKeyRing } from '../../src/governance/keys.ts'
import { signAll, unsignedRecords } from '../../src/governance/signed-records.ts'
import { aSession } from '../contract/fixtures.ts'
import { caller, payBot } from '../engine/open-engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'retrofit-forged-'))
const redis = new Redis(process.env.TEST_REDIS_URL as string)
afterAll(async () => {
  for await (const keys of redis.scanStream({ match: 'forged-*', count: 1_000 })) if (keys.length > 0) await redis.unlink(...keys)
  redis.disconnect()
  rmSync(folder, { recursive: true })
})

const dataKey = 'a data key of the tests, long enough to be one'

interface Ground {
  readonly settings: Settings
  /** Writes past the program. */
  write(kind: string, id: string, value: Json): Promise<void>
  read(kind: string, id: string): Promise<Json>
}

function embedded(extra: Readonly<Record<string, string>> = { RETROFIT_DATA_KEY: dataKey }): Ground {
  const settings = readSettings({ DATA_DIR: join(folder, randomText(8)), ...extra })
  const onFile = <T>(work: (db: DatabaseSync) => T): T => {
    const db = new DatabaseSync(join(settings.DATA_DIR, 'ledger.sqlite'))
    try {
      return work(db)
    } finally {
      db.close()
    }
  }
  return {
    settings,
    write: async (kind, id, value) =>
      onFile(db => {
        db.prepare('INSERT OR REPLACE INTO record(kind, id, value) VALUES(?,?,?)').run(kind, id, JSON.stringify(value))
        db.prepare('INSERT INTO record_stamp(kind, stamp) VALUES(?,1) ON CONFLICT DO UPDATE SET stamp=stamp+1').run(kind)
      }),
    read: async (kind, id) =>
      onFile(db => JSON.parse(String(db.prepare('SELECT value FROM record WHERE kind=? AND id=?').get(kind, id)?.value)))
  }
}

function distributed(): Ground {
  const namespace = `forged-${randomText(8)}`
  const settings = readSettings({
    REDIS_URL: process.env.TEST_REDIS_URL,
    RABBITMQ_URL: process.env.TEST_RABBITMQ_URL,
    RETROFIT_NAMESPACE: namespace,
    RETROFIT_DATA_KEY: dataKey
  })
  const records = (kind: string) => `${namespace}:{records:${kind}}`
  return {
    settings,
    write: async (kind, id, value) => {
      await redis.hset(`${records(kind)}:all`, id, JSON.stringify(value))
      await redis.incr(`${records(kind)}:stamp`)
    },
    read: async (kind, id) => JSON.parse((await redis.hget(`${records(kind)}:all`, id)) ?? 'null')
  }
}

describe.each([
  ['embedded', embedded],
  ['distributed', distributed]
] as const)('%s', (_, lay) => {
  let ground: Ground
  let deployment: Deployment
  beforeEach(async () => {
    ground = lay()
    deployment = await openDeployment(ground.settings)
  })
  afterEach(async () => {
    await deployment.queue.close()
    await deployment.store.close()
  })
  const ring = () => createKeyRing({ records: deployment.store.records, adminKey: '' })
  const refusedRecords = () => deployment.refusals.counts().find(([what]) => what === 'record')?.[1] ?? 0

  test('a forged key opens nothing, and neither does a good one with more scopes or under another id', async () => {
    const { id, key } = await ring().create({ name: 'small', tenant: 'acme', scopes: ['a:read'] })
    expect(await ring().authenticate(`Bearer ${key}`)).toMatchObject({ scopes: ['a:read'] })
    const stored = (await ground.read('key', id)) as { readonly value: Readonly<Record<string, Json>>; readonly signature: string }
    const forgedId = randomText(12)
    await ground.write('key', forgedId, stored)
    await ground.write('key', id, { ...stored, value: { ...stored.value, scopes: ['*'] } })
    expect(await ring().authenticate(`Bearer ${key}`)).toBeUndefined()
    await ground.write('key', id, { ...stored.value, scopes: ['*'] })
    expect(await ring().authenticate(`Bearer ${key}`)).toBeUndefined()
    expect(await ring().list()).toEqual([])
    expect(refusedRecords()).toBe(4)
    await ground.write('key', id, stored)
    expect(await ring().authenticate(`Bearer ${key}`)).toMatchObject({ scopes: ['a:read'] })
  })

  test('a record can not be moved to another kind', async () => {
    await deployment.store.records.put('note', 'x', { scopes: ['*'] })
    await ground.write('key', 'x', await ground.read('note', 'x'))
    expect(await deployment.store.records.get('key', 'x')).toBeUndefined()
  })

  test('a forged bot, or version of one, is not served, and garbled ones end nothing', async () => {
    const catalog = createCatalog({
      records: deployment.store.records,
      parse: (_, { tenant }) => ({ bot: { ...payBot(), tenant }, issues: [] })
    })
    for (const id of ['pay', 'acme/pay']) {
      await ground.write('bot', id, { source: 'evil', digest: 'd9' })
      await ground.write('bot-version', `${id}@d9`, { source: 'evil' })
    }
    for (const [id, value] of Object.entries({ none: null, list: [], text: 'x', number: 7 })) await ground.write('bot', id, value)
    await catalog.refresh()
    expect([...catalog.entries('acme'), ...catalog.entries('default')]).toEqual([])
    const run = { bot: 'pay', botDigest: 'd9', action: 'pay_money' }
    for (const botTenant of [undefined, 'acme']) expect(await catalog.versionOf({ ...run, botTenant })).toBeUndefined()
    await catalog.register('pay', 'good', { caller: { ...caller, tenant: 'acme', scopes: ['*'] }, tenant: 'acme' })
    expect(catalog.entries('acme').map(({ bot }) => bot.name)).toEqual(['pay'])
  })

  test('a session counts only as it was written, for its own id', async () => {
    const { sessions } = deployment.store
    const [mine, other] = [aSession(), aSession({ clientId: 'other' })]
    await sessions.put(mine)
    expect(await sessions.get(mine.id)).toEqual(mine)
    const { RETROFIT_DATA_KEY: _, ...rest } = ground.settings
    const stranger = await openLedger({ ...rest, RETROFIT_DATA_KEY: 'x'.repeat(40) })
    await stranger.store.sessions.put(other)
    await stranger.store.close()
    expect(await sessions.get(other.id)).toBeUndefined()
  })

  test('what an older version left does not count until somebody signs it', async () => {
    await ground.write('key', 'older', { id: 'older', name: 'old', tenant: 'acme', scopes: ['a:read'], createdAt: 1, hash: '' })
    expect(await ring().list()).toEqual([])
    const { store, rawRecords } = await openLedger(ground.settings)
    const unsigned = await unsignedRecords(rawRecords)
    expect(unsigned.map(({ kind, id }) => [kind, id])).toEqual([['key', 'older']])
    await signAll(store.records, unsigned)
    expect(await unsignedRecords(rawRecords)).toEqual([])
    await store.close()
    expect((await ring().list()).map(({ id }) => id)).toEqual(['older'])
  })
})

test('the folder of one process, with the key that was made in it, is taken over once', async () => {
  const ground = embedded({})
  const older = { id: 'older', name: 'old', tenant: 'acme', scopes: ['a:read'], createdAt: 1, hash: '' }
  const start = async () => {
    const { store } = await openLedger(ground.settings)
    const keys = await createKeyRing({ records: store.records, adminKey: '' }).list()
    await store.close()
    return keys.map(({ id }) => id)
  }
  const { store } = await openLedger({ ...ground.settings, RETROFIT_DATA_KEY: dataKey })
  await store.close()
  await ground.write('key', 'older', older)
  expect(await start()).toEqual(['older'])
  await ground.write('key', 'forged', { ...older, id: 'forged' })
  expect(await start()).toEqual(['older'])
})
