import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import type { Store } from '../../src/core/ports.ts'
import type { Run } from '../../src/core/types.ts'
import { openClock } from '../../src/drivers/redis/clock.ts'
import { type ScriptName, scripts } from '../../src/drivers/redis/scripts.ts'
import { openRedisStore } from '../../src/drivers/redis/store.ts'
import { aKey, aRun, changed, open, times } from '../contract/fixtures.ts'
import { type ChildServer, startRedis } from '../setup/services.ts'
import { until } from '../setup/until.ts'

let server: ChildServer
let admin: Redis
let store: Store

beforeAll(async () => {
  server = await startRedis()
  admin = new Redis(server.url)
  admin.on('error', () => {})
  store = await openRedisStore({ url: server.url, commandTimeoutMs: 1500 })
})

afterAll(async () => {
  await store.close()
  admin.disconnect()
  await server.stop()
})

describe('dueRuns', () => {
  test('leaves out a run that moved on while the sweep read the index: it must not be buried', async () => {
    const run = aRun({ status: 'completed', dueAt: Date.now() + 86_400_000 })
    await store.createRun(run, open(aKey()))
    // What another process saw a moment before the run ended.
    await admin.zadd(`retrofit:{${run.id.slice(-2)}}:due`, 1, run.id)
    expect((await store.dueRuns(Date.now(), 100)).map(({ id }) => id)).not.toContain(run.id)
    await store.deleteRun(run.id)
  })
})

describe('unsafe settings', () => {
  const refuses = async (settings: Record<string, string>) => {
    const before = await Promise.all(Object.keys(settings).map(name => admin.config('GET', name) as Promise<[string, string]>))
    for (const [name, value] of Object.entries(settings)) await admin.config('SET', name, value)
    try {
      return await openRedisStore({ url: server.url }).then(
        opened => opened.close().then(() => 'opened'),
        (error: Error) => error.message
      )
    } finally {
      for (const [name, value] of before) await admin.config('SET', name, value)
    }
  }

  test.each([
    ['appendonly', 'no', 'yes'],
    ['appendfsync', 'everysec', 'always'],
    ['no-appendfsync-on-rewrite', 'yes', 'no'],
    ['maxmemory-policy', 'allkeys-lru', 'noeviction']
  ])('%s %s is refused, with what to write instead', async (setting, bad, good) => {
    expect(await refuses({ [setting]: bad })).toContain(`${setting} is ${bad} and must be ${good}`)
    expect(await refuses({ [setting]: bad })).toContain(`"${setting} ${good}"`)
  })

  test('all of them are named at once', async () => {
    const message = await refuses({ appendfsync: 'no', 'maxmemory-policy': 'volatile-ttl' })
    expect(message).toMatch(/appendfsync is no [\s\S]*maxmemory-policy is volatile-ttl/)
  })

  test('a server that hides its settings is refused, unless somebody vouches for it', async () => {
    await admin.call('ACL', 'SETUSER', 'managed', 'on', '>pass', '~*', '&*', '+@all', '-config')
    const url = server.url.replace('redis://', 'redis://managed:pass@')
    await expect(openRedisStore({ url })).rejects.toThrow('assumeDurable')
    const vouched = await openRedisStore({ url, assumeDurable: true })
    await vouched.ready()
    await vouched.close()
  })

  test('a setting that turns bad later makes it not ready', async () => {
    await admin.config('SET', 'appendfsync', 'everysec')
    await expect(store.ready()).rejects.toThrow('appendfsync')
    await admin.config('SET', 'appendfsync', 'always')
    await store.ready()
  })

  test('a server that takes no write is not ready', async () => {
    await admin.config('SET', 'maxmemory', '1')
    await expect(store.ready()).rejects.toThrow('OOM')
    await expect(store.createRun(aRun(), open(aKey()))).rejects.toThrow('OOM')
    await admin.config('SET', 'maxmemory', '0')
    await store.ready()
  })

  test('no server at all is said at the start, with its address and without its password', async () => {
    const opening = openRedisStore({ url: 'redis://:hush@127.0.0.1:1' })
    await expect(opening).rejects.toThrow('Redis at 127.0.0.1:1 can not be reached')
    await expect(opening).rejects.not.toThrow('hush')
  })
})

