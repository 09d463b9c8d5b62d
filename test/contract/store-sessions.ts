import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { Session } from '../../src/core/types.ts'
import { until } from '../setup/until.ts'
import { aSession, times } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

export function sessionTests({ store, twin }: StoreUnderTest): void {
  describe('sessions', () => {
    const later = (session: Session, changes: Partial<Session> = {}): Session => ({
      ...session,
      ...changes,
      revision: session.revision + 1
    })

    test('keeps a session as it is, for every process', async () => {
      const session = aSession()
      expect(await store().sessions.get(session.id)).toBeUndefined()
      expect(await store().sessions.put(session)).toBe(true)
      expect(await store().sessions.get(session.id)).toEqual(session)
      expect(await (await twin()).sessions.get(session.id)).toEqual(session)
    })

    test('a new one does not replace one that is there', async () => {
      const session = aSession()
      await store().sessions.put(session)
      expect(await store().sessions.put({ ...session, clientId: 'client-2' })).toBe(false)
      expect(await store().sessions.get(session.id)).toEqual(session)
    })

    test('takes the revision that follows, and no other', async () => {
      const session = aSession()
      const next = later(session, { variables: 'x' })
      expect(await store().sessions.put(next)).toBe(false)
      await store().sessions.put(session)
      expect([await store().sessions.put(later(next)), await store().sessions.put(next), await store().sessions.put(session)]).toEqual([
        false,
        true,
        false
      ])
      expect(await store().sessions.get(session.id)).toEqual(next)
    })

    test('the very same write again is the same write', async () => {
      const session = aSession()
      expect([await store().sessions.put(session), await store().sessions.put(session)]).toEqual([true, true])
      const next = later(session)
      expect([await store().sessions.put(next), await store().sessions.put(next)]).toEqual([true, true])
    })

    test('of many writers from many processes one wins', async () => {
      const session = aSession()
      await store().sessions.put(session)
      const other = await twin()
      const written = await Promise.all(times(20, i => (i % 2 ? other : store()).sessions.put(later(session, { variables: i }))))
      expect(written.filter(Boolean)).toHaveLength(1)
      expect(await store().sessions.get(session.id)).toMatchObject({ revision: 2, variables: written.indexOf(true) })
    })

    test('is gone once its time has come, and can not be changed or removed any more', async () => {
      const session = aSession({ expiresAt: store().now() + 150 })
      await store().sessions.put(session)
      await until('the session has expired', async () => (await store().sessions.get(session.id)) === undefined)
      await sleep(5)
      expect(await store().sessions.put(later(session, { expiresAt: store().now() + 60_000 }))).toBe(false)
      expect(await store().sessions.delete(session.id)).toBe(false)
    })

    test('a later expiry prolongs it', async () => {
      const session = aSession({ expiresAt: store().now() + 150 })
      await store().sessions.put(session)
      await store().sessions.put(later(session, { expiresAt: store().now() + 60_000 }))
      await sleep(250)
      expect(await store().sessions.get(session.id)).toMatchObject({ revision: 2 })
    })

    test('delete says whether there was one, and a change does not bring it back', async () => {
      const session = aSession()
      await store().sessions.put(session)
      expect([await store().sessions.delete(session.id), await store().sessions.delete(session.id)]).toEqual([true, false])
      expect(await store().sessions.put(later(session))).toBe(false)
      expect(await (await twin()).sessions.get(session.id)).toBeUndefined()
    })
  })
}
