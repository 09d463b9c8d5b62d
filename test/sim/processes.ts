/** The processes of a world: the real engine on this world's ports. They die, stand still, stop and come back. */
import type { Action, Bot } from '../../src/core/types.ts'
import { createBreakers } from '../../src/engine/breakers.ts'
import { createBrokenBots } from '../../src/engine/broken-bots.ts'
import { createEngine } from '../../src/engine/create-engine.ts'
import type { Catalog } from '../../src/engine/engine.ts'
import { createHub } from '../../src/engine/hub.ts'
import type { Parts } from '../../src/engine/parts.ts'
import { startSweeping } from '../../src/engine/sweep.ts'
import type { Sealer } from '../../src/governance/sealer.ts'
import type { Span, Telemetry } from '../../src/telemetry/telemetry.ts'
import { startWorker } from '../../src/worker/worker.ts'
import { openAdapter } from './adapter.ts'
import { heartbeats } from './globals.ts'
import { openStore } from './ledger.ts'
import { openQueue } from './line.ts'
import type { ProcessFault } from './plan.ts'
import type { SimProcess, World } from './world.ts'

const nothing = () => undefined
const span: Span = { traceparent: '00-11111111111111111111111111111111-1111111111111111-01', set: nothing, fail: nothing, end: nothing }
const sealer: Sealer = { seal: (_, value) => value, open: (_, value) => value, fingerprint: text => text }

function telemetryOf(world: World): Telemetry {
  const line = (level: string) => (first: unknown, text?: string) => {
    const { err } = first as { err?: unknown }
    world.say(() => `log ${level}: ${text ?? String(first)}${err === undefined ? '' : ` (${err instanceof Error ? err.message : err})`}`)
  }
  const log = { info: line('info'), warn: line('warn'), error: line('error'), debug: nothing } as unknown as Telemetry['log']
  return {
    log,
    startSpan: () => span,
    hop: nothing,
    runEnded: nothing,
    gauge: nothing,
    metricsText: async () => '',
    close: async () => undefined
  }
}

function catalogOf(bot: Bot, action: Action): Catalog {
  const entry = { bot, origin: 'file' as const }
  return {
    broken: createBrokenBots(),
    entries: () => [entry],
    entry: () => entry,
    known: () => [{ key: bot.name, name: bot.name, adapter: bot.adapter }],
    current: () => bot,
    action: name => (name === action.name ? { bot, action } : undefined),
    versionOf: async () => bot,
    actionOf: async () => action,
    stamp: 1,
    onChange: () => nothing,
    register: () => Promise.reject(new Error('not here')),
    unregister: () => Promise.reject(new Error('not here')),
    check: async () => ({ issues: [] })
  }
}

/** Sweeps come when there is something to find, not every second of an idle hour. */
function sweepMs({ ledger, scheduler }: World): number {
  const now = ledger.now()
  let next = now + 45_000
  for (const { dueAt } of ledger.rows.values()) if (dueAt !== null && dueAt < next) next = dueAt
  return Math.max(scheduler.now > 0 ? 400 : 50, next - now)
}

function partsOf(world: World, process: SimProcess): Parts {
  const { plan } = world
  const store = openStore(world, process)
  return {
    store,
    queue: openQueue(world, process),
    catalog: catalogOf(plan.bot, plan.action),
    adapters: { simulated: openAdapter(world, process) },
    sealer,
    secrets: {
      get: async () => {
        if (world.mishap(plan.trouble / 10)) throw new Error('no secrets (simulated)')
        return { values: {}, use: {} }
      }
    },
    telemetry: telemetryOf(world),
    hub: createHub(store),
    breakers: createBreakers(store, { failures: plan.breakerFailures, restMs: 2_000 }),
    settings: {
      worker: process.name,
      leaseMs: plan.leaseMs,
      get sweepMs() {
        return sweepMs(world)
      }
    }
  }
}

export interface Born {
  readonly index: number
  readonly name: string
  readonly gateway: boolean
  readonly worker: boolean
  readonly faults: ProcessFault[]
}

