import { Redis } from 'ioredis'
import { type ChildServer, newServerDir, startChildServer } from './child-server.ts'
import { freePort } from './free-port.ts'

export interface RedisOptions {
  readonly appendfsync?: 'always' | 'everysec'
  /** More arguments of `redis-server`; a later one wins over ours. */
  readonly extra?: readonly string[]
  /** Where its data are; without it a new folder. Removed at the end. */
  readonly dir?: string
  /** Beside our own. */
  readonly env?: Readonly<Record<string, string>>
}

/** A real Redis with the settings that the promise needs: durable before it answers, and nothing evicted. */
export async function startRedis({
  appendfsync = 'always',
  extra = [],
  env = {},
  dir = newServerDir('redis')
}: RedisOptions = {}): Promise<ChildServer> {
  const port = await freePort()
  const settings = { bind: '127.0.0.1', port: `${port}`, dir, save: '', appendonly: 'yes', appendfsync, 'maxmemory-policy': 'noeviction' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  return startChildServer({
    name: 'redis-server',
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    readyMs: 120_000,
    processes: [{ command: 'redis-server', args: [...args, ...extra], env }],
    probe: () => ping(port)
  })
}

async function ping(port: number): Promise<void> {
  const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  redis.on('error', () => {})
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}
