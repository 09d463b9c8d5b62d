import { describe, expect, test } from '@jest/globals'
import { mostLookedAt, type RunQuery } from '../../src/core/ports.ts'
import type { Run } from '../../src/core/types.ts'
import { aRun, changed, open, tenant, times } from './fixtures.ts'
import type { StoreUnderTest } from './store.ts'

const start = 1_790_000_000_000
const ids = (runs: readonly Run[]) => runs.map(({ id }) => id)
const newestFirst = (runs: readonly Run[]) => ids(runs).sort().reverse()

export function queryTests({ store, twin }: StoreUnderTest): void {
  const create = (runs: readonly Run[]) => Promise.all(runs.map(run => store().createRun(run, open())))

  test('unknownRuns names those of all tenants whose outcome nobody knows, and no other', async () => {
    const runs = [
      aRun({ status: 'outcome_unknown' }),
      aRun({ tenant: 'globex', status: 'outcome_unknown' }),
      aRun(),
      aRun({ status: 'completed' })
    ]
    await create(runs)
    const now = await (await twin()).unknownRuns()
    expect(ids(runs).map(id => now.includes(id))).toEqual([true, true, false, false])
  })

  describe('listRuns', () => {
    const list = async (query: Omit<RunQuery, 'tenant' | 'limit'> & Partial<RunQuery>) =>
      ids((await store().listRuns({ tenant, limit: 100, ...query })).runs)

    test('is newest first and holds whole runs', async () => {
      const runs = times(5, i => aRun({ createdAt: start + i }))
      await create([3, 1, 4, 0, 2].flatMap(i => runs[i] ?? []))
      expect((await store().listRuns({ tenant, limit: 10 })).runs).toEqual(runs.toReversed())
      expect(ids((await (await twin()).listRuns({ tenant, limit: 10 })).runs)).toEqual(newestFirst(runs))
    })

    test('walks all runs once with the cursor, also those of one millisecond', async () => {
      const runs = times(23, i => aRun({ createdAt: start + Math.floor(i / 5) }))
      await create(runs)
      const seen: string[] = []
      for (;;) {
        const before = seen.at(-1)
        const page = await list({ limit: 5, ...(before === undefined ? {} : { before }) })
        if (page.length === 0) break
        seen.push(...page)
      }
      expect(seen).toEqual(newestFirst(runs))
    })

    test('the cursor need not exist any more', async () => {
      const runs = times(4, i => aRun({ createdAt: start + i }))
      await create(runs)
      const [first, second, third] = runs as [Run, Run, Run]
      await store().deleteRun(third.id)
      expect(await list({ before: third.id })).toEqual([second.id, first.id])
    })

    test('shows a tenant its own runs only', async () => {
      const [own, foreign] = [aRun(), aRun({ tenant: 'globex' })]
      await create([own, foreign])
      expect(await list({})).toEqual([own.id])
      expect(await list({ tenant: 'globex' })).toEqual([foreign.id])
      expect(await list({ tenant: 'nobody' })).toEqual([])
      expect(await list({ tenant: 'globex', bot: own.bot, before: 'run_zzzzzzzzzzzzzzzzzzzzz' })).toEqual([foreign.id])
    })

    test('filters by status, action and bot, each and together, and fills the page in spite of it', async () => {
      const runs = times(60, i =>
        aRun({
          createdAt: start + i,
          status: i % 2 ? 'failed' : 'completed',
          bot: i % 3 ? 'teller' : 'corebank',
          action: i % 5 ? 'teller_transfer' : 'teller_get_balance'
        })
      )
      await create(runs)
      const expectSame = async (query: Partial<RunQuery>, keep: (index: number) => boolean) =>
        expect(await list(query)).toEqual(newestFirst(runs.filter((_, i) => keep(i))).slice(0, query.limit))
      await expectSame({ status: 'failed' }, i => i % 2 === 1)
      await expectSame({ bot: 'corebank' }, i => i % 3 === 0)
      await expectSame({ action: 'teller_get_balance' }, i => i % 5 === 0)
      await expectSame({ status: 'failed', bot: 'corebank', action: 'teller_get_balance' }, i => i % 30 === 15)
      await expectSame({ action: 'teller_get_balance', limit: 4 }, i => i % 5 === 0)
      await expectSame({ status: 'completed', bot: 'corebank', limit: 3 }, i => i % 6 === 0)
      expect(await list({ status: 'cancelled' })).toEqual([])
    })

    test('looks at so many rows at most, and says where it goes on until all are seen', async () => {
      const runs = times(40, i =>
        aRun({ createdAt: start + i, bot: i % 10 ? 'teller' : 'corebank', status: i === 0 ? 'failed' : 'completed' })
      )
      await create(runs)
      const query = { tenant, limit: 3, most: 7, status: 'failed', bot: 'corebank' } as const
      const pages = [await store().listRuns(query)]
      for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next)
        pages.push(await store().listRuns({ ...query, before: next }))
      expect(ids(pages.flatMap(page => page.runs))).toEqual([runs[0]?.id])
      expect(Math.max(...pages.map(({ looked }) => looked))).toBeLessThanOrEqual(7)
    })

    test('a filter that fits nothing among many runs looks at 1,000 rows at most', async () => {
      await create(times(1_500, i => aRun({ createdAt: start + i, status: 'completed' })))
      const nothing: readonly Partial<RunQuery>[] = [
        { status: 'queued' },
        { status: 'failed' },
        { bot: 'nobody' },
        { action: 'nobody_does' },
        { status: 'completed', action: 'nobody_does' },
        { status: 'failed', bot: 'teller' },
        { bot: 'teller', action: 'nobody_does' }
      ]
      for (const query of nothing) {
        const page = await store().listRuns({ tenant, limit: 10, ...query })
        expect([page.runs, page.looked <= mostLookedAt, page.looked === 0 || page.next !== undefined]).toEqual([[], true, true])
      }
    })

    test('follows a run from status to status', async () => {
      const run = aRun()
      await create([run])
      await store().updateRun(changed(run, { status: 'working' }))
      expect([await list({ status: 'queued' }), await list({ status: 'working' })]).toEqual([[], [run.id]])
    })
  })

  describe('dueRuns', () => {
    test('gives the runs whose time has come, the most overdue first, of all tenants', async () => {
      const runs = times(12, i => aRun({ tenant: `tenant-${i}`, dueAt: start + ((i * 7) % 12) }))
      await create(runs)
      const byDue = runs.toSorted((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
      expect(await store().dueRuns(start + 8, 100)).toEqual(byDue.slice(0, 9))
      expect(ids(await store().dueRuns(start + 100, 4))).toEqual(ids(byDue.slice(0, 4)))
      expect(ids(await (await twin()).dueRuns(start, 100))).toEqual(ids(byDue.slice(0, 1)))
      expect(await store().dueRuns(start - 1, 100)).toEqual([])
    })

    test('forgets a run whose dueAt is null, and finds it again when it gets one', async () => {
      const run = aRun({ dueAt: start })
      await create([run, aRun({ dueAt: null })])
      const ended = changed(run, { status: 'completed', dueAt: null })
      await store().updateRun(ended)
      expect(await store().dueRuns(Number.MAX_SAFE_INTEGER, 100)).toEqual([])
      const again = changed(ended, { dueAt: start + 5 })
      await store().updateRun(again)
      expect([await store().dueRuns(start + 4, 9), await store().dueRuns(start + 5, 9)]).toEqual([[], [again]])
    })

    test('follows a due time that moves', async () => {
      const run = aRun({ dueAt: start })
      await create([run])
      await store().updateRun(changed(run, { dueAt: start + 10 }))
      expect([ids(await store().dueRuns(start + 9, 9)), ids(await store().dueRuns(start + 10, 9))]).toEqual([[], [run.id]])
    })
  })
}
