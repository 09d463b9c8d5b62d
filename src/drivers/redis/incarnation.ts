/**
 * A Redis that comes back from a file without its last commands (a disk that lied, a file that was repaired or replaced) has lost commit
 * markers and keys: trusting it would do things twice. What a file loses is its tail. So each process writes again what Redis had
 * confirmed to it, and nobody goes on before all the others have done so. What a process knew that died together with Redis is lost
 * with it: against that stands `appendfsync always` alone; it is waited for, but not for ever.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import type { RedisKeys } from './keys.ts'
import type { Memory } from './memory.ts'

export interface Incarnation {
  /** Why no run may be accepted: this is another ledger than the one that the process began with. */
  readonly problem: Error | undefined
  /** To be told from time to time: others wait for this process after a loss, as long as it counts as alive. */
  beat(): Promise<void>
  /** Nobody has to wait for it any more. */
  leave(): Promise<void>
}

/** Every process tries to connect at least once in half of it: also those that the ledger lost the names of. */
const returnSeconds = 2
/** Who is not back after that has died, or is paused for so long that its lease is over. */
const longestReturnSeconds = 15
/** Longer than an outage: else who comes back first would forget whom it has to wait for. */
const aliveMs = 3_600_000
const pollMs = 100
const keptSeconds = 3_600

interface Server {
  readonly id: string
  readonly upSeconds: number
}

export interface Watching {
  readonly keys: RedisKeys
  readonly memory: Memory
  /** The time of Redis. */
  now(): number
}

export async function watchIncarnation(connection: Connection, { keys, memory, now }: Watching): Promise<Incarnation> {
  const { redis, send, script, direct, where } = connection
  const me = randomUUID()
  const ledgerId = await send(async client => {
    await client.set(keys.ledger, randomUUID(), 'NX')
    return client.get(keys.ledger)
  })
  const look = async (): Promise<Server> => {
    const info = await redis.info('server')
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
    return { id: field('run_id'), upSeconds: Number(field('uptime_in_seconds')) }
  }
  const everybodyIsBack = async (): Promise<boolean> => {
    const { id, upSeconds } = await look()
    if (upSeconds < returnSeconds) return false
    if (upSeconds >= longestReturnSeconds) return true
    const [members, back] = await Promise.all([redis.zrange(keys.members, '0', '-1'), redis.smembers(keys.returned(id))])
    return members.every(member => back.includes(member))
  }
  // A place in a line that is never full.
  const joining = () => ['acquireSlot', [keys.members], [me, Number.MAX_SAFE_INTEGER, now() + aliveMs]] as const
  let known = (await send(look)).id
  let problem: Error | undefined
  await script(...joining())
  connection.onReturn(async () => {
    const { id } = await look()
    if (id === known) return
    if ((await redis.get(keys.ledger)) !== ledgerId) problem = new Error(otherLedger(where))
    await memory.restore(connection)
    await direct(...joining())
    await redis.sadd(keys.returned(id), me)
    await redis.expire(keys.returned(id), keptSeconds)
    while (!(await everybodyIsBack())) await sleep(pollMs)
    known = id
  })
  return {
    get problem() {
      return problem
    },
    beat: async () => void (await script(...joining())),
    leave: async () => void (await send(client => client.zrem(keys.members, me)))
  }
}

const otherLedger = (where: string) =>
  `Redis at ${where} came back without the ledger that it had: keys are forgotten, and a retry could do its effect twice. Bring the old data back; or, to begin anew, start every gateway and worker again.`
