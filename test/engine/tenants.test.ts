/** What one tenant sends leaves the others alone: counted in runs, never in time. */
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Call } from '../../src/core/adapter.ts'
import type { Run } from '../../src/core/types.ts'
import { windowOf } from '../../src/engine/line.ts'
import type { Quotas } from '../../src/engine/quotas.ts'
import { until } from '../setup/until.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

interface Desk {
  readonly opened: Opened
  /** Tenants in the order in which their attempts began. */
  readonly begun: string[]
  readonly working: () => number
  /** Lets the longest of the attempts that hang end. */
  letOneGo(): void
  call(tenant: string, key: string): Promise<Run>
}

async function openDesk({ concurrency, ...quotas }: Quotas & { concurrency?: number }): Promise<Desk> {
  const bot = payBot()
  const begun: string[] = []
  const hanging: (() => void)[] = []
  const run = async (call: Call) => {
    begun.push(call.run.tenant)
    const { promise, resolve } = Promise.withResolvers<void>()
    hanging.push(resolve)
    call.signal.addEventListener('abort', () => resolve())
    await promise
    return {}
  }
  const action = { ...bot.actions[0], timeouts: { queueMs: 60_000, runMs: 60_000 } } as (typeof bot.actions)[0]
  const target = { ...bot.target, waiting: 1_000, ...(concurrency !== undefined && { concurrency }) }
  opened = await openEngine({ script: { run }, bot: { ...bot, target, actions: [action] }, quotas, leaseMs: 5_000 })
  const { engine } = opened
  return {
    opened,
    begun,
    working: () => hanging.length,
    letOneGo: () => hanging.shift()?.(),
    call: async (tenant, key) =>
      (await engine.submit({ caller: { ...caller, tenant }, action: 'pay_money', input: { reference: key }, idempotencyKey: key })).run
  }
}

const many = 200

describe('a tenant whose runs all hang', () => {
  test('has as many at work as it may, and the runs of others are accepted, begun and ended meanwhile', async () => {
    const desk = await openDesk({ working: 3, waiting: many - 3 })
    for (let i = 0; i < 3; i++) await desk.call('greedy', `first-${i}`)
    await until('three are at work', () => desk.working() === 3)
    for (let i = 0; i < many - 3; i++) await desk.call('greedy', `${i}`)
    await expect(desk.call('greedy', 'one more')).rejects.toMatchObject({
      code: 'quota_exceeded',
      quota: { name: 'waiting_runs', used: many - 3, allowed: many - 3 }
    })
    for (const name of ['a', 'b', 'c']) {
      const run = await desk.call(name, name)
      await until('it is at work', () => desk.begun.at(-1) === name)
      expect(desk.begun.filter(tenant => tenant === 'greedy')).toHaveLength(3)
      for (let i = 0; i < 3; i++) desk.letOneGo()
      desk.letOneGo()
      expect((await desk.opened.ended(run)).status).toBe('completed')
      await until('three others are at work', () => desk.working() === 3)
      desk.begun.splice(0, desk.begun.length, ...Array(3).fill('greedy'))
    }
  })
})

describe('a tenant with many waiting runs', () => {
  test('stands before the first of another with few of them, and all get done', async () => {
    const desk = await openDesk({ concurrency: 2 })
    for (let i = 0; i < many; i++) await desk.call('greedy', `${i}`)
    await until('two are at work', () => desk.working() === 2)
    const depth = await desk.opened.parts.queue.depth('pay')
    expect(depth.messages).toBeLessThanOrEqual(windowOf(desk.opened.parts.catalog.current('pay')))
    await desk.call('modest', 'only')
    while (!desk.begun.includes('modest')) {
      const before = desk.begun.length
      desk.letOneGo()
      await until('the next is at work', () => desk.begun.length > before)
    }
    expect(desk.begun.length).toBeLessThanOrEqual(16)
    for (let left = many + 1 - desk.begun.length; left > 0; left--) {
      const before = desk.begun.length
      desk.letOneGo()
      await until('the next is at work', () => desk.begun.length > before)
    }
    expect(desk.begun.filter(tenant => tenant === 'greedy')).toHaveLength(many)
  })
})
