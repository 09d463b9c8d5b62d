import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import type { Store } from '../../src/core/ports.ts'
import type { RunEvent } from '../../src/core/run-event.ts'
import type { Run } from '../../src/core/types.ts'
import { until } from '../setup/until.ts'
import { aRun, changed, open } from './fixtures.ts'
import type { StoreTraits, StoreUnderTest } from './store.ts'

const step = { name: 'click', startedAt: 1, durationMs: 2, ok: true, artifact: 'shot.png' }
const statusEvent = ({ id, revision, status, effect }: Run): RunEvent => ({ type: 'status', runId: id, revision, status, effect })

/** Watching is best effort and may begin late, so the tests go on sending until the watcher hears. */
async function heard(events: readonly RunEvent[], send: () => unknown): Promise<void> {
  await until('a watcher hears', async () => {
    await send()
    await sleep(30)
    return events.length > 0
  })
}

export function watchTests({ store, twin }: StoreUnderTest, { watchesAcross }: StoreTraits): void {
  const watching = (from: Store) => {
    const events: RunEvent[] = []
    return { events, stop: from.watch(event => events.push(event)) }
  }

  async function updates(): Promise<{ latest(): Run; next(): Promise<void> }> {
    let run = aRun()
    await store().createRun(run, open())
    const next = async () => {
      run = changed(run, { status: 'working', effect: 'unknown' })
      expect(await store().updateRun(run)).toBe(true)
    }
    return { latest: () => run, next }
  }

  describe('watch and emit', () => {
    const watchers = watchesAcross ? (['of the same process', 'of another process'] as const) : (['of the same process'] as const)

    test.each(watchers)('an update wakes the watchers %s', async whose => {
      const { events, stop } = watching(whose === 'of another process' ? await twin() : store())
      const run = await updates()
      await heard(events, run.next)
      await until('the last update', () => events.some(event => event.type === 'status' && event.revision === run.latest().revision))
      expect(events).toContainEqual(statusEvent(run.latest()))
      stop()
    })

    test.each(watchers)('the event of an end has the row, when that is small, for the watchers %s', async whose => {
      const { events, stop } = watching(whose === 'of another process' ? await twin() : store())
      const run = await updates()
      await heard(events, run.next)
      const ended = changed(run.latest(), { status: 'completed', output: { text: 'one\ntwo' } })
      expect(await store().updateRun(ended)).toBe(true)
      const large = aRun({ output: 'x'.repeat(100_000) })
      await store().createRun(large, open())
      expect(await store().updateRun(changed(large, { status: 'completed' }))).toBe(true)
      const of = (id: string) => events.find(event => event.type === 'status' && event.runId === id && event.status === 'completed')
      await until('both', () => of(ended.id) !== undefined && of(large.id) !== undefined)
      expect(of(ended.id)).toMatchObject({ revision: ended.revision, run: ended })
      if (whose === 'of another process') expect(of(large.id)).not.toHaveProperty('run')
      stop()
    })

    test.each(watchers)('emit tells the watchers %s', async whose => {
      const { events, stop } = watching(whose === 'of another process' ? await twin() : store())
      const event: RunEvent = { type: 'step', runId: aRun().id, step }
      await heard(events, () => store().emit(event))
      expect(events[0]).toEqual(event)
      stop()
    })

    test('an update has happened when its watcher is woken', async () => {
      const seen: boolean[] = []
      const looks: Promise<unknown>[] = []
      const stop = store().watch(event => {
        if (event.type === 'status')
          looks.push(
            store()
              .getRun(event.runId)
              .then(run => seen.push((run?.revision ?? 0) >= event.revision))
          )
      })
      const run = await updates()
      await until('a watcher looks', async () => {
        await run.next()
        await sleep(30)
        return looks.length > 0
      })
      await Promise.all(looks)
      expect(seen).not.toContain(false)
      stop()
    })

    test('a stale update wakes nobody', async () => {
      const { events, stop } = watching(store())
      const run = await updates()
      await heard(events, run.next)
      await sleep(100)
      const before = events.length
      await store().updateRun({ ...run.latest(), status: 'failed' })
      await sleep(100)
      expect(events).toHaveLength(before)
      stop()
    })

    test('who stopped watching hears nothing more; the others do', async () => {
      const [gone, stays] = [watching(store()), watching(store())]
      const run = await updates()
      await heard(gone.events, run.next)
      gone.stop()
      gone.stop()
      const before = gone.events.length
      stays.events.length = 0
      await heard(stays.events, run.next)
      expect(gone.events).toHaveLength(before)
      stays.stop()
    })

    test('a watcher that throws harms neither the update nor the other watchers', async () => {
      const stopBad = store().watch(() => {
        throw new Error('A bad watcher')
      })
      const { events, stop } = watching(store())
      const run = await updates()
      await heard(events, run.next)
      expect(await store().getRun(run.latest().id)).toEqual(run.latest())
      stopBad()
      stop()
    })
  })
}
