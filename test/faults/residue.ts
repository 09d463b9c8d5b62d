/** What must not be left when all is over. */
import { readdirSync } from 'node:fs'
import amqp from 'amqplib'
import { Redis } from 'ioredis'
import { type ProcessMark, survivors } from '../e2e/processes.ts'
import type { Servers } from './world.ts'

interface Shared {
  readonly servers: Servers
  readonly namespace: string
  readonly bot: string
}

type Place = { readonly children: readonly ProcessMark[]; readonly folder: string } & Partial<Shared>

/** Asked after the programs have ended: what the broker still holds then was not settled. */
export async function residueOf({ children, folder, servers, namespace = '', bot = '' }: Place): Promise<readonly string[]> {
  const alive = await survivors(children, 5_000)
  const folders = readdirSync(folder).filter(name => /chromium|playwright|puppeteer|profile|retrofit-browser/i.test(name))
  return [
    ...alive.map(({ pid, command }) => `process ${pid} ${command}`),
    ...folders.map(name => `folder ${name}`),
    ...(servers === undefined ? [] : await messagesIn({ servers, namespace, bot }))
  ]
}

async function messagesIn({ servers, namespace, bot }: Shared): Promise<readonly string[]> {
  const connection = await amqp.connect(servers.RABBITMQ_URL)
  try {
    const channel = await connection.createChannel()
    const { messageCount } = await channel.checkQueue(`${namespace}.${bot}`)
    return messageCount === 0 ? [] : [`${messageCount} messages`]
  } finally {
    await connection.close()
  }
}

const together = 1_000

/** The servers may be shared: what a world made goes. */
export async function forget({ servers, namespace, bot }: Shared): Promise<void> {
  const redis = new Redis(servers.REDIS_URL, { retryStrategy: () => null, maxRetriesPerRequest: 0 })
  redis.on('error', () => undefined)
  const keys = await redis.keys(`${namespace}:*`).catch(() => [])
  // A long load leaves more keys than a call has room for arguments.
  for (let first = 0; first < keys.length; first += together) await redis.del(...keys.slice(first, first + together)).catch(() => undefined)
  redis.disconnect()
  const connection = await amqp.connect(servers.RABBITMQ_URL).catch(() => undefined)
  if (connection === undefined) return
  const channel = await connection.createChannel()
  channel.on('error', () => undefined)
  for (const queue of [`${namespace}.${bot}`, `${namespace}-dead`]) await channel.deleteQueue(queue).catch(() => undefined)
  await connection.close().catch(() => undefined)
}
