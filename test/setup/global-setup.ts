import { needsServers } from './needs-servers.ts'
import { newerNode } from './newer-node.ts'
import { startRabbit, startRedis } from './services.ts'

/** What this needs of jest's configuration. */
interface Selection {
  readonly rootDir: string
  readonly testPathPatterns: { toExecutor(options: { rootDir: string }): { isMatch(path: string): boolean } }
}

/**
 * One Redis and one RabbitMQ for the whole run, in `TEST_REDIS_URL` and `TEST_RABBITMQ_URL`; tests keep apart by prefixes.
 * Not started when no selected test reads those names. `RETROFIT_TEST_SERVICES=off` never starts them.
 */
export default async function globalSetup({ rootDir, testPathPatterns }: Selection): Promise<void> {
  const notice = newerNode()
  if (notice !== undefined) process.stderr.write(`\n${notice}\n\n`)
  if (process.env.RETROFIT_TEST_SERVICES === 'off') return
  const selected = testPathPatterns.toExecutor({ rootDir })
  if (!needsServers(rootDir, path => selected.isMatch(path))) return
  const [redis, rabbit] = await startBoth()
  process.env.TEST_REDIS_URL = redis.url
  process.env.TEST_RABBITMQ_URL = rabbit.url
  globalThis.testServers = [redis, rabbit]
}

async function startBoth() {
  const [redis, rabbit] = await Promise.allSettled([startRedis(), startRabbit()])
  if (redis.status === 'fulfilled' && rabbit.status === 'fulfilled') return [redis.value, rabbit.value] as const
  for (const started of [redis, rabbit]) if (started.status === 'fulfilled') await started.value.stop()
  throw redis.status === 'rejected' ? redis.reason : (rabbit as PromiseRejectedResult).reason
}
