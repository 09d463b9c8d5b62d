/** The two deployments: they differ in constructor lines only. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from './config.ts'
import type { Queue, Records, Store } from './core/ports.ts'
import { createRefusals, type Refusals } from './core/refusals.ts'
import { keptSecret } from './data-folder.ts'
import { signAll, signedRecords, unsignedRecords } from './governance/signed-records.ts'
import { signedSessions } from './governance/signed-sessions.ts'
import { createSigner } from './governance/signer.ts'

export interface Deployment {
  readonly kind: 'embedded' | 'distributed'
  readonly store: Store
  readonly queue: Queue
  readonly dataKey: string
  /** Counts data in the ledger and the queue that this installation did not write. */
  readonly refusals: Refusals
  /** Resolves when the ledger's disk failed; for embedded. */
  readonly broken?: Promise<Error>
}

/** The ledger for a command that works on it beside a running server. */
export interface OpenLedger {
  readonly store: Store
  /** Its records as they are, signed or not. */
  readonly rawRecords: Records
  readonly dataKey: string
}

export const isDistributed = (settings: Settings): boolean => settings.REDIS_URL !== ''

export async function openLedger(settings: Settings): Promise<OpenLedger> {
  const raw = isDistributed(settings) ? await redisStore(settings, createRefusals()) : (await sqliteStore(settings, createRefusals())).store
  return { store: await believing(raw, settings, createRefusals()), rawRecords: raw.records, dataKey: dataKeyOf(settings) }
}

export async function openDeployment(settings: Settings): Promise<Deployment> {
  return isDistributed(settings) ? distributed(settings) : embedded(settings)
}

async function embedded(settings: Settings): Promise<Deployment> {
  const { openSqliteQueue } = await import('./drivers/sqlite/queue.ts')
  const refusals = createRefusals()
  const dataKey = dataKeyOf(settings)
  const { sqlite, store } = await sqliteStore(settings, refusals)
  return {
    kind: 'embedded',
    store: await believing(store, settings, refusals),
    queue: openSqliteQueue(sqlite),
    dataKey,
    refusals,
    broken: sqlite.broken
  }
}

async function distributed(settings: Settings): Promise<Deployment> {
  const { openRabbitQueue } = await import('./drivers/rabbitmq/queue.ts')
  const refusals = createRefusals()
  const dataKey = dataKeyOf(settings)
  const ca = pemOf(settings, 'RABBITMQ_CA')
  const store = await redisStore(settings, refusals)
  const { RABBITMQ_URL: url, RETROFIT_NAMESPACE: prefix } = settings
  const queue = await openRabbitQueue({ url, prefix, ca, refuse: refusals.refuse }).catch(async error => {
    await store.close()
    throw error
  })
  return { kind: 'distributed', store: await believing(store, settings, refusals), queue, dataKey, refusals }
}

function dataKeyOf(settings: Settings): string {
  if (settings.RETROFIT_DATA_KEY !== '') return settings.RETROFIT_DATA_KEY
  if (!isDistributed(settings)) return keptSecret(settings.DATA_DIR, { name: 'data.key' })
  throw new Error('Set RETROFIT_DATA_KEY, the same for every gateway and worker, e.g. to the output of: openssl rand -base64 32')
}

async function redisStore(settings: Settings, { refuse }: Refusals): Promise<Store> {
  const { openRedisStore } = await import('./drivers/redis/store.ts')
  const { REDIS_URL: url, RETROFIT_NAMESPACE: prefix, REDIS_ASSUME_DURABLE: assumeDurable } = settings
  return openRedisStore({ url, prefix, assumeDurable, ca: pemOf(settings, 'REDIS_CA'), signer: createSigner(dataKeyOf(settings)), refuse })
}

async function sqliteStore(settings: Settings, { refuse }: Refusals) {
  const { openSqlite } = await import('./drivers/sqlite/open-sqlite.ts')
  const { openSqliteStore } = await import('./drivers/sqlite/store.ts')
  const sqlite = openSqlite({ path: ledgerPath(settings) })
  return { sqlite, store: openSqliteStore(sqlite, refuse) }
}

/** The store, of which only that counts which this installation has signed. */
async function believing(store: Store, settings: Settings, { refuse }: Refusals): Promise<Store> {
  const signing = { signer: createSigner(dataKeyOf(settings)), refuse }
  const records = signedRecords(store.records, signing)
  // Anybody who can write to this folder can read the key and be the admin anyway: records of an older version are taken over, once.
  const isOwnFolder = !isDistributed(settings) && settings.RETROFIT_DATA_KEY === ''
  if (isOwnFolder && (await records.get('signed', 'all')) === undefined) {
    await signAll(records, await unsignedRecords(store.records))
    await records.put('signed', 'all', true)
  }
  return { ...store, records, sessions: signedSessions(store.sessions, signing) }
}

function pemOf(settings: Settings, name: 'REDIS_CA' | 'RABBITMQ_CA'): string | undefined {
  if (settings[name] === '') return undefined
  const text = readPem(settings[name], name)
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${name}: ${settings[name]} holds no certificate in PEM`)
  return text
}

function readPem(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`${name}: ${file} can not be read`, { cause })
  }
}

const ledgerPath = ({ DATA_DIR }: Settings): string => join(DATA_DIR, 'ledger.sqlite')
