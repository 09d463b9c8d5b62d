import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import type { Store } from '../../src/core/ports.ts'
import { openRedisStore } from '../../src/drivers/redis/store.ts'
import { aRun } from '../contract/fixtures.ts'
import { startProxy, type TcpProxy } from '../drivers/tcp-proxy.ts'
import { type ChildServer, startRedis } from '../setup/services.ts'
import { patienceMs } from '../setup/until.ts'
import { cutCommands } from './ledger-faults.ts'

const gate = { keys: [{ key: 'k1', fingerprint: 'f1' }], maxWaiting: 10 }

/** A Redis and two processes' stores of one test alone: most of these tests wait, and do so at the same time. */
interface Scene {
  readonly redis: ChildServer
  /** Of a gateway and of a worker; those that are added are closed too. */
  readonly stores: [Store, Store, ...Store[]]
  /** Closed at the end. */
  readonly lines: TcpProxy[]
}

/** Nobody gives a process up: a busy machine may take its time to bring one back. */
const patient = { longestReturnSeconds: 3_600 }

const inScene = (work: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
  const redis = await startRedis()
  const lines: TcpProxy[] = []
  const open = () => openRedisStore({ url: redis.url, ...patient })
  const stores: Scene['stores'] = [await open(), await open()]
  try {
    await work({ redis, stores, lines })
  } finally {
    await Promise.all(lines.map(line => line.close()))
    await Promise.all(stores.map(store => store.close()))
    await redis.stop()
  }
}

/** Until the connection is back and the others have written what they know. */
const eventually = async <T>(work: () => Promise<T>): Promise<T> => {
  for (const until = Date.now() + patienceMs; ; ) {
    try {
      return await work()
    } catch (error) {
      if (Date.now() > until) throw error
    }
  }
}

/** Again and again as long as Redis is away. */
const whileAway = async <T>(work: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!/can not be reached/.test(String(error))) throw error
    }
  }
}

const uptimeOf = async (redis: Redis) => Number(/uptime_in_seconds:(\d+)/.exec(await redis.info('server'))?.[1])

