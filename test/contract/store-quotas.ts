import { describe, expect, test } from '@jest/globals'
import type { Store, TenantQuotas } from '../../src/core/ports.ts'
import { bury } from '../../src/core/run.ts'
import type { Run } from '../../src/core/types.ts'
import { until } from '../setup/until.ts'
import { aKey, aRun, aSession, changed, times } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

export function quotaTests({ store, twin }: StoreUnderTest): void {
  const enter = (run = aRun(), quotas: TenantQuotas = {}, ledger: Store = store()) =>
    ledger.createRun(run, { keys: [], maxWaiting: 10_000, quotas })
  const outcomes = (created: readonly { readonly outcome: string }[]) => created.map(({ outcome }) => outcome).sort()

  describe('the runs of a tenant that wait', () => {
    test('are counted over all bots and processes, and nobody else is', async () => {
      const other = await twin()
      const created = await Promise.all(times(12, i => enter(aRun({ bot: `bot_${i}` }), { waiting: 5 }, i % 2 ? other : store())))
      expect(outcomes(created)).toEqual([...times(5, () => 'created'), ...times(7, () => 'over_quota')])
      expect(await enter(aRun(), { waiting: 5 })).toEqual({ outcome: 'over_quota', quota: 'waiting', used: 5 })
      expect((await enter(aRun({ tenant: 'globex' }), { waiting: 5 })).outcome).toBe('created')
    })

    test('are fewer once one begins, ends or is removed, and more once one is handed back', async () => {
      const [first, second, third] = times(3, () => aRun()) as [ReturnType<typeof aRun>, ReturnType<typeof aRun>, ReturnType<typeof aRun>]
      for (const run of [first, second, third]) await enter(run)
      const most = async () => (await enter(aRun(), { waiting: 0 })) as { readonly used?: number }
      const working = changed(first, { status: 'working' })
      await store().updateRun(working)
      await store().updateRun(changed(second, { status: 'cancelled' }))
      expect(await most()).toMatchObject({ used: 1 })
      await store().updateRun(changed(working, { status: 'queued' }))
      await store().deleteRun(third.id)
      await store().deleteRun(third.id)
      expect(await most()).toMatchObject({ used: 1 })
    })

    test('never keep a known key from its run', async () => {
      const [key, run] = [aKey(), aRun()]
      await store().createRun(run, { keys: [key], maxWaiting: 1 })
      const again = await store().createRun(aRun(), { keys: [key], maxWaiting: 1, quotas: { waiting: 1, storedBytes: 1 } })
      expect(again).toEqual({ outcome: 'existing', run })
    })
  })

  describe('the line of a tenant at a bot', () => {
    test('is in order, of nobody else, and follows its runs', async () => {
      const runs = times(6, i => aRun({ createdAt: 1_790_000_000_000 + i }))
      const created = []
      for (const run of runs) created.push(await enter(run))
      for (const run of [aRun({ tenant: 'globex' }), aRun({ bot: 'corebank' }), aRun({ status: 'working' })]) await enter(run)
      expect(created.map(one => 'run' in one && (one as { readonly ahead?: number }).ahead)).toEqual([undefined, 1, 2, 3, 4, 5])
      const ids = runs.map(({ id }) => id)
      const [first, second] = runs as [(typeof runs)[0], (typeof runs)[0]]
      const line = async (window: number) => (await twin()).firstInLine({ tenant: first.tenant, bot: first.bot, window })
      expect([await line(10), await line(2)]).toEqual([ids, ids.slice(0, 2)])
      const working = changed(first, { status: 'working' })
      await store().updateRun(working)
      await store().deleteRun(second.id)
      expect(await line(10)).toEqual(ids.slice(2))
      await store().updateRun(changed(working, { status: 'queued' }))
      expect(await line(2)).toEqual([first.id, ids[2]])
    })

    test('gives each run that moves up to one asker, also where many begin at once', async () => {
      // Within one millisecond ids are in no order.
      const runs = times(30, () => aRun({ createdAt: 1_790_000_000_000 }))
      for (const run of runs) await store().createRun(run, { keys: [], maxWaiting: 100, window: 10 })
      const { tenant, bot } = runs[0] as (typeof runs)[0]
      const ask = () => store().nextInLine({ tenant, bot, window: 10 })
      expect(await ask()).toEqual([])
      await Promise.all(runs.slice(0, 8).map(run => store().updateRun(changed(run, { status: 'working' }))))
      const given = (await Promise.all(times(8, ask))).flat()
      expect(given).toEqual(runs.slice(10, 18).map(({ id }) => id))
      await store().updateRun(changed(changed(runs[0] as (typeof runs)[0], {}), { status: 'queued' }))
      expect(await ask()).toEqual([])
      for (const run of runs.slice(8)) await store().deleteRun(run.id)
      const late = aRun()
      await store().createRun(late, { keys: [], maxWaiting: 100, window: 10 })
      // Nobody was told of those that were removed: rather twice than never.
      expect([[], [late.id]]).toContainEqual(await ask())
    })

    test('passes nobody over who came while the window was full', async () => {
      const enterLine = (run: Run) => store().createRun(run, { keys: [], maxWaiting: 100, window: 2 })
      const runs = times(3, () => aRun()) as [Run, Run, Run]
      for (const run of runs) await enterLine(run)
      for (const run of runs.slice(0, 2)) await store().updateRun(changed(run, { status: 'working' }))
      const late = aRun()
      await enterLine(late)
      const { tenant, bot } = late
      expect((await store().nextInLine({ tenant, bot, window: 2 }))[0]).toBe(runs[2].id)
    })
  })

  describe('the versions of bots that runs need', () => {
    test('are those of every row but tombstones, of all tenants', async () => {
      const [first, second] = [aRun({ bot: 'v', botDigest: '1' }), aRun({ tenant: 'globex', bot: 'v', botDigest: '2' })]
      for (const run of [first, second, aRun({ bot: 'v', botDigest: '1' })]) await enter(run)
      const needed = async () => (await twin()).neededVersions(['v@1', 'v@2', 'v@3'])
      expect(await needed()).toEqual(['v@1', 'v@2'])
      await store().updateRun(changed(first, { status: 'completed' }))
      await store().updateRun(bury(second, Date.now()))
      expect(await needed()).toEqual(['v@1'])
      for (const { id } of (await store().listRuns({ tenant: first.tenant, limit: 9 })).runs) await store().deleteRun(id)
      expect([await needed(), await store().neededVersions([])]).toEqual([[], []])
    })
  })

  describe('the stored bytes of a tenant', () => {
    const of = (mostBytes = Number.POSITIVE_INFINITY) => ({ tenant: 'acme', mostBytes })
    const file = (bytes: number) => ({ content: Buffer.alloc(bytes, 1), mediaType: 'image/png' })
    const stored = async (): Promise<number> => ((await enter(aRun(), { storedBytes: 0 })) as { used: number }).used

    test('are those of its rows as they are now', async () => {
      const run = aRun({ input: 'x'.repeat(1_000) })
      await enter(run)
      await enter(aRun({ tenant: 'globex' }))
      expect(await stored()).toBe(Buffer.byteLength(JSON.stringify(run)))
      const next = changed(run, { output: 'ü'.repeat(5_000) })
      for (const _ of [1, 2]) await store().updateRun(next)
      await store().updateRun(changed(run, { output: 'stale' }))
      expect(await stored()).toBe(Buffer.byteLength(JSON.stringify(next)))
      const ended = changed(next, { status: 'completed' })
      const buried = bury(ended, Date.now())
      for (const each of [ended, buried]) await store().updateRun(each)
      expect(await stored()).toBe(Buffer.byteLength(JSON.stringify(buried)))
      for (const _ of [1, 2]) await store().deleteRun(run.id)
      expect(await stored()).toBe(0)
    })

    test('are those of its files too, until these are gone', async () => {
      const run = aRun()
      await enter(run)
      const row = await stored()
      for (const bytes of [100, 40]) await store().artifacts.put(run.id, 'a', file(bytes), of())
      await (await twin()).artifacts.put(run.id, 'b', file(7), of())
      expect(await stored()).toBe(row + 47)
      for (const _ of [1, 2]) await store().artifacts.deleteAll(run.id)
      expect(await stored()).toBe(row)
      await store().artifacts.put(run.id, 'c', file(9), of())
      await store().deleteRun(run.id)
      expect(await stored()).toBe(0)
      expect(await store().artifacts.get(run.id, 'c')).toBeUndefined()
    })

    test('refuse a run and a file that are too many, and write nothing of them', async () => {
      const run = aRun()
      await enter(run)
      const row = await stored()
      expect(await enter(aRun(), { storedBytes: row + 10 })).toEqual({ outcome: 'over_quota', quota: 'stored_bytes', used: row })
      expect(await store().artifacts.put(run.id, 'a', file(11), of(row + 10))).toBe(false)
      expect([await store().artifacts.get(run.id, 'a'), await stored()]).toEqual([undefined, row])
      expect(await store().artifacts.put(run.id, 'a', file(10), of(row + 10))).toBe(true)
      expect((await enter(aRun({ tenant: 'globex' }), { storedBytes: 100_000 })).outcome).toBe('created')
    })
  })

  describe('the sessions of a tenant', () => {
    test('are so many at most, over all processes; one that is removed or has expired makes room', async () => {
      const other = await twin()
      const all = times(12, () => aSession())
      const made = await Promise.all(all.map((session, i) => (i % 2 ? other : store()).sessions.create(session, 5)))
      expect(made.filter(Boolean)).toHaveLength(5)
      const [kept] = all.filter((_, i) => made[i])
      if (kept === undefined) throw new Error('none was made')
      expect(await store().sessions.create(kept, 5)).toBe(true)
      expect(await store().sessions.get(all[made.indexOf(false)]?.id ?? '')).toBeUndefined()
      expect(await store().sessions.create(aSession({ tenant: 'globex' }), 5)).toBe(true)
      await store().sessions.delete(kept.id)
      const short = aSession({ expiresAt: store().now() + 100 })
      expect([await store().sessions.create(short, 5), await store().sessions.create(aSession(), 5)]).toEqual([true, false])
      await until('its time is over', () => store().sessions.create(aSession(), 5))
    })

    test('are counted for as long as they were prolonged', async () => {
      const session = aSession({ expiresAt: store().now() + 100 })
      await store().sessions.create(session, 1)
      await store().sessions.put({ ...session, revision: 2, expiresAt: store().now() + 60_000 })
      await until('its first time is over', () => store().now() > session.expiresAt + 20)
      expect(await store().sessions.create(aSession(), 1)).toBe(false)
    })
  })
}
