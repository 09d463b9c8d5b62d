import { afterAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Records } from '../../src/core/ports.ts'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { createKeyRing, type KeyRing } from '../../src/governance/keys.ts'
import { allows, missingScopes } from '../../src/governance/scopes.ts'

const store = openSqliteStore(openSqlite({ path: ':memory:' }))
afterAll(() => store.close())

let now = 1_000_000
let reads = 0
const records: Records = {
  ...store.records,
  get: (kind, id) => {
    reads++
    return store.records.get(kind, id)
  }
}
let keys: KeyRing
beforeEach(() => {
  keys = createKeyRing({ records, adminKey: 'the admin key', now: () => now })
  reads = 0
})

const made = (scopes: readonly string[] = ['a:read'], expiresAt?: number) =>
  keys.create({ name: 'till 4', tenant: 'branch-7', scopes, ...(expiresAt === undefined ? {} : { expiresAt }) })

describe('keys', () => {
  test('name their caller', async () => {
    const { id, key } = await made()
    expect(key).toMatch(new RegExp(`^rf_${id}_[0-9a-z]{52}$`))
    expect(await keys.authenticate(`Bearer ${key}`)).toEqual({ tenant: 'branch-7', subject: 'till 4', clientId: id, scopes: ['a:read'] })
    expect(await keys.authenticate(`bearer ${key}`)).toBeDefined()
  })

  test('are not kept', async () => {
    const { key } = await made()
    const kept = JSON.stringify([await store.records.list('key'), await keys.list()])
    expect(kept).not.toContain(key.slice(-52))
    expect(JSON.stringify(await keys.list())).not.toContain('hash')
  })

  test('with one wrong character are refused', async () => {
    const { key } = await made()
    const wrong = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
    for (const header of [undefined, '', key, `Bearer ${wrong}`, `Bearer ${key} `, `Bearer ${key},x`, 'Bearer the admin', `Basic ${key}`]) {
      expect(await keys.authenticate(header)).toBeUndefined()
    }
  })

  test('the admin key holds every scope', async () => {
    const admin = createKeyRing({ records, adminKey: 'the-admin-key' })
    expect(await admin.authenticate('Bearer the-admin-key')).toEqual({
      tenant: 'default',
      subject: 'admin',
      clientId: 'admin',
      scopes: ['*']
    })
    expect(await createKeyRing({ records }).authenticate('Bearer ')).toBeUndefined()
    expect(await createKeyRing({ records, adminKey: '' }).authenticate('Bearer ')).toBeUndefined()
  })

  test('expire', async () => {
    const { key } = await made(['a:read'], now + 5_000)
    expect(await keys.authenticate(`Bearer ${key}`)).toBeDefined()
    now += 6_000
    expect(await keys.authenticate(`Bearer ${key}`)).toBeUndefined()
  })

  test('are looked up once a second, and a revocation elsewhere is seen within it', async () => {
    const { id, key } = await made()
    for (let i = 0; i < 100; i++) await keys.authenticate(`Bearer ${key}`)
    expect(reads).toBe(1)
    const elsewhere = createKeyRing({ records: store.records })
    expect([await elsewhere.revoke(id), await elsewhere.revoke(id)]).toEqual([true, false])
    now += 1_001
    expect(await keys.authenticate(`Bearer ${key}`)).toBeUndefined()
  })

  test.each([[['Accounts']], [['a:*:b']], [['']], [['a b']]])('scopes that are none are refused: %j', async scopes => {
    await expect(made(scopes)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

test('scopes and their wildcards', () => {
  expect(allows(['*'], ['a:b'])).toBe(true)
  expect(allows(['accounts:*'], ['accounts:read', 'accounts:write'])).toBe(true)
  expect(allows(['accounts:*'], ['accountsx:read'])).toBe(false)
  expect(allows(['accounts:*'], ['accounts'])).toBe(false)
  expect(allows(['accounts:read'], ['accounts:*'])).toBe(false)
  expect(allows([], [])).toBe(true)
  expect(missingScopes(['a:read'], ['a:read', 'b:read', 'c'])).toEqual(['b:read', 'c'])
})
