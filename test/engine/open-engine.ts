/** The real engine on SQLite with an adapter whose attempts a test writes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Adapter, Call, ProbeResult } from '../../src/core/adapter.ts'
import type { Queue, Store } from '../../src/core/ports.ts'
import { compileSchema } from '../../src/core/schema.ts'
import type { Action, Bot, Caller, Json, JsonSchema, Run } from '../../src/core/types.ts'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteQueue } from '../../src/drivers/sqlite/queue.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { createBreakers } from '../../src/engine/breakers.ts'
import { createCatalog } from '../../src/engine/catalog.ts'
import { createEngine } from '../../src/engine/create-engine.ts'
import { createHub } from '../../src/engine/hub.ts'
import { indexParked } from '../../src/engine/parked.ts'
import type { Parts } from '../../src/engine/parts.ts'
import type { Quotas } from '../../src/engine/quotas.ts'
import { startSweeping } from '../../src/engine/sweep.ts'
import { createSealer } from '../../src/governance/sealer.ts'
import { createSecrets } from '../../src/governance/secrets.ts'
import type { Telemetry } from '../../src/telemetry/telemetry.ts'
import { unrecordedSpan } from '../../src/telemetry/unrecorded-span.ts'
import { startWorker, type Worker } from '../../src/worker/worker.ts'

export const caller: Caller = { tenant: 'default', subject: 'tester', clientId: 'c1', scopes: ['*'] }

export interface Script {
  run(call: Call): Promise<Json>
  probe?(call: Call): Promise<ProbeResult>
  closeScreen?(id: string): Promise<void>
}

const input: JsonSchema = {
  type: 'object',
  required: ['reference'],
  additionalProperties: false,
  properties: { reference: { type: 'string', maxLength: 50 }, amount: { type: 'number' }, pin: { type: 'string', 'x-sensitive': 'secret' } }
}
const refusal = {
  type: 'object',
  required: ['left'],
  properties: { left: { type: 'integer' }, owner: { type: 'string', 'x-sensitive': 'pii' } }
} as const
const output: JsonSchema = { type: 'object' }

/** The action `pay_money` of the bot `pay`: irreversible, one key, quick settle; `changes` replaces parts of it. */
export function payBot(changes: Partial<Action> = {}, digest = 'd1'): Bot {
  const action: Action = {
    name: 'pay_money',
    bot: 'pay',
    botVersion: 'f'.repeat(64),
    title: 'Pay',
    description: 'Pays.',
    effect: 'irreversible',
    scopes: ['payments:write'],
    input,
    output,
    checkInput: compileSchema(input),
    checkOutput: compileSchema(output),
    errors: { refused: { status: 409, title: 'Refused', notApplied: true, data: { schema: refusal, check: compileSchema(refusal) } } },
    idempotency: { key: ['reference'], ttlMs: 3_600_000 },
    retry: { attempts: 3, backoffMs: 20, maxBackoffMs: 50 },
    timeouts: { queueMs: 20_000, runMs: 2_000 },
    settleMs: 100,
    probe: { weak: false },
    steps: undefined,
    ...changes
  }
  return {
    name: 'pay',
    version: '1.0.0',
    digest,
    title: 'Pay',
    adapter: 'scripted',
    target: { url: 'http://127.0.0.1:1', waiting: 50, egress: [], env: {} },
    actions: [action],
    source: ''
  }
}

export const silentTelemetry: Telemetry = {
  log: pino({ level: 'silent' }),
  startSpan: unrecordedSpan,
  hop: () => undefined,
  runEnded: () => undefined,
  gauge: () => undefined,
  metricsText: async () => '',
  close: async () => undefined
}

export interface Opened {
  readonly engine: ReturnType<typeof createEngine>
  readonly parts: Parts
  /** Runs at most this long to its end. */
  ended(run: Run, waitMs?: number): Promise<Run>
  startWorker(): Promise<Worker>
  close(): Promise<void>
}

export interface OpenOptions {
  readonly script: Script
  readonly bot?: Bot
  readonly leaseMs?: number
  readonly worker?: boolean
  readonly telemetry?: Telemetry
  readonly quotas?: Quotas
  /** Instead of the one in SQLite; closed with the engine. */
  readonly queue?: Queue
  /** Instead of the one in SQLite; stays open. */
  readonly store?: Store
}

export async function openEngine({
  script,
  bot = payBot(),
  leaseMs = 600,
  worker = true,
  telemetry = silentTelemetry,
  quotas,
  queue: given,
  store: givenStore
}: OpenOptions): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'retrofit-engine-'))
  const sqlite = openSqlite({ path: join(folder, 'ledger.sqlite') })
  const ownStore = openSqliteStore(sqlite)
  const store = givenStore ?? indexParked(ownStore)
  const queue = given ?? openSqliteQueue(sqlite)
  const catalog = createCatalog({ records: store.records, parse: () => ({ bot, issues: [] }) })
  await catalog.setFile(bot)
  const adapter = { name: 'scripted', close: async () => undefined, ...script } as unknown as Adapter
  const parts: Parts = {
    store,
    queue,
    catalog,
    adapters: { scripted: adapter },
    sealer: createSealer('x'.repeat(40)),
    secrets: createSecrets(folder),
    telemetry,
    hub: createHub(store),
    breakers: createBreakers(store, { failures: 5, restMs: 400 }),
    settings: { worker: 'w1', leaseMs, sweepMs: 100, quotas }
  }
  const engine = createEngine(parts)
  const workers: Worker[] = []
  const addWorker = async () => {
    const added = await startWorker(parts, { concurrency: 32, graceMs: 300 })
    workers.push(added)
    return added
  }
  const stopSweeping = startSweeping(parts)
  if (worker) await addWorker()
  return {
    engine,
    parts,
    ended: (run, waitMs = 8_000) => engine.wait(run, { waitMs }),
    startWorker: addWorker,
    close: async () => {
      await stopSweeping()
      await Promise.all(workers.map(one => one.stop()))
      parts.hub.close()
      await queue.close()
      await ownStore.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
