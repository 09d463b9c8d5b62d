import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../core/ports.ts'
import { type Refusals, uncounted } from '../../core/refusals.ts'
import type { Signer } from '../../core/signer.ts'
import { redisArtifacts } from './artifacts.ts'
import { openClock } from './clock.ts'
import { connectRedis } from './connection.ts'
import { checkDurability } from './durability.ts'
import { eventTexts } from './event-text.ts'
import { listenForEvents } from './events.ts'
import { watchIncarnation } from './incarnation.ts'
import { redisKeys } from './keys.ts'
import { createMemory } from './memory.ts'
import { redisRecords } from './records.ts'
import { redisRuns } from './runs.ts'
import { redisSessions } from './sessions.ts'

export interface RedisStoreOptions {
  readonly url: string
  /** Begins every key and the channel; stores with the same prefix share one ledger. No braces in it. */
  readonly prefix?: string
  /** Do not ask Redis for its settings: for a managed one that does not tell. */
  readonly assumeDurable?: boolean
  readonly commandTimeoutMs?: number
  /** How long the processes wait for one another after Redis has come back from its file. 15 unless given. */
  readonly longestReturnSeconds?: number
  /** In PEM: who signs the certificate of a `rediss://` server; absent: those that Node trusts. */
  readonly ca?: string | undefined
  /** Signs events; absent: any event of the right shape is taken. */
  readonly signer?: Signer | undefined
  /** Called for data that is not what it claims to be. */
  readonly refuse?: Refusals['refuse'] | undefined
}

const clockIntervalMs = 5000

/** The ledger in Redis. Rejects when Redis can not be reached or its settings would break the promise. */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { url, prefix = 'retrofit', assumeDurable = false, commandTimeoutMs = 5000, ca, signer, refuse = uncounted } = options
  const { longestReturnSeconds = 15 } = options
  const connect = (name: string, lazy = false) => connectRedis({ url, name: `${prefix}-${name}`, commandTimeoutMs, lazy, ca })
  // Files go their own way: a large one must not hold up the small commands behind it.
  const [main, subscriber, files] = [connect('ledger'), connect('events'), connect('files', true)]
  const closeAll = async () => {
    await Promise.all([main, subscriber, files].map(connection => connection.close()))
  }
  const check = () => (assumeDurable ? Promise.resolve() : main.send(checkDurability))
  try {
    await check()
    const keys = redisKeys(prefix, main.redis.options.db)
    const events = eventTexts(keys.channel, signer)
    const clock = await openClock(() => main.send(async redis => toMs(await redis.time())))
    const memory = createMemory(keys, clock.now)
    const incarnation = await watchIncarnation(main, { keys, memory, now: clock.now, longestReturnSeconds })
    const refuseOtherLedger = () => {
      if (incarnation.problem !== undefined) throw incarnation.problem
    }
    const runs = redisRuns(main, keys, { memory, events, refuse, admit: refuseOtherLedger })
    const { watch } = await listenForEvents(subscriber, { channel: keys.channel, texts: events, refuse })
    // The ping finds a subscription whose peer has gone without a word.
    const timer = setInterval(() => {
      void Promise.allSettled([clock.refresh(), incarnation.beat(), subscriber.send(redis => redis.ping())])
    }, clockIntervalMs).unref()
    return {
      ...runs,
      watch,
      emit(event) {
        main.redis.publish(keys.channel, events.write(event)).catch(() => {})
      },
      async acquireSlot({ name, holder, limit, untilMs }) {
        return (await main.script('acquireSlot', [keys.slot(name)], [holder, limit, untilMs])) === 1
      },
      async releaseSlot({ name, holder }) {
        await main.send(redis => redis.zrem(keys.slot(name), holder))
      },
      records: redisRecords(main, keys, refuse),
      sessions: redisSessions(main, keys, refuse),
      artifacts: redisArtifacts(files, keys),
      now: clock.now,
      async ready() {
        await check()
        await main.send(redis => redis.set(keys.readiness, clock.now()))
        refuseOtherLedger()
      },
      async close() {
        clearInterval(timer)
        // What a Redis that comes back just now has lost is written again before. One that stays away keeps nobody from closing.
        await Promise.race([incarnation.leave().catch(() => {}), sleep(2_500, undefined, { ref: false })])
        await closeAll()
      }
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function toMs([seconds, microseconds]: readonly (number | string)[]): number {
  return Number(seconds) * 1000 + Number(microseconds) / 1000
}
