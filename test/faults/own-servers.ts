/** Redis, and RabbitMQ where the fault breaks it, for one world alone; behind lines that can be cut and clogged. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startProxy } from '../drivers/tcp-proxy.ts'
import type { RedisOptions } from '../setup/redis.ts'
import { startRabbit, startRedis } from '../setup/services.ts'
import type { Lines, OwnServers } from './fault.ts'

/** With the address of a RabbitMQ: Redis alone. */
export async function openOwnServers(options: RedisOptions = {}, sharedRabbit?: string): Promise<OwnServers> {
  const [redis, rabbit] = await Promise.all([
    startRedis({ ...options, extra: ['--auto-aof-rewrite-percentage', '0'] }),
    sharedRabbit === undefined ? startRabbit() : undefined
  ])
  const rabbitPort = rabbit?.port ?? Number(new URL(String(sharedRabbit)).port)
  const [lines, apart] = await Promise.all([openLines(redis.port, rabbitPort), openLines(redis.port, rabbitPort)])
  return {
    redis,
    rabbit,
    lines,
    apart,
    close: async () => {
      await Promise.all([lines.close(), apart.close()])
      await Promise.all([redis.stop(), rabbit?.stop()])
    }
  }
}

async function openLines(redisPort: number, rabbitPort: number): Promise<Lines> {
  const [redis, rabbit] = await Promise.all([startProxy(redisPort), startProxy(rabbitPort)])
  const both = [redis, rabbit]
  return {
    servers: { REDIS_URL: `redis://127.0.0.1:${redis.port}`, RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${rabbit.port}` },
    cut: () => {
      for (const line of both) line.cut()
    },
    stall: async ms => {
      for (const line of both) line.pause()
      await sleep(ms)
      for (const line of both) line.resume()
    },
    close: async () => void (await Promise.all(both.map(line => line.close())))
  }
}