describe('commands that arrive twice', () => {
  const tagged = (name: string) => `twice:{p}:${name}`
  const [row, due, list, waiting, line, ofTenant, stored, versions, files, key] = [
    ...['row', 'due', 'list', 'waiting', 'line', 'of-tenant', 'stored', 'versions', 'files', 'key'].map(tagged)
  ] as [string, string, string, string, string, string, string, string, string, string]
  const indexes = [due, list, waiting, line, ofTenant, stored, versions]
  const row1 = ['r1', '1', '{"r":1}', 'queued', 'a', 'b', 't', '["k"]', '5', '99999999999999']
  const cases: readonly (readonly [ScriptName, readonly string[], readonly string[]])[] = [
    ['createRun', [row, ...indexes, tagged('told'), key], [...row1, '10', '10', '1000', 'b@1', '5', '', '0', 'print']],
    ['claimKeys', [row, key, tagged('later')], ['r1', '["k","l"]', 'print', 'print-2']],
    [
      'updateRun',
      [row, due, waiting, line, ofTenant, stored, versions, tagged('callbacks'), tagged('called-back')],
      ['r1', '2', '{"r":2}', 'working', '', 'channel', 'event', 'head', '9', 'b@1', '5']
    ],
    ['putArtifact', [files, stored], ['a', 'content', 'text/plain', 't', '1000']],
    ['deleteArtifacts', [files, stored], []],
    ['restoreRun', [row, ...indexes, key], [...row1.with(1, '7'), 'b@1', 'print']],
    ['restoreCallbacks', [tagged('callbacks'), tagged('called-back')], ['r1', '7']],
    ['deleteRun', [row, ...indexes, files, key], ['r1']],
    ['acquireSlot', [tagged('slot')], ['holder', '1', '99999999999999']]
  ]
  /** Everything that the server holds, byte by byte. */
  const state = async () => {
    const names = (await admin.keys('twice:*')).sort()
    return Promise.all(names.map(async name => [name, (await admin.dumpBuffer(name))?.toString('hex')]))
  }

  test.each(cases)('%s leaves the same ledger', async (name, keys, args) => {
    await admin.script('LOAD', scripts[name])
    const sha = createHash('sha1').update(scripts[name]).digest('hex')
    await admin.evalsha(sha, keys.length, ...keys, ...args)
    const before = await state()
    await admin.evalsha(sha, keys.length, ...keys, ...args)
    expect(await state()).toEqual(before)
  })

  test('scripts that the server forgot are sent again', async () => {
    const run = aRun()
    await store.createRun(run, open(aKey()))
    await admin.script('FLUSH')
    expect(await store.updateRun(changed(run, { status: 'working' }))).toBe(true)
    await admin.script('FLUSH')
    const outcomes = await Promise.all(times(20, () => store.createRun(aRun(), open(aKey()))))
    expect(outcomes.every(({ outcome }) => outcome === 'created')).toBe(true)
  })

  test('what was written before bytes were counted makes no count wrong', async () => {
    const [old, tenant] = [aRun({ tenant: 'before' }), 'before']
    await store.createRun(old, open())
    await store.artifacts.put(old.id, 'old', { content: Buffer.alloc(900), mediaType: 'text/plain' })
    const counted = await admin.keys('*:stored:before')
    for (const key of await admin.keys(`*:run:${old.id}`)) await admin.hdel(key, 'counted')
    for (const key of counted) await admin.del(key)
    const next = changed(old, { output: 'x'.repeat(100) })
    await store.updateRun(next)
    await store.artifacts.put(old.id, 'new', { content: Buffer.alloc(50), mediaType: 'text/plain' }, { tenant, mostBytes: 1e9 })
    expect(await Promise.all(counted.map(key => admin.get(key)))).toEqual([String(Buffer.byteLength(JSON.stringify(next)) + 50)])
    await store.deleteRun(old.id)
    expect(await Promise.all(counted.map(key => admin.get(key)))).toEqual(['0'])
  })

  test('a run that a process of before took up leaves the line as soon as it is seen', async () => {
    const [stale, ...rest] = times(3, i => aRun({ tenant: 'line', createdAt: 1_790_000_000_000 + i })) as [Run, Run, Run]
    for (const run of [stale, ...rest]) await store.createRun(run, open())
    await Promise.all((await admin.keys(`*:run:${stale.id}`)).map(key => admin.hset(key, 'status', 'working')))
    const { tenant, bot } = stale
    expect(await store.firstInLine({ tenant, bot, window: 2 })).toEqual(rest.map(({ id }) => id))
  })

  test('a waiting run that a process of before took up is counted until its time is over', async () => {
    const tenant = 'rolling'
    const run = aRun({ tenant, deadlineAt: store.now() + 300 })
    await store.createRun(run, open())
    await Promise.all((await admin.keys(`*:run:${run.id}`)).map(key => admin.hset(key, 'status', 'working')))
    const enter = () => store.createRun(aRun({ tenant }), { keys: [], maxWaiting: 10, quotas: { waiting: 1 } })
    expect((await enter()).outcome).toBe('over_quota')
    await until('its time is over', async () => (await enter()).outcome === 'created')
  })

  test('connections killed in the middle lose no answer and double no write', async () => {
    const runs = times(300, () => aRun({ tenant: 'killed' }))
    const write = async (run: Run) => {
      const created = await store.createRun(run, open(aKey()))
      const updated = await store.updateRun(changed(run, { status: 'working' }))
      return [created.outcome, updated]
    }
    const killing = async () => {
      for (let i = 0; i < 3; i++) await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    }
    const [written] = await Promise.all([Promise.all(runs.map(write)), killing()])
    expect(written).toEqual(runs.map(() => ['created', true]))
    expect((await store.listRuns({ tenant: 'killed', limit: 1000 })).runs).toHaveLength(300)
  })

  test('a killed subscription comes back', async () => {
    const heard: string[] = []
    const stop = store.watch(event => heard.push(event.runId))
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await until('an event', async () => {
      store.emit({ type: 'status', runId: 'run_1', revision: 1, status: 'queued', effect: 'none' })
      return heard.length > 0
    })
    stop()
  })
})

