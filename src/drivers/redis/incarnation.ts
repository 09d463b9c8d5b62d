/**
 * A Redis that comes back from a file without its last commands (a disk that lied, a file that was repaired or replaced) has lost commit
 * markers and keys: trusting it would do things twice. What a file loses is its tail. So each process writes again what Redis had
 * confirmed to it, and nobody goes on before the others had time to do so. What a process knew that died together with Redis is lost
 * with it: against that stands `appendfsync always` alone.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'
import type { Memory } from './memory.ts'

export interface Incarnation {
  /** Why no run may be accepted: this is another ledger than the one that the process began with. */
  readonly problem: Error | undefined
}

/** Every process tries to connect at least once in half of it. */
const returnSeconds = 2
const pollMs = 100

interface Server {
  readonly id: string
  readonly upSeconds: number
}

export async function watchIncarnation(connection: Connection, keys: RedisKeys, memory: Memory): Promise<Incarnation> {
  const { redis, send, where } = connection
  const ledgerId = await send(async client => {
    await client.set(keys.ledger, randomUUID(), 'NX')
    return client.get(keys.ledger)
  })
  const look = async (): Promise<Server> => {
    const info = await redis.info('server')
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
    return { id: field('run_id'), upSeconds: Number(field('uptime_in_seconds')) }
  }
  let known = (await send(look)).id
  let problem: Error | undefined
  connection.onReturn(async () => {
    const { id } = await look()
    if (id === known) return
    if ((await redis.get(keys.ledger)) !== ledgerId) problem = new Error(otherLedger(where))
    await memory.restore(connection)
    while ((await look()).upSeconds < returnSeconds) await sleep(pollMs)
    known = id
  })
  return {
    get problem() {
      return problem
    }
  }
}

const otherLedger = (where: string) =>
  `Redis at ${where} came back without the ledger that it had: keys are forgotten, and a retry could do its effect twice. Bring the old data back; or, to begin anew, start every gateway and worker again.`
