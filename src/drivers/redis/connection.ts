import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { tlsHint } from '../../core/tls-hint.ts'
import { type ScriptName, scripts } from './scripts.ts'

export interface Connection {
  readonly redis: Redis
  /** Runs the command; when the connection is or gets lost, again after the reconnect, as long as the time limit allows. */
  send<T>(command: (redis: Redis) => Promise<T>): Promise<T>
  script(name: ScriptName, keys: readonly string[], args: readonly (string | number | Buffer)[]): Promise<unknown>
  /** A script that does not wait until the connection is taken into use: for those that decide about that. */
  direct: Connection['script']
  /** Nothing is sent on a connection that came back before this has ended well; when it fails, the connection is given up for another. */
  onReturn(check: () => Promise<void>): void
  /** For messages: host and port, never a password. */
  readonly where: string
  close(): Promise<void>
}

export interface ConnectionOptions {
  readonly url: string
  readonly name: string
  readonly commandTimeoutMs: number
  readonly lazy?: boolean
  /** In PEM: who signs the server's certificate; absent: those that Node trusts. */
  readonly ca?: string | undefined
}

type ScriptCommands = Record<ScriptName, (keys: number, ...rest: readonly (string | number | Buffer)[]) => Promise<unknown>>

/** How long a command waits for the connection to come back; less than its own limit, so that an outage is told soon. */
const reconnectWaitMs = 2000
const pollMs = 20

/**
 * ioredis alone would keep commands for a server that is away and send them when it is back, also those that it has rejected since.
 * So it keeps none (no offline queue, no retries of its own), and `send` repeats what may be repeated within its time.
 */
export function connectRedis({ url, name, commandTimeoutMs, lazy = false, ca }: ConnectionOptions): Connection {
  const redis = new Redis(url, {
    connectionName: name,
    lazyConnect: lazy,
    ...(ca !== undefined && { tls: { ca } }),
    noDelay: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    socketTimeout: commandTimeoutMs * 2,
    connectTimeout: commandTimeoutMs,
    retryStrategy: times => Math.min(50 * 2 ** Math.min(times - 1, 10), 1000)
  })
  for (const [script, lua] of Object.entries(scripts)) redis.defineCommand(script, { lua })
  let lastError: Error | undefined
  redis.on('error', error => {
    lastError = error
  })
  const where = `${redis.options.host}:${redis.options.port}`

  let check: (() => Promise<void>) | undefined
  let checking = false
  let closed = false
  redis.on('ready', () => {
    if (check === undefined) return
    checking = true
    check().then(
      () => {
        checking = false
      },
      error => {
        lastError = error
        redis.disconnect(!closed)
      }
    )
  })
  const isUsable = () => redis.status === 'ready' && !checking

  const untilReady = async (deadline: number): Promise<void> => {
    if (redis.status === 'wait') await redis.connect().catch(() => {})
    while (!isUsable()) {
      if (redis.status === 'end') throw new Error(`The connection to Redis at ${where} is closed`)
      if (Date.now() > deadline)
        throw new Error(
          `Redis at ${where} can not be reached: ${lastError === undefined ? redis.status : tlsHint(lastError, 'REDIS_CA')}`,
          {
            cause: lastError
          }
        )
      await sleep(pollMs)
    }
  }
  const repeat = async <T>(command: (redis: Redis) => Promise<T>): Promise<T> => {
    const deadline = Date.now() + Math.min(reconnectWaitMs, commandTimeoutMs)
    for (;;) {
      await untilReady(deadline)
      try {
        return await command(redis)
      } catch (error) {
        if (!isConnectionLoss(error as Error) || Date.now() > deadline) throw error
        // The socket may have ended while ioredis still calls itself ready.
        await sleep(pollMs)
      }
    }
  }
  const send = async <T>(command: (redis: Redis) => Promise<T>): Promise<T> => {
    if (!isUsable()) return repeat(command)
    try {
      return await command(redis)
    } catch (error) {
      if (!isConnectionLoss(error as Error)) throw error
      return repeat(command)
    }
  }
  const run = (client: Redis, ...[name, keys, args]: Parameters<Connection['script']>) =>
    (client as unknown as ScriptCommands)[name](keys.length, ...keys, ...args)
  return {
    redis,
    send,
    where,
    script: (...script) => send(client => run(client, ...script)),
    direct: (...script) => run(redis, ...script),
    onReturn: work => {
      check = work
    },
    async close() {
      closed = true
      if (redis.status === 'ready') await Promise.race([redis.quit().catch(() => {}), sleep(1000, undefined, { ref: false })])
      redis.disconnect()
    }
  }
}

const lossPattern = /^(Connection is closed|Stream isn't writeable|LOADING|READONLY|Reached the max retries)/

function isConnectionLoss(error: Error & { code?: string }): boolean {
  return lossPattern.test(error.message) || error.code === 'ECONNRESET' || error.code === 'EPIPE'
}
