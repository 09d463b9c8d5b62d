/** The two deployments: they differ in constructor lines only. */
import { join } from 'node:path'
import type { Settings } from './config.ts'
import type { Queue, Store } from './core/ports.ts'
import { keptSecret } from './data-folder.ts'

export interface Deployment {
  readonly kind: 'embedded' | 'distributed'
  readonly store: Store
  readonly queue: Queue
  readonly dataKey: string
  /** Resolves when the ledger's disk failed; for embedded. */
  readonly broken?: Promise<Error>
}

export const isDistributed = (settings: Settings): boolean => settings.REDIS_URL !== ''

export async function openStore(settings: Settings): Promise<Store> {
  if (isDistributed(settings)) {
    const { openRedisStore } = await import('./drivers/redis/store.ts')
    return openRedisStore({ url: settings.REDIS_URL, prefix: settings.RETROFIT_NAMESPACE, assumeDurable: settings.REDIS_ASSUME_DURABLE })
  }
  const { openSqlite } = await import('./drivers/sqlite/open-sqlite.ts')
  const { openSqliteStore } = await import('./drivers/sqlite/store.ts')
  return openSqliteStore(openSqlite({ path: ledgerPath(settings) }))
}

export async function openDeployment(settings: Settings): Promise<Deployment> {
  return isDistributed(settings) ? distributed(settings) : embedded(settings)
}

async function embedded(settings: Settings): Promise<Deployment> {
  const { openSqlite } = await import('./drivers/sqlite/open-sqlite.ts')
  const { openSqliteStore } = await import('./drivers/sqlite/store.ts')
  const { openSqliteQueue } = await import('./drivers/sqlite/queue.ts')
  const dataKey = settings.RETROFIT_DATA_KEY || keptSecret(settings.DATA_DIR, { name: 'data.key' })
  const sqlite = openSqlite({ path: ledgerPath(settings) })
  return { kind: 'embedded', store: openSqliteStore(sqlite), queue: openSqliteQueue(sqlite), dataKey, broken: sqlite.broken }
}

async function distributed(settings: Settings): Promise<Deployment> {
  if (settings.RETROFIT_DATA_KEY === '') {
    throw new Error('Set RETROFIT_DATA_KEY, the same for every gateway and worker, e.g. to the output of: openssl rand -base64 32')
  }
  const { openRabbitQueue } = await import('./drivers/rabbitmq/queue.ts')
  const store = await openStore(settings)
  const queue = await openRabbitQueue({ url: settings.RABBITMQ_URL, prefix: settings.RETROFIT_NAMESPACE }).catch(async error => {
    await store.close()
    throw error
  })
  return { kind: 'distributed', store, queue, dataKey: settings.RETROFIT_DATA_KEY }
}

const ledgerPath = ({ DATA_DIR }: Settings): string => join(DATA_DIR, 'ledger.sqlite')
