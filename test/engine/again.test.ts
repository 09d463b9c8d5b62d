/** A run that has begun goes on while many wait in RabbitMQ for their first attempt. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import type { Call } from '../../src/core/adapter.ts'
import { RetrofitError } from '../../src/core/errors.ts'
import { claim } from '../../src/core/run.ts'
import type { Run } from '../../src/core/types.ts'
import { openRabbitQueue } from '../../src/drivers/rabbitmq/queue.ts'
import { until } from '../setup/until.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

let opened: Opened
afterEach(() => opened.close())

let engines = 0

const waiting = 40
const eachMs = 40
const pay = (reference: string) => ({ caller, action: 'pay_money', input: { reference } })
const bot = { ...payBot(), target: { ...payBot().target, concurrency: 1, waiting: 100 } }
const isFirst = ({ input }: Call) => input.reference === 'first'

/** How many of those that came later had ended before it. */
async function overtaken(first: Run): Promise<number> {
  const others: Run[] = []
  for (let index = 0; index < waiting; index++) others.push((await opened.engine.submit(pay(`later-${index}`))).run)
  await opened.startWorker()
  const end = await opened.ended(first, 20_000)
  const seen = await Promise.all(others.map(({ id }) => opened.parts.store.getRun(id)))
  expect(end).toMatchObject({ status: 'completed', effect: 'committed' })
  return seen.filter(run => run?.status === 'completed').length
}

async function openSlow(first: (call: Call, attempt: number) => Promise<void>): Promise<Run> {
  let attempts = 0
  opened = await openEngine({
    worker: false,
    bot,
    leaseMs: 400,
    queue: await openRabbitQueue({ url: process.env.TEST_RABBITMQ_URL ?? '', prefix: `again-${process.pid}-${++engines}` }),
    script: {
      run: async call => {
        if (isFirst(call)) await first(call, ++attempts)
        else await sleep(eachMs)
        await call.commit()
        return {}
      },
      probe: async () => ({ found: true, output: {} })
    }
  })
  return (await opened.engine.submit(pay('first'))).run
}

test('its retry does not stand behind them', async () => {
  const run = await openSlow(async (_call, attempt) => {
    if (attempt === 1) throw new RetrofitError('target_failed', { detail: 'not now', retryable: true })
  })
  expect(await overtaken(run)).toBeLessThan(waiting / 2)
})

test('its probe does not stand behind them', async () => {
  const run = await openSlow(async call => {
    await call.commit()
    throw new RetrofitError('target_failed', { detail: 'the line broke', retryable: true })
  })
  expect(await overtaken(run)).toBeLessThan(waiting / 2)
})

test('it does not stand behind them when its worker has died', async () => {
  const run = await openSlow(async () => undefined)
  const { store } = opened.parts
  expect(await store.updateRun(claim(run, { worker: 'one that has died', now: store.now(), leaseMs: 400 }))).toBe(true)
  expect(await overtaken(run)).toBeLessThan(waiting * 0.75)
})

test('what waits for its time in a worker that stops is done by another one then, and stands in no line before', async () => {
  let attempts = 0
  opened = await openEngine({
    worker: false,
    bot: payBot({ retry: { attempts: 2, backoffMs: 2_500, maxBackoffMs: 2_500 } }),
    script: {
      run: async call => {
        if (++attempts === 1) throw new RetrofitError('target_failed', { detail: 'not now', retryable: true })
        await call.commit()
        return {}
      }
    }
  })
  const { engine, parts, startWorker } = opened
  const messages = async () => (await parts.queue.depth('pay')).messages
  const worker = await startWorker()
  const { run } = await engine.submit(pay('first'))
  const hasFailed = async () => (await parts.store.getRun(run.id))?.history.some(({ note }) => note === 'retry')
  await until('it has failed once', hasFailed)
  await worker.stop()
  await sleep(150)
  expect(await messages()).toBe(0)
  await startWorker()
  expect(await opened.ended(run)).toMatchObject({ status: 'completed', effect: 'committed', attempt: 2 })
  expect(await messages()).toBe(0)
})