describe('a Redis that comes back older than it was', () => {
  test('is cut by so many commands, and never into its beginning', () => {
    const dir = mkdtempSync(join(tmpdir(), 'retrofit-cut-'))
    const file = join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof')
    mkdirSync(join(dir, 'appendonlydir'))
    const commands = ['a', 'bb', 'ccc', 'd', 'e'].map(text => `*2\r\n$3\r\nGET\r\n$${text.length}\r\n${text}\r\n`)
    const left = (count: number, kept?: number) => {
      writeFileSync(file, commands.join(''))
      expect(cutCommands(dir, count, kept)).toBe(5)
      return readFileSync(file, 'utf8')
    }
    expect(left(2)).toBe(commands.slice(0, 3).join(''))
    expect(left(50)).toBe('')
    expect(left(2, 4)).toBe(commands.slice(0, 4).join(''))
    expect(left(50, 7)).toBe(commands.join(''))
    rmSync(dir, { recursive: true })
  })

  test.concurrent(
    'gets back what each process knows: the row by the one, the key by the other',
    inScene(async ({ redis, stores }) => {
      const [gateway, worker] = stores
      const run = aRun()
      await gateway.createRun(run, gate)
      const next = { ...run, revision: 2, effect: 'unknown' as const }
      expect(await worker.updateRun(next)).toBe(true)
      await redis.kill()
      expect(cutCommands(redis.dir, 7)).toBeGreaterThan(8)
      await redis.restart()
      expect(await eventually(() => gateway.getRun(run.id))).toEqual(next)
      const again = await gateway.createRun(aRun(), gate)
      expect(again).toMatchObject({ outcome: 'existing', run: { id: run.id, revision: 2 } })
    })
  )

  /** The gateway that the run came through hears of the return later than the other one does. */
  async function lateGateway({ redis, stores, lines }: Scene) {
    const line = await startProxy(redis.port)
    lines.push(line)
    const [, other] = stores
    const gateway = await openRedisStore({ url: `redis://127.0.0.1:${line.port}`, ...patient })
    stores.push(gateway)
    const run = aRun()
    await gateway.createRun(run, gate)
    await redis.kill()
    line.pause()
    expect(cutCommands(redis.dir, 1)).toBeGreaterThan(3)
    await redis.restart()
    return { run, line, again: () => other.createRun(aRun(), gate) }
  }

  test.concurrent(
    'goes on with nobody before everybody has written what it knows',
    inScene(async scene => {
      const { run, line, again } = await lateGateway(scene)
      const early = eventually(again)
      await sleep(5_000)
      line.resume()
      expect(await early).toMatchObject({ outcome: 'existing', run: { id: run.id } })
    })
  )

  test.concurrent(
    'nor where the names of the others are lost as well: a worker knows more of a run than its gateway',
    inScene(async ({ redis, stores, lines }) => {
      const [gateway] = stores
      const line = await startProxy(redis.port)
      lines.push(line)
      const worker = await openRedisStore({ url: `redis://127.0.0.1:${line.port}`, ...patient })
      stores.push(worker)
      const run = aRun()
      await gateway.createRun(run, gate)
      const next = { ...run, revision: 2, effect: 'unknown' as const }
      expect(await worker.updateRun(next)).toBe(true)
      // Each process reads every five seconds who else is there.
      await sleep(6_000)
      await redis.kill()
      line.pause()
      rmSync(join(redis.dir, 'appendonlydir'), { recursive: true, force: true })
      await redis.restart()
      const early = eventually(() => gateway.getRun(run.id))
      await sleep(5_000)
      line.resume()
      expect(await early).toEqual(next)
    })
  )

  test.concurrent(
    'and does not wait for ever for one that has died',
    inScene(async ({ redis, stores, lines }) => {
      const line = await startProxy(redis.port)
      lines.push(line)
      const dead = await openRedisStore({ url: `redis://127.0.0.1:${line.port}` })
      const other = await openRedisStore({ url: redis.url, longestReturnSeconds: 8 })
      stores.push(dead, other)
      await dead.createRun(aRun(), gate)
      await redis.kill()
      await line.close()
      expect(cutCommands(redis.dir, 1)).toBeGreaterThan(3)
      await redis.restart()
      expect(await eventually(() => other.createRun(aRun(), gate))).toMatchObject({ outcome: 'created' })
      const client = new Redis(redis.url)
      expect(await uptimeOf(client)).toBeGreaterThanOrEqual(8)
      client.disconnect()
    })
  )

  test.concurrent(
    'and lets none begin before that who starts only now',
    inScene(async scene => {
      const { run, line } = await lateGateway(scene)
      const starting = openRedisStore({ url: scene.redis.url, ...patient })
      await sleep(5_000)
      line.resume()
      const started = await starting
      scene.stores.push(started)
      expect(await started.createRun(aRun(), gate)).toMatchObject({ outcome: 'existing', run: { id: run.id } })
    })
  )

  test.concurrent(
    'where nothing was lost, nobody who starts waits for anybody',
    inScene(async ({ redis, stores }) => {
      const other = new Redis(redis.url)
      await other.zadd('retrofit:members', Date.now() + 3_600_000, 'one that does not answer')
      other.disconnect()
      stores.push(await openRedisStore({ url: redis.url, ...patient }))
      expect(await stores[2]?.ready()).toBeUndefined()
    })
  )

  test.concurrent(
    'nor does anybody wait for one that had been silent for long',
    inScene(async ({ redis, stores }) => {
      const [store] = stores
      const other = new Redis(redis.url)
      await other.zadd('retrofit:members', store.now() + 3_600_000 - 60_000, 'silent for a minute')
      other.disconnect()
      await redis.kill()
      await redis.restart()
      expect(await eventually(() => store.createRun(aRun(), gate))).toMatchObject({ outcome: 'created' })
    })
  )

  test.concurrent(
    'and a replica that takes over, which lacks the last commands, is waited on as well, though it has run for long',
    inScene(async ({ redis, stores, lines }) => {
      const promoted = await startRedis()
      const follower = new Redis(promoted.url)
      await follower.replicaof('127.0.0.1', redis.port)
      let port = redis.port
      const [first, second] = [await startProxy(() => port), await startProxy(() => port)]
      lines.push(first, second)
      // They would be waited for as well.
      await Promise.all(stores.map(store => store.close()))
      const late = { longestReturnSeconds: 20 }
      const gateway = await openRedisStore({ url: `redis://127.0.0.1:${first.port}`, ...late })
      const other = await openRedisStore({ url: `redis://127.0.0.1:${second.port}`, ...late })
      stores.push(gateway, other)
      await eventually(async () => expect(await follower.info('replication')).toMatch(/master_link_status:up/))
      await sleep(500)
      await follower.replicaof('NO', 'ONE')
      while ((await uptimeOf(follower)) <= late.longestReturnSeconds) await sleep(500)
      const run = aRun()
      await gateway.createRun(run, gate)
      port = promoted.port
      await redis.kill()
      first.pause()
      const early = eventually(() => other.createRun(aRun(), gate))
      await sleep(5_000)
      first.resume()
      expect(await early).toMatchObject({ outcome: 'existing', run: { id: run.id } })
      follower.disconnect()
      await promoted.stop()
    })
  )

  test.concurrent(
    'and takes no new run where its ledger is another one, until somebody starts the processes again',
    inScene(async ({ redis, stores }) => {
      const [gateway, worker] = stores
      const run = aRun()
      await gateway.createRun(run, gate)
      await redis.kill()
      rmSync(join(redis.dir, 'appendonlydir'), { recursive: true, force: true })
      // A call that waits for the connection while Redis is away is sent to what comes back.
      const waiting = expect(whileAway(() => gateway.createRun(aRun(), gate))).rejects.toThrow(/came back without the ledger/)
      await redis.restart()
      await waiting
      expect(await eventually(() => worker.getRun(run.id))).toEqual(run)
      await expect(gateway.createRun(aRun(), gate)).rejects.toThrow(/came back without the ledger that it had/)
      await expect(gateway.ready()).rejects.toThrow(/came back without the ledger/)
      const started = await openRedisStore({ url: redis.url, ...patient })
      stores.push(started)
      expect(await started.createRun(aRun(), gate)).toMatchObject({ outcome: 'existing', run: { id: run.id } })
    })
  )
})
