/** Every byte of every place where a value of a run may come to lie. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import amqp from 'amqplib'
import { Redis } from 'ioredis'

export interface Place {
  readonly name: string
  readonly bytes: Buffer
}

export function filesBelow(dir: string): readonly Place[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .flatMap(path => (existsSync(path) ? [{ name: path, bytes: readFileSync(path) }] : []))
}

/** What stands in the clear, plain or as the text that a place may have made of it. */
export function hits(places: readonly Place[], texts: readonly string[]): readonly string[] {
  return places.flatMap(({ name, bytes }) =>
    texts.flatMap(text => spellings(text).flatMap(spelling => (bytes.includes(spelling) ? [`${spelling} in ${name}`] : [])))
  )
}

const spellings = (text: string): readonly string[] => [
  ...new Set([text, encodeURIComponent(text), Buffer.from(text).toString('base64').replace(/=+$/, ''), Buffer.from(text).toString('hex')])
]

/** All that is sent to Redis from now on, messages to watchers too. */
export async function redisMonitor(url: string): Promise<{ place(): Place; close(): void }> {
  const redis = new Redis(url)
  const monitor = await redis.monitor()
  const lines: string[] = []
  monitor.on('monitor', (_time: string, args: readonly string[]) => lines.push(args.join(' ')))
  return {
    place: () => ({ name: 'what was sent to Redis', bytes: Buffer.from(lines.join('\n')) }),
    close: () => {
      monitor.disconnect()
      redis.disconnect()
    }
  }
}

/** The broker's own folder, found by the port that it listens on. */
export function rabbitFiles(url: string): readonly Place[] {
  const { port } = new URL(url)
  const mine = globSync(join(tmpdir(), 'retrofit-rabbit-*/rabbitmq.conf')).find(path =>
    readFileSync(path, 'utf8').includes(`127.0.0.1:${port}\n`)
  )
  if (mine === undefined) throw new Error(`no broker's folder for port ${port}`)
  return filesBelow(join(mine, '..'))
}

/** The messages that wait, with their headers; they stay. */
export async function waitingMessages(url: string, queue: string): Promise<Place> {
  const connection = await amqp.connect(url)
  connection.on('error', () => {})
  const channel = await connection.createChannel()
  const texts: string[] = []
  for (let message = await channel.get(queue); message !== false; message = await channel.get(queue)) {
    texts.push(message.content.toString('latin1'), JSON.stringify(message.properties))
  }
  // Closing the channel gives them back.
  await channel.close()
  await connection.close()
  return { name: `waiting in ${queue}`, bytes: Buffer.from(texts.join('\n')) }
}
