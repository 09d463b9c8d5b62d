/** The ledger of a world, by the words of `core/ports.ts`, and a store that is one process's connection to it. */
import type { Created, Gate, LineQuery, Store } from '../../src/core/ports.ts'
import { statusEvent } from '../../src/core/run.ts'
import type { Json, Run, Session } from '../../src/core/types.ts'
import { exchange, latencyMs } from './exchange.ts'
import { epochMs } from './globals.ts'
import { watchWrite } from './legality.ts'
import type { SimProcess, World } from './world.ts'

export class Ledger {
  readonly rows = new Map<string, Run>()
  readonly keys = new Map<string, { readonly fingerprint: string; readonly runId: string }>()
  readonly slots = new Map<string, Map<string, number>>()
  readonly records = new Map<string, Json>()
  readonly sessions = new Map<string, Session>()
  /** As a process that has read nothing believes it: nothing is there to be read. */
  stamp = -1
  readonly told = new Set<string>()
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  now(): number {
    return Math.floor(epochMs + this.world.scheduler.now)
  }

  create(run: Run, { keys, maxWaiting, window = 0, succeeds }: Gate, by: SimProcess): Created {
    const owners = keys.map(({ key, fingerprint }) => ({ fingerprint, owner: this.keys.get(key) }))
    if (owners.some(({ fingerprint, owner }) => owner !== undefined && owner.fingerprint !== fingerprint)) return { outcome: 'key_reused' }
    const owner = owners.find(({ owner }) => owner !== undefined && !succeeds?.past.includes(owner.runId))?.owner
    const stale = succeeds?.linked.find(next => (this.rows.get(next.id)?.revision ?? next.revision - 1) !== next.revision - 1)
    const existing = this.rows.get(owner?.runId ?? run.id) ?? this.rows.get(stale?.id ?? '')
    if (existing === undefined && [...this.rows.values()].filter(({ status }) => status === 'queued').length >= maxWaiting)
      return { outcome: 'full' }
    const ahead = [...this.rows.values()].filter(({ status }) => status === 'queued').length
    if (existing === undefined && ahead < window) this.told.add(run.id)
    const row = existing ?? run
    if (existing === undefined) {
      this.rows.set(run.id, run)
      this.world.say(() => `  ledger: created ${this.world.nick(run.id)}`)
      for (const next of succeeds?.linked ?? []) this.update(next, by)
    }
    for (const { key, fingerprint } of keys)
      if (existing === undefined || !this.keys.has(key)) this.keys.set(key, { fingerprint, runId: row.id })
    return row.id === run.id ? { outcome: 'created', run: row, ahead } : { outcome: 'existing', run: row }
  }

  update(next: Run, by: SimProcess): boolean {
    const stored = this.rows.get(next.id)
    if (stored === undefined) return false
    if (stored.revision === next.revision) return same(stored, next)
    if (stored.revision !== next.revision - 1) return false
    this.write(stored, next, by)
    return true
  }

  /** A process is gone. Only a mutant forgets something then. */
  forgot(_process: SimProcess): void {}

  protected write(stored: Run, next: Run, by: SimProcess): void {
    this.rows.set(next.id, next)
    watchWrite(this.world, { stored, next, by })
    this.tell(next)
  }

  read(id: string): Run | undefined {
    return this.rows.get(id)
  }

  line({ tenant, bot, window }: LineQuery): readonly string[] {
    const waiting = [...this.rows.values()].filter(run => run.tenant === tenant && run.bot === bot && run.status === 'queued')
    return waiting.map(({ id }) => id).slice(0, window)
  }

  next(query: LineQuery): readonly string[] {
    const next = this.line(query).filter(id => !this.told.has(id))
    for (const id of next) this.told.add(id)
    return next
  }

  due(now: number, limit: number): readonly Run[] {
    const due = [...this.rows.values()].filter(({ dueAt }) => dueAt !== null && dueAt <= now)
    return due.sort((a, b) => Number(a.dueAt) - Number(b.dueAt)).slice(0, limit)
  }

  delete(id: string): void {
    this.rows.delete(id)
    for (const [key, { runId }] of this.keys) if (runId === id) this.keys.delete(key)
  }

