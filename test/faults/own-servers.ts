/** Redis and RabbitMQ for one world alone, behind lines that can be cut and clogged. */
import { startProxy } from '../drivers/tcp-proxy.ts'
import type { RedisOptions } from '../setup/redis.ts'
import { startRabbit, startRedis } from '../setup/services.ts'
import type { OwnServers } from './fault.ts'

export async function openOwnServers(options: RedisOptions = {}): Promise<OwnServers> {
  const [redis, rabbit] = await Promise.all([startRedis({ ...options, extra: ['--auto-aof-rewrite-percentage', '0'] }), startRabbit()])
  const [toRedis, toRabbit] = await Promise.all([startProxy(redis.port), startProxy(rabbit.port)])
  const all = [toRedis, toRabbit]
  return {
    redis,
    rabbit,
    servers: { REDIS_URL: `redis://127.0.0.1:${toRedis.port}`, RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${toRabbit.port}` },
    lines: {
      cut: () => {
        for (const line of all) line.cut()
      },
      pause: () => {
        for (const line of all) line.pause()
      },
      resume: () => {
        for (const line of all) line.resume()
      }
    },
    close: async () => {
      await Promise.all(all.map(line => line.close()))
      await Promise.all([redis.stop(), rabbit.stop()])
    }
  }
}