describe('a server that is away', () => {
  const rejectsSoon = async (work: () => Promise<unknown>) => {
    const begun = Date.now()
    await expect(work()).rejects.toThrow()
    expect(Date.now() - begun).toBeLessThan(20_000)
  }

  test('a stopped one makes everything reject in time; afterwards all is there and works', async () => {
    const [run, refused, key] = [aRun(), aRun(), aKey()]
    await store.createRun(run, open(key))
    await server.kill()
    await Promise.all([
      rejectsSoon(() => store.ready()),
      rejectsSoon(() => store.getRun(run.id)),
      rejectsSoon(() => store.createRun(refused, open(aKey())))
    ])
    await server.restart()
    await until('ready', () =>
      store.ready().then(
        () => true,
        () => false
      )
    )
    expect(await store.getRun(run.id)).toEqual(run)
    expect((await store.createRun(aRun(), open(key))).outcome).toBe('existing')
    // What was rejected while there was no connection is not sent later.
    expect(await store.getRun(refused.id)).toBeUndefined()
  })

  test('one that hangs makes everything reject in time', async () => {
    process.kill(server.pid, 'SIGSTOP')
    try {
      await Promise.all([rejectsSoon(() => store.ready()), rejectsSoon(() => store.getRun(aRun().id))])
    } finally {
      process.kill(server.pid, 'SIGCONT')
    }
    await until('ready', () =>
      store.ready().then(
        () => true,
        () => false
      )
    )
  })
})

describe('the clock', () => {
  test('follows the server and never goes back', async () => {
    let serverMs = 1_000_000
    const clock = await openClock(async () => serverMs)
    const first = clock.now()
    expect(first).toBeGreaterThanOrEqual(1_000_000)
    serverMs -= 60_000
    await clock.refresh()
    expect(clock.now()).toBeGreaterThanOrEqual(first)
    serverMs += 600_000
    await clock.refresh()
    expect(clock.now()).toBeGreaterThanOrEqual(1_540_000)
  })
})