  putSession(session: Session): boolean {
    const stored = this.sessions.get(session.id)
    if (stored?.revision === session.revision) return JSON.stringify(stored) === JSON.stringify(session)
    if ((stored?.revision ?? 0) !== session.revision - 1) return false
    this.sessions.set(session.id, session)
    return true
  }

  acquire(slot: Parameters<Store['acquireSlot']>[0]): boolean {
    const holders = this.slots.get(slot.name) ?? new Map<string, number>()
    this.slots.set(slot.name, holders)
    for (const [holder, until] of holders) if (until <= this.now()) holders.delete(holder)
    if (!holders.has(slot.holder) && holders.size >= slot.limit) return false
    holders.set(slot.holder, slot.untilMs)
    return true
  }

  /** Best effort: some never hear. */
  private tell(run: Run): void {
    const event = statusEvent(run, 0)
    for (const process of this.world.processes) {
      if (!process.alive || this.world.mishap(0.1)) continue
      this.world.scheduler.after(latencyMs(this.world), process, () => {
        for (const watcher of process.watchers) watcher(event)
      })
    }
  }
}

const same = (a: Run, b: Run): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)

export function openStore(world: World, process: SimProcess): Store {
  const { ledger } = world
  const call = <T>(name: string, work: () => T) => exchange(world, process, name, work)
  const nick = (id: string) => (world.trace === undefined ? '' : world.nick(id))
  const id = (kind: string, name: string) => `${kind}/${name}`
  return {
    createRun: (run, gate) => call('createRun', () => ledger.create(run, gate, process)),
    getRun: runId => call(`getRun ${nick(runId)}`, () => ledger.read(runId)),
    updateRun: next =>
      call(`updateRun ${nick(next.id)} to revision ${next.revision} ${next.status}/${next.effect}`, () => {
        const written = ledger.update(next, process)
        world.say(
          () =>
            `  ledger: ${nick(next.id)} revision ${next.revision} ${next.status}/${next.effect} by ${process.name}: ${written ? 'written' : 'STALE'}`
        )
        return written
      }),
    listRuns: () => call('listRuns', () => ({ runs: [...ledger.rows.values()], looked: ledger.rows.size })),
    firstInLine: query => call('firstInLine', () => ledger.line(query)),
    nextInLine: query => call('nextInLine', () => ledger.next(query)),
    unknownRuns: () =>
      call('unknownRuns', () => [...ledger.rows.values()].filter(({ status }) => status === 'outcome_unknown').map(({ id: run }) => run)),
    neededVersions: async ids => ids,
    dueRuns: (now, limit) => call('dueRuns', () => ledger.due(now, limit)),
    dueCallbacks: async () => [],
    deleteRun: runId => call('deleteRun', () => ledger.delete(runId)),
    watch: listener => {
      process.watchers.add(listener)
      return () => process.watchers.delete(listener)
    },
    emit: () => undefined,
    acquireSlot: slot => call('acquireSlot', () => ledger.acquire(slot)),
    releaseSlot: ({ name, holder }) => call('releaseSlot', () => void ledger.slots.get(name)?.delete(holder)),
    records: {
      get: (kind, name) => call('records.get', () => ledger.records.get(id(kind, name))),
      put: (kind, name, value) =>
        call('records.put', () => {
          ledger.records.set(id(kind, name), value)
          ledger.stamp++
        }),
      delete: (kind, name) =>
        call('records.delete', () => {
          ledger.stamp++
          return ledger.records.delete(id(kind, name))
        }),
      list: kind =>
        call('records.list', () =>
          [...ledger.records]
            .filter(([key]) => key.startsWith(`${kind}/`))
            .map(([key, value]) => ({ id: key.slice(kind.length + 1), value }))
        ),
      stamp: async () => ledger.stamp
    },
    sessions: {
      get: id => call('sessions.get', () => ledger.sessions.get(id)),
      create: session => call('sessions.create', () => ledger.putSession(session)),
      put: session => call('sessions.put', () => ledger.putSession(session)),
      delete: id => call('sessions.delete', () => ledger.sessions.delete(id))
    },
    artifacts: {
      put: () => call('artifacts.put', () => true),
      get: () => call('artifacts.get', () => undefined),
      deleteAll: () => call('artifacts.deleteAll', () => undefined)
    },
    now: () => ledger.now() + process.ledgerSkewMs,
    ready: () => call('ready', () => undefined),
    close: async () => undefined
  }
}
