/**
 * A Redis that comes back from a file without its last commands (a disk that lied, a file that was repaired or replaced) has lost commit
 * markers and keys: trusting it would do things twice. What a file loses is its tail. So each process writes again what Redis had
 * confirmed to it, and nobody goes on before all the others have done so. What a process knew that died together with Redis is lost
 * with it: against that stands `appendfsync always` alone; it is waited for, but not for ever. And where more is lost than the
 * processes remember (an old backup was put back), they give the ledger another name, and nobody takes it for the one that it was.
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
/** Longer than an outage: else who comes back first would forget whom it has to wait for. */
const aliveMs = 3_600_000
/** What lost more than its last such time is a backup: who had been silent for so long has written nothing that a tail holds. */
const silentMs = 30_000
const pollMs = 100
const keptMs = 3_600_000

export interface Watching {
  readonly keys: RedisKeys
  readonly memory: Memory
  /** The time of Redis. */
  now(): number
  /** A process that is not back after so long has died, or is paused for so long that its lease is over. */
  readonly longestReturnSeconds: number
}

export async function watchIncarnation(
  connection: Connection,
  { keys, memory, now, longestReturnSeconds }: Watching
): Promise<Incarnation> {
  const { redis, send, script, direct, where } = connection
  const me = randomUUID()
  const about = async (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(await redis.info('server'))?.[1] ?? ''
  const serverId = () => about('run_id')
  /** Of the last time before an outage. */
  let seenAt = 0
  let seen: readonly string[] = []
  const lately = (at: number) => redis.zrange(keys.members, at + aliveMs - silentMs, '+inf', 'BYSCORE')
  // A place in a line that is never full.
  const join = async (how: Connection['script']): Promise<void> => {
    const at = now()
    await how('acquireSlot', [keys.members], [me, Number.MAX_SAFE_INTEGER, at + aliveMs])
    seen = await lately(at)
    seenAt = at
  }
  /** Who may know what this server has lost is back, or will not come. */
  const isOver = async (id: string): Promise<boolean> => {
    // A server that has run beside the lost one takes back since the first came to it.
    const sinceFirst = (keptMs - (await redis.pttl(keys.returned(id)))) / 1_000
    const seconds = Math.min(sinceFirst, Number(await about('uptime_in_seconds')))
    if (seconds < returnSeconds) return false
    if (seconds >= longestReturnSeconds) return true
    // The ledger may have lost the names too.
    const heard = [...seen, ...(await lately(seenAt))]
    const back = new Set(await redis.smembers(keys.returned(id)))
    return heard.every(member => back.has(member))
  }
  /** Every process that lives is in there every few seconds; the first that comes back asks before anybody is again. */
  const asOf = async (id: string): Promise<number> => {
    const [, heardUntil = String(aliveMs)] = await redis.zrange(keys.members, '0', '0', 'REV', 'WITHSCORES')
    await redis.set(keys.asOf(id), heardUntil, 'PX', keptMs, 'NX')
    return Number(await redis.get(keys.asOf(id))) - aliveMs
  }
  const isSame = async () => (await redis.get(keys.ledger)) === ledgerId
  const writeBack = async (id: string): Promise<void> => {
    const at = await asOf(id)
    await memory.restore(connection)
    const isBackup = at < seenAt - silentMs || at <= memory.forgottenAt
    if (isBackup && (await isSame())) await redis.set(keys.ledger, `${randomUUID()}@${id}`)
  }
  const comeBack = async (id: string): Promise<void> => {
    await direct('arrive', [keys.returned(id)], [me, keptMs])
    while (!(await isOver(id))) await sleep(pollMs)
    await join(direct)
  }
  let known = await send(serverId)
  let ledgerId = await send(async client => {
    await client.set(keys.ledger, `${randomUUID()}@${known}`, 'NX')
    return client.get(keys.ledger)
  })
  let problem: Error | undefined
  connection.onReturn(async () => {
    const id = await serverId()
    if (id === known) return
    await writeBack(id)
    await comeBack(id)
    problem = (await isSame()) ? undefined : new Error(otherLedger(where))
    known = id
  })
  // Who starts while others come back must not go on before them either. A server on which the ledger began has lost nothing of it.
  await send(async () => {
    if (ledgerId?.endsWith(`@${known}`) || (await isOver(known))) return join(direct)
    await comeBack(known)
    ledgerId = await redis.get(keys.ledger)
  })
  return {
    get problem() {
      return problem
    },
    beat: () => join(script),
    leave: async () => void (await send(client => client.zrem(keys.members, me)))
  }
}

const otherLedger = (where: string) =>
  `Redis at ${where} came back without the ledger that it had, or with an old copy of it: keys are forgotten, and a retry could do its effect twice. Bring the old data back; or, to begin anew, start every gateway and worker again.`
