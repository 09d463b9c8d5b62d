/** The two ways to run the program: one process on SQLite, or gateways and workers on real Redis and RabbitMQ. */
import { randomBytes } from 'node:crypto'
import amqp from 'amqplib'
import { Redis } from 'ioredis'
import { type Client, createClient } from './client.ts'
import type { Program } from './program.ts'
import { adminKey, type Env, type Site } from './site.ts'

export type Kind = 'embedded' | 'distributed'
export const kinds: readonly Kind[] = ['embedded', 'distributed']

/** A process that can be killed and started again; its address may change. */
export interface Part {
  program: Program
  restart(): Promise<void>
}

export interface Deployment {
  readonly gateways: readonly Part[]
  readonly workers: readonly Part[]
  /** Each process once. */
  readonly parts: readonly Part[]
  /** One for each gateway. */
  readonly clients: readonly Client[]
  readonly client: Client
  /** Everything that any of its processes wrote, those that were killed too. */
  output(): Buffer
}

/** What the processes share; embedded: nothing. */
export async function sharedSettings(site: Site, kind: Kind): Promise<Env> {
  if (kind === 'embedded') return {}
  const namespace = `e2e-${randomBytes(4).toString('hex')}`
  site.onClose(() => forget(namespace))
  return { ...servers(), RETROFIT_NAMESPACE: namespace, RETROFIT_DATA_KEY: 'a-data-key-for-end-to-end-tests-only' }
}

const servers = (): { REDIS_URL: string; RABBITMQ_URL: string } => ({
  REDIS_URL: process.env.TEST_REDIS_URL ?? '',
  RABBITMQ_URL: process.env.TEST_RABBITMQ_URL ?? ''
})

const commandsOf: Readonly<Record<Kind, readonly string[]>> = {
  embedded: ['up'],
  distributed: ['gateway', 'gateway', 'worker', 'worker']
}

export async function deploy(site: Site, kind: Kind, env: Env = {}): Promise<Deployment> {
  const settings = { ...(await sharedSettings(site, kind)), ...env }
  const before: Program[] = []
  const parts = await Promise.all(commandsOf[kind].map(command => startPart(() => site.start(command, settings), before)))
  const gateways = parts.filter(({ program }) => program.url !== '')
  const workers = kind === 'embedded' ? parts : parts.filter(({ program }) => program.url === '')
  const clients = gateways.map(part => createClient(() => part.program.url, adminKey))
  const output = () => Buffer.concat([...before, ...parts.map(({ program }) => program)].map(program => program.output()))
  return { gateways, workers, parts, clients, client: clients[0] as Client, output }
}

async function startPart(start: () => Promise<Program>, before: Program[]): Promise<Part> {
  const part: Part = {
    program: await start(),
    restart: async () => {
      before.push(part.program)
      part.program = await start()
    }
  }
  return part
}

/** The servers are shared by all tests: what this one made goes. */
async function forget(namespace: string): Promise<void> {
  const { REDIS_URL, RABBITMQ_URL } = servers()
  const redis = new Redis(REDIS_URL)
  const keys = await redis.keys(`${namespace}:*`)
  if (keys.length > 0) await redis.del(...keys)
  redis.disconnect()
  const connection = await amqp.connect(RABBITMQ_URL)
  for (const queue of ['corebank', 'teller', 'probe', 'vault', 'default/probe', 'default/vault', 'acme/probe', 'globex/probe']
    .map(bot => `${namespace}.${bot}`)
    .concat(`${namespace}-dead`)) {
    const channel = await connection.createChannel()
    await channel.deleteQueue(queue)
    await channel.close()
  }
  await connection.close()
}
