/** Places on a target, of two processes on a real Redis. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Store } from '../../src/core/ports.ts'
import { openRedisStore } from '../../src/drivers/redis/store.ts'
import { Places } from '../../src/engine/places.ts'

const slot = { name: 'pay', limit: 2 }
const shutdown = () => new AbortController().signal

interface Process {
  readonly places: Places
  readonly store: Store
  readonly settings: { worker: string; leaseMs: number; sweepMs: number }
  /** Who asked the ledger for a place, each time. */
  readonly asked: string[]
}

let processes: readonly [Process, Process]
beforeEach(async () => {
  const prefix = `places-${process.pid}-${Date.now()}`
  const open = async (worker: string): Promise<Process> => {
    const asked: string[] = []
    const store = await openRedisStore({ url: process.env.TEST_REDIS_URL ?? '', prefix })
    const acquireSlot: Store['acquireSlot'] = place => {
      asked.push(place.holder)
      return store.acquireSlot(place)
    }
    const settings = { worker, leaseMs: 600, sweepMs: 1_000 }
    return { store, settings, asked, places: new Places({ store: { ...store, acquireSlot }, settings }, slot.name) }
  }
  processes = [await open('one'), await open('two')]
})
afterEach(async () => {
  await Promise.all(processes.map(({ store }) => store.close()))
})

const later = (ms: number) => processes[0].store.now() + ms

test('never more than the limit at once over both processes; all get their turn, and few of them ask the ledger', async () => {
  // A busy machine stops a process for longer than a short lease, and then its places are others'.
  for (const { settings } of processes) settings.leaseMs = 10_000
  const begun = Date.now()
  let [now, most] = [0, 0]
  const done = [0, 0]
  const one = async (index: 0 | 1) => {
    const place = await processes[index].places.take({ ...slot, until: later(30_000), shutdown: shutdown() })
    most = Math.max(most, ++now)
    await sleep(10)
    now--
    await place?.release()
    if (place !== undefined) done[index] = (done[index] ?? 0) + 1
  }
  await Promise.all(Array.from({ length: 600 }, (_, index) => one(index % 2 === 0 ? 0 : 1)))
  expect([most, done]).toEqual([2, [300, 300]])
  // Each place is handed on within its process; only who waits first asks, and more often only while its process has no place.
  const seconds = (Date.now() - begun) / 1_000
  expect(processes[0].asked.length + processes[1].asked.length).toBeLessThan(100 * seconds)
  expect(await processes[0].store.acquireSlot({ ...slot, holder: 'a', untilMs: later(1_000) })).toBe(true)
  expect(await processes[0].store.acquireSlot({ ...slot, holder: 'b', untilMs: later(1_000) })).toBe(true)
})

test('a process that is never idle leaves the places to the other one too', async () => {
  const [busy, other] = processes
  let goesOn = true
  const work = async () => {
    while (goesOn) {
      const place = await busy.places.take({ ...slot, until: later(30_000), shutdown: shutdown() })
      await sleep(5)
      await place?.release()
    }
  }
  const working = Array.from({ length: 8 }, work)
  await sleep(100)
  const place = await other.places.take({ ...slot, until: later(10_000), shutdown: shutdown() })
  expect(place).toBeDefined()
  await place?.release()
  goesOn = false
  await Promise.all(working)
})

test('a place that the ledger has given to others meanwhile is not handed on', async () => {
  const [{ places, store, asked }] = processes
  const held = [
    await places.take({ ...slot, limit: 1, until: later(1_000), shutdown: shutdown() }),
    places.take({ ...slot, limit: 1, until: later(900), shutdown: shutdown() })
  ] as const
  // Its holder was silent for so long that somebody else has it.
  await store.acquireSlot({ ...slot, limit: 2, holder: 'somebody else', untilMs: later(60_000) })
  await store.releaseSlot({ name: slot.name, holder: asked[0] as string })
  await sleep(500)
  await held[0]?.release()
  expect(await held[1]).toBeUndefined()
})

test('who has waited for as long as it may, or has to stop, waits no longer', async () => {
  const [{ places }] = processes
  const held = await places.take({ ...slot, limit: 1, until: later(1_000), shutdown: shutdown() })
  const stop = new AbortController()
  const stopped = places.take({ ...slot, limit: 1, until: later(30_000), shutdown: stop.signal })
  const late = places.take({ ...slot, limit: 1, until: later(200), shutdown: shutdown() })
  const last = places.take({ ...slot, limit: 1, until: later(30_000), shutdown: shutdown() })
  expect(await late).toBeUndefined()
  stop.abort()
  await expect(stopped).rejects.toThrow('shutting down')
  await held?.release()
  const place = await last
  expect(place).toBeDefined()
  await place?.release()
})
