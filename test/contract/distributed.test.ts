/** Both contracts on the real servers. */
import { Redis } from 'ioredis'
import { randomText } from '../../src/core/ids.ts'
import { openRabbitQueue } from '../../src/drivers/rabbitmq/queue.ts'
import { openRedisStore } from '../../src/drivers/redis/store.ts'
import { queueContract } from './queue.ts'
import { storeContract } from './store.ts'

const redisUrl = process.env.TEST_REDIS_URL as string

storeContract('Redis', async () => {
  const prefix = `test-${randomText(8)}`
  const open = () => openRedisStore({ url: redisUrl, prefix })
  const store = await open()
  return {
    store,
    another: open,
    async close() {
      await store.close()
      await removeKeys(prefix)
    }
  }
})

queueContract('RabbitMQ', async () => {
  const open = () => openRabbitQueue({ url: process.env.TEST_RABBITMQ_URL as string, prefix: 'test' })
  const queue = await open()
  return { queue, another: open, close: () => queue.close() }
})

async function removeKeys(prefix: string): Promise<void> {
  const redis = new Redis(redisUrl)
  for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1000 })) if (keys.length > 0) await redis.unlink(...keys)
  await redis.quit()
}
