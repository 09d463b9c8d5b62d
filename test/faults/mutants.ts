/** Deliberately broken builds, as wrappers around the ports: each is a mistake that systems of this kind have made. */

import { join } from 'node:path'
import type { Settings } from '../../src/config.ts'
import type { Adapter, Call } from '../../src/core/adapter.ts'
import type { Queue, Store } from '../../src/core/ports.ts'
import { createRefusals } from '../../src/core/refusals.ts'
import type { Run } from '../../src/core/types.ts'
import { keptSecret } from '../../src/data-folder.ts'
import { type Deployment, openDeployment } from '../../src/deployment.ts'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteQueue } from '../../src/drivers/sqlite/queue.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { reconnectingConsume } from './reconnecting.ts'
import { withMembers } from './wrap.ts'

export interface Mutant {
  readonly deployment?: (settings: Settings) => Deployment | Promise<Deployment>
  readonly store?: (store: Store) => Store
  readonly queue?: (queue: Queue) => Queue
  readonly adapter?: (adapter: Adapter) => Adapter
}

const onRun = (change: (call: Call, run: Adapter['run']) => ReturnType<Adapter['run']>): Mutant => ({
  adapter: adapter => ({ ...adapter, run: call => change(call, adapter.run) })
})

/** Every write of a run goes through `change`, which may write something else, or say that it did. */
const onUpdate = (change: (next: Run, store: Store) => Promise<boolean>): Mutant => ({
  store: store => ({ ...store, updateRun: next => change(next, store) })
})

const isMarker = ({ history, updatedAt }: Run) => history.at(-1)?.note === 'commit point' && history.at(-1)?.at === updatedAt
const later = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
/** The net that our design has below the queue; without it the queue is the truth, as elsewhere. */
const withoutSweep = (store: Store): Store => ({ ...store, dueRuns: async () => [] })

const backToTheQueue = (run: Run, now: number): Run => {
  const { lease: _, error: __, committedAt: ___, endedAt: ____, ...rest } = run
  return { ...rest, status: 'queued', effect: 'none', notBefore: now, dueAt: now, startBy: now + 30_000, attempt: 1 }
}

/** Written over whatever is there. */
async function force(next: Run, store: Store): Promise<boolean> {
  if (await store.updateRun(next)) return true
  const now = await store.getRun(next.id)
  return now !== undefined && force({ ...next, revision: now.revision + 1 }, store)
}

/** What a bank would answer. */
const made = { confirmation: 'CB1', posted_at: '2025-03-31T00:00:00Z', new_balance: 1, currency: 'EUR' }

export const mutants = {
  'no marker': onRun((call, run) => run(withMembers(call, { commit: async () => undefined }))),

  'marker not durable': onUpdate(async (next, store) => {
    if (!isMarker(next)) return store.updateRun(next)
    void later(3_000).then(() => store.updateRun(next))
    return true
  }),

  'marker after the effect': onRun(async (call, run) => {
    const output = await run(withMembers(call, { commit: async () => undefined }))
    await call.commit()
    return output
  }),

  'no fence': onUpdate(force),

  'runs again when the probe finds nothing': onUpdate(async (next, store) =>
    store.updateRun(next.status === 'outcome_unknown' ? backToTheQueue(next, store.now()) : next)
  ),

  'probes at once and takes nothing for proof': onUpdate(async (next, store) => {
    const note = next.history.at(-1)?.note
    if (note === 'waits for the probe') return store.updateRun({ ...next, notBefore: next.updatedAt, dueAt: next.updatedAt })
    return store.updateRun(next.status === 'outcome_unknown' ? { ...next, status: 'failed', effect: 'none' } : next)
  }),

  'retries after the commit point': onUpdate(async (next, store) =>
    store.updateRun(next.history.at(-1)?.note === 'waits for the probe' ? backToTheQueue(next, store.now()) : next)
  ),

  'deletes the run on an exception': onUpdate(async (next, store) => {
    if (next.history.at(-1)?.note !== 'waits for the probe') return store.updateRun(next)
    await store.deleteRun(next.id)
    return true
  }),

  'acks before the claim': {
    store: withoutSweep,
    queue: queue => ({
      ...queue,
      consume: (handle, options) =>
        queue.consume(async delivery => {
          await delivery.ack()
          await handle({ ...delivery, ack: async () => undefined })
        }, options)
    })
  },

  'acks through a wrapper that reconnects': {
    store: withoutSweep,
    deployment: async settings => {
      const deployment = await openDeployment(settings)
      return { ...deployment, queue: { ...deployment.queue, consume: reconnectingConsume(settings) } }
    }
  },

  'publishes from memory': {
    store: withoutSweep,
    queue: queue => ({
      ...queue,
      publish: async message => {
        void later(500).then(() => queue.publish(message))
      }
    })
  },

  'answers before it is durable': {
    store: store => ({
      ...store,
      createRun: async (run, gate) => {
        void later(500).then(() => store.createRun(run, gate))
        return { outcome: 'created', run }
      }
    })
  },

  'fingerprint ignored': {
    store: store => ({
      ...store,
      createRun: (run, { keys, maxWaiting }) =>
        store.createRun(run, { keys: keys.map(({ key }) => ({ key, fingerprint: '' })), maxWaiting })
    })
  },

  'no gate': {
    store: store => ({ ...store, createRun: (run, { maxWaiting }) => store.createRun(run, { keys: [], maxWaiting }) })
  },

  'runs that have not ended expire': {
    store: store => ({
      ...store,
      dueRuns: async (now, limit) => {
        const due = await store.dueRuns(now, limit)
        await Promise.all(due.filter(({ endedAt }) => endedAt === undefined).map(({ id }) => store.deleteRun(id)))
        return due.filter(({ endedAt }) => endedAt !== undefined)
      }
    })
  },

  'says yes to any answer': onRun((call, run) => run(call).catch(() => made)),

  /** What openSqlite refuses to be asked for. */
  'SQLite synced at checkpoints only': {
    deployment: ({ DATA_DIR }) => {
      const sqlite = openSqlite({ path: join(DATA_DIR, 'ledger.sqlite') })
      sqlite.db.exec('PRAGMA synchronous=NORMAL')
      return {
        kind: 'embedded',
        store: openSqliteStore(sqlite),
        queue: openSqliteQueue(sqlite),
        dataKey: keptSecret(DATA_DIR, { name: 'data.key' }),
        refusals: createRefusals()
      }
    }
  },

  /** What openRedisStore refuses to be started with; its Redis is synced once a second. */
  'Redis synced once a second': {
    deployment: settings => openDeployment({ ...settings, REDIS_ASSUME_DURABLE: true })
  },

  'a weak probe is trusted': {
    // What matches by business fields finds a twin.
    adapter: adapter => ({
      ...adapter,
      probe: async () => ({
        found: true,
        output: made
      })
    })
  }
} as const satisfies Readonly<Record<string, Mutant>>

export type MutantName = keyof typeof mutants
export const mutantNames = Object.keys(mutants) as readonly MutantName[]

export const mutantOf = (name: string): Mutant => (Object.hasOwn(mutants, name) ? mutants[name as MutantName] : {})
