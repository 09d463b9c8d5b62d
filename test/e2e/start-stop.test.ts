import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { startRedis } from '../setup/services.ts'
import { until } from '../setup/until.ts'
import { callUntilAnswered } from './client.ts'
import { deploy, kinds, sharedSettings } from './deployment.ts'
import { brokenPromises, payment } from './payments.ts'
import { survivors } from './processes.ts'
import { openSite, type Site } from './site.ts'

let site: Site
beforeEach(() => {
  site = openSite()
})
afterEach(() => site.close())

describe('a graceful stop under load', () => {
  test.each(kinds)(
    '%s: what was accepted ends, nothing happens twice, exit code 0',
    async kind => {
      site.copyBot('corebank')
      const bank = await site.startTarget('corebank')
      await bank.faults({ delayMs: 250 })
      // Short enough that some attempts have to be handed back.
      const deployed = await deploy(site, kind, { SHUTDOWN_GRACE_MS: '400' })
      const client = (index: number) => deployed.clients[index % deployed.clients.length]
      const first: (string | undefined)[] = []
      const calls = Array.from({ length: 60 }, async (_, index) => {
        await sleep(index * 12)
        const input = payment()
        return callUntilAnswered(async () => {
          const answer = await client(index)?.call('corebank_post_payment', input, { key: `load-${index}`, headers: { prefer: 'wait=5' } })
          if (answer === undefined) throw new Error('no gateway')
          first[index] ??= answer.runId
          return answer
        })
      })
      for (const call of calls) call.catch(() => {})
      await sleep(450)
      const ends = await Promise.all(deployed.parts.map(({ program }) => program.stop()))
      expect(ends).toEqual(deployed.parts.map(() => ({ code: 0, signal: null })))
      await Promise.all(deployed.parts.map(part => part.restart()))
      const ids = (await Promise.all(calls)).map(({ runId }) => runId ?? '')
      expect(first).toEqual(ids)
      expect(new Set(ids).size).toBe(60)
      const runs = await Promise.all(ids.map(id => deployed.client.ended(id)))
      await sleep(500)
      expect(brokenPromises(await Promise.all(ids.map(id => deployed.client.run(id))), bank)).toEqual([])
      expect(await deployed.client.runs()).toHaveLength(60)
      // A stop is no crash: nothing failed for it.
      expect(runs.filter(({ status }) => status === 'failed')).toEqual([])
    },
    120_000
  )

  test('what it started is gone after SIGTERM, and after kill -9', async () => {
    for (const end of ['stop', 'kill'] as const) {
      site.copyBot('corebank')
      const program = await site.start('up --sandbox', { BOTS_DIR: 'bots', SECRETS_DIR: join(site.dir, `secrets-${end}`) })
      const children = program.children()
      expect(children.filter(({ command }) => /sandbox\/main\.ts/.test(command)).length).toBeGreaterThanOrEqual(2)
      await program[end]()
      expect(await survivors(children, 5_000)).toEqual([])
    }
  })

  test('a second SIGTERM ends it at once', async () => {
    site.addBot('probe', slowBot)
    const deployed = await deploy(site, 'embedded', { SHUTDOWN_GRACE_MS: '20000' })
    const { client, parts } = deployed
    const accepted = await client.call('probe_wait', {}, { headers: { prefer: 'respond-async' } })
    expect(accepted.status).toBe(202)
    // Only what is under way holds a stop up.
    await until('the run is under way', async () => (await client.runs())[0]?.status === 'working')
    const program = parts[0]?.program
    const stopped = program?.stop()
    await sleep(300)
    process.kill(program?.pid ?? 0, 'SIGTERM')
    // 0 is the end of one that finishes what it holds.
    expect(await stopped).toMatchObject({ code: 130 })
  })
})

const slowBot = `
bot: probe
version: 1.0.0
title: Slow
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  wait:
    title: Wait
    description: Takes its time.
    effect: read
    scopes: [probe:read]
    input: { type: object, additionalProperties: false, properties: {} }
    output: { type: object }
    delay: 30s
`

describe('what must not start says why and exits with 1', () => {
  test('a second program on one DATA_DIR', async () => {
    const first = await site.start('up')
    const second = await site.run('up')
    expect(second).toMatchObject({ code: 1 })
    expect(second.output).toBe(
      `retrofit: Another process runs on ${site.dataDir}: stop it, or set DATA_DIR to another folder.${second.output.slice(second.output.indexOf(' (database'))}`
    )
    // The first is not disturbed, and when it is killed the folder is free.
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200)
    await first.kill()
    const third = await site.start('up')
    expect(await third.stop()).toEqual({ code: 0, signal: null })
  })

  test.each(['gateway', 'worker'])('retrofit %s without RABBITMQ_URL and REDIS_URL', async role => {
    const { code, output } = await site.run(role)
    expect(code).toBe(1)
    expect(output).toBe(`retrofit: retrofit ${role} needs RABBITMQ_URL and REDIS_URL; for one process without them use: retrofit up\n`)
  })

  test('one address of the two', async () => {
    const { code, output } = await site.run('up', { REDIS_URL: 'redis://127.0.0.1:1' })
    expect(code).toBe(1)
    expect(output).toContain('RABBITMQ_URL and REDIS_URL belong together: set both (distributed) or none (embedded)')
  })

  test.each([
    ['appendfsync', 'everysec', { appendfsync: 'everysec' }],
    ['maxmemory-policy', 'allkeys-lru', { extra: ['--maxmemory-policy', 'allkeys-lru'] }],
    ['appendonly', 'no', { extra: ['--appendonly', 'no'] }]
  ] as const)('a Redis that may forget: %s %s', async (setting, value, options) => {
    const redis = await startRedis(options)
    site.onClose(() => redis.stop())
    const shared = await sharedSettings(site, 'distributed')
    const { code, output } = await site.run('gateway', { ...shared, REDIS_URL: redis.url })
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(setting) })
    expect(output).toContain(value)
  })

  test('a distributed program without the key that all share', async () => {
    const shared = await sharedSettings(site, 'distributed')
    const { code, output } = await site.run('worker', { ...shared, RETROFIT_DATA_KEY: '' })
    expect(code).toBe(1)
    expect(output).toContain('Set RETROFIT_DATA_KEY, the same for every gateway and worker')
  })
})
