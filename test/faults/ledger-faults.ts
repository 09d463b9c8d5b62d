/** Faults below the ports: what the queue and the ledger's own files can do to us. */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import amqp from 'amqplib'
import type { Stage } from './fault.ts'
import type { Part } from './part.ts'

/** The append-only file without its last commands, as after a power cut on a disk that lied. */
export async function cutLedger({ own, world }: Stage, count: number): Promise<void> {
  if (own === undefined) return
  await own.redis.kill()
  world.note({ moment: `last ${count} commands`, deed: 'cut', of: cutCommands(own.redis.dir, count, beginning) })
  await own.redis.restart()
}

/** How a file begins: with the ledger's name, and what the programs write when they start. Without that it is another ledger, which is the fault `empty`. */
const beginning = 20

/** Answers how many there were; the first `kept` stay in any case. */
export function cutCommands(dir: string, count: number, kept = 0): number {
  const file = join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof')
  const starts = commandStarts(readFileSync(file))
  const end = starts[Math.max(starts.length - count, kept)]
  if (end !== undefined) truncateSync(file, end)
  return starts.length
}

/** Where each command begins: `*3\r\n$3\r\nSET\r\n…` (RESP arrays of bulk strings). */
function commandStarts(bytes: Buffer): readonly number[] {
  const starts: number[] = []
  let at = 0
  const line = (): number => {
    const end = bytes.indexOf('\r\n', at)
    const value = Number(bytes.subarray(at + 1, end))
    at = end + 2
    return value
  }
  while (at < bytes.length && bytes[at] === 0x2a) {
    starts.push(at)
    for (let parts = line(); parts > 0; parts--) {
      const length = line()
      at += length + 2
    }
  }
  return starts
}

/** Redis comes back from a backup that was made while calls came in: what was done since is not in it. */
export async function replaceLedger({ own, world, random }: Stage): Promise<void> {
  if (own === undefined) return
  const [data, backup] = [join(own.redis.dir, 'appendonlydir'), join(own.redis.dir, 'backup')]
  cpSync(data, backup, { recursive: true })
  await sleep(random() * 1_000)
  await own.redis.kill()
  world.note({ deed: 'replaced', missing: sizeOf(data) - sizeOf(backup) })
  rmSync(data, { recursive: true })
  renameSync(backup, data)
  await own.redis.restart()
}

const sizeOf = (dir: string): number => readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)

/** And whoever is responsible agrees to begin anew, once all gateways ask for that. */
export async function emptyLedger({ own, world }: Stage): Promise<void> {
  if (own === undefined) return
  await own.redis.kill()
  rmSync(join(own.redis.dir, 'appendonlydir'), { recursive: true, force: true })
  await own.redis.restart()
  await Promise.all(world.gateways.map(asksToBeginAnew))
  for (const part of world.parts) {
    await part.roll()
    await part.ready()
  }
}

async function asksToBeginAnew({ url }: Part): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(200)) {
    const told = await fetch(`${url}/readyz`).then(
      answer => answer.text(),
      () => ''
    )
    if (told.includes('start every gateway and worker again')) return
  }
  throw new Error('a gateway did not notice that its ledger is another one')
}

/** A RabbitMQ that knows neither the queues nor what was in them. */
export async function emptyBroker({ own }: Stage): Promise<void> {
  if (own?.rabbit === undefined) return
  await own.rabbit.kill()
  const data = join(own.rabbit.dir, 'data')
  rmSync(data, { recursive: true })
  mkdirSync(data)
  await own.rabbit.restart()
}

/** Every run that is known by now, ten messages each, newest first. */
export async function duplicateMessages(stage: Stage): Promise<void> {
  const { world, driver } = stage
  const runs = await driver.client().runs()
  const bodies = runs.slice(0, 20).map(({ runId }) => JSON.stringify({ runId, bot: world.target.bot, publishedAt: Date.now() }))
  const all = Array.from({ length: 10 }, () => bodies).flat()
  if (world.mode === 'embedded') return intoFile(join(world.dataDir, 'ledger.sqlite'), world.target.bot, all)
  await intoBroker(String(world.servers?.RABBITMQ_URL), `${world.namespace}.${world.target.bot}`, all)
}

function intoFile(path: string, bot: string, bodies: readonly string[]): void {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA busy_timeout=5000')
  const insert = db.prepare('INSERT INTO message(bot, published_at, body) VALUES(?,?,?)')
  for (const body of bodies) insert.run(bot, Date.now(), body)
  db.close()
}

async function intoBroker(url: string, queue: string, bodies: readonly string[]): Promise<void> {
  const connection = await amqp.connect(url)
  const channel = await connection.createConfirmChannel()
  for (const body of bodies) channel.sendToQueue(queue, Buffer.from(body), { persistent: true })
  await channel.waitForConfirms()
  await connection.close()
}