export function boot(world: World, born: Born): SimProcess {
  const { random, plan } = world
  const process: SimProcess = {
    ...born,
    alive: true,
    pausedUntil: 0,
    skewMs: Math.round(random.between(-plan.skewMs, plan.skewMs)),
    ledgerSkewMs: Math.round(random.between(-plan.ledgerSkewMs, plan.ledgerSkewMs)),
    watchers: new Set(),
    watchersOfDeath: [],
    calls: 0,
    stopping: false
  }
  world.processes[born.index] = process
  world.scheduler.after(0, process, () => start(world, process))
  return process
}

function start(world: World, process: SimProcess): void {
  world.say(() => `starts as ${process.gateway ? 'gateway ' : ''}${process.worker ? 'worker' : ''}`)
  const parts = partsOf(world, process)
  process.parts = parts
  process.engine = createEngine(parts)
  process.stopSweeping = startSweeping(parts)
  if (!process.worker) return
  startWorker(parts, { concurrency: 8, graceMs: 500 }).then(worker => {
    process.running = worker
  })
}

export function crash(world: World, process: SimProcess, when: string): void {
  if (!process.alive) return
  world.count(`crash while ${busyWith(world, process)}`)
  world.say(() => `${process.name} CRASHES ${when}`)
  end(world, process)
}

/** The most delicate of the runs that it holds. */
function busyWith({ ledger, struckRuns }: World, process: SimProcess): string {
  const held = [...ledger.rows.values()].filter(({ lease }) => lease?.worker.startsWith(`${process.name}/`))
  for (const { id, effect } of held) if (effect === 'unknown') struckRuns.add(id)
  return (
    held
      .map(({ status, effect }) => `${status}/${effect}`)
      .sort()
      .at(-1) ?? 'idle'
  )
}

function end(world: World, process: SimProcess): void {
  process.alive = false
  for (const [timer, owner] of heartbeats) if (owner === process) heartbeats.delete(timer)
  for (const notice of process.watchersOfDeath) notice()
  world.ledger.forgot(process)
  if (!world.calm && world.random.chance(0.8))
    world.scheduler.after(world.random.between(10, 15_000), undefined, () => comeBack(world, process))
}

export function comeBack(world: World, { index, name, gateway, worker, faults }: SimProcess): void {
  const [fault] = faults
  const next = fault === undefined || fault.sameName ? name : `${name}'`
  boot(world, { index, name: next, gateway, worker, faults: [] })
}

export function pause(world: World, process: SimProcess, forMs: number): void {
  world.count(`pause while ${busyWith(world, process)}`)
  world.say(() => `${process.name} stands still for ${forMs} ms`)
  process.pausedUntil = world.scheduler.now + forMs
}

/** Thought dead and replaced under its own name; it wakes up later and goes on. */
export function replace(world: World, process: SimProcess, forMs: number): void {
  pause(world, process, forMs)
  world.count('replaced')
  comeBack(world, { ...process, faults: [] })
}

/** In good order, as a rolling restart does it. */
export function stop(world: World, process: SimProcess): void {
  if (process.stopping || process.engine === undefined) return
  process.stopping = true
  world.count(`stop while ${busyWith(world, process)}`)
  world.say(() => `${process.name} is asked to stop`)
  process.engine.drain()
  const gone = () => process.alive && end(world, process)
  Promise.all([process.stopSweeping?.(), process.running?.stop()]).then(gone, gone)
}

/** Faults are over: everybody wakes up, and whoever is needed is there. */
export function calmDown(world: World): void {
  world.calm = true
  world.say(() => '--- the faults are over ---')
  for (const process of world.processes) {
    process.faults.length = 0
    if (process.alive && !process.stopping) wake(world, process)
    else if (process.alive) end(world, process)
    if (!process.alive) comeBack(world, process)
  }
}

function wake(world: World, process: SimProcess): void {
  process.pausedUntil = Math.min(process.pausedUntil, world.scheduler.now)
}
