/** A Redis that is put back from a backup has lost more than the processes remember. */
import { cpSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type Connection, connectRedis } from '../../src/drivers/redis/connection.ts'
import { type Incarnation, watchIncarnation } from '../../src/drivers/redis/incarnation.ts'
import { redisKeys } from '../../src/drivers/redis/keys.ts'
import { createMemory, type Memory } from '../../src/drivers/redis/memory.ts'
import { aRun } from '../contract/fixtures.ts'
import { startRedis } from '../setup/services.ts'
import { until } from '../setup/until.ts'

const keys = redisKeys('backup')

interface Process {
  readonly memory: Memory
  beat(): Promise<void>
  /** Why it takes no run, once it is in use again. */
  problem(): Promise<string | undefined>
}

interface Scene {
  /** What time it is for all. */
  readonly clock: { laterMs: number }
  start(): Promise<Process>
  makeBackup(name?: string): void
  putBack(name?: string): Promise<void>
}

/** A Redis of one test alone: most of these tests wait, and do so at the same time. */
const inScene = (work: (scene: Scene) => Promise<void>) => async (): Promise<void> => {
  const redis = await startRedis()
  const connections: Connection[] = []
  const clock = { laterMs: 0 }
  const now = () => Date.now() + clock.laterMs
  const data = join(redis.dir, 'appendonlydir')
  try {
    await work({
      clock,
      async start() {
        const connection = connectRedis({ url: redis.url, name: 'backup', commandTimeoutMs: 20_000 })
        connections.push(connection)
        const memory = createMemory(keys, now)
        const incarnation = await watchIncarnation(connection, { keys, memory, now, longestReturnSeconds: 15 })
        return { memory, beat: incarnation.beat, problem: () => problemOf(connection, incarnation) }
      },
      makeBackup: (name = 'backup') => cpSync(data, join(redis.dir, name), { recursive: true }),
      async putBack(name = 'backup') {
        await redis.kill()
        rmSync(data, { recursive: true })
        renameSync(join(redis.dir, name), data)
        await redis.restart()
      }
    })
  } finally {
    await Promise.all(connections.map(each => each.close()))
    await redis.stop()
  }
}

async function problemOf({ send }: Connection, incarnation: Incarnation): Promise<string | undefined> {
  const answers = () =>
    send(client => client.ping()).then(
      () => true,
      () => false
    )
  await until('Redis is in use again', answers)
  return incarnation.problem?.message
}

test.concurrent(
  'a fresh one is the same ledger: what it lacks is remembered',
  inScene(async ({ clock, start, makeBackup, putBack }) => {
    const processes = [await start(), await start()]
    makeBackup()
    clock.laterMs = 20_000
    await Promise.all(processes.map(each => each.beat()))
    await putBack()
    expect(await Promise.all(processes.map(each => each.problem()))).toEqual([undefined, undefined])
  })
)

const refused = expect.stringMatching(/came back without the ledger that it had, or with an old copy of it/)

test.concurrent(
  'an old one is refused by all, also by a process that has seen nothing since',
  inScene(async ({ clock, start, makeBackup, putBack }) => {
    const [busy, quiet] = [await start(), await start()]
    makeBackup()
    clock.laterMs = 40_000
    await busy.beat()
    makeBackup('whole')
    await putBack()
    expect(await Promise.all([busy.problem(), quiet.problem()])).toEqual([refused, refused])
    const started = await start()
    expect(await started.problem()).toBeUndefined()
    // The old data are brought back, as the message asks.
    await putBack('whole')
    expect(await Promise.all([busy.problem(), quiet.problem()])).toEqual([undefined, undefined])
  })
)

/** More than it keeps. */
const write = ({ memory }: Process) => {
  for (let count = 0; count <= 10_000; count++) memory.keep(aRun())
}

test.concurrent(
  'and so is a fresh one, where a process has written more since than it remembers',
  inScene(async ({ clock, start, makeBackup, putBack }) => {
    const [busy, quiet] = [await start(), await start()]
    makeBackup()
    clock.laterMs = 5_000
    write(busy)
    await putBack()
    expect(await Promise.all([busy.problem(), quiet.problem()])).toEqual([refused, refused])
  })
)

test.concurrent(
  'what was written before the backup may be forgotten',
  inScene(async ({ clock, start, makeBackup, putBack }) => {
    const busy = await start()
    clock.laterMs = 5_000
    write(busy)
    clock.laterMs = 10_000
    await busy.beat()
    makeBackup()
    await putBack()
    expect(await busy.problem()).toBeUndefined()
  })
)
