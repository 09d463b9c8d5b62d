/** A run that its workers die of is not taken up for ever, whatever its retry policy allows. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { FenceLost } from '../../src/core/errors.ts'
import { isPoison, workerLost } from '../../src/core/lost-worker.ts'
import { newRun } from '../../src/core/new-run.ts'
import { claim, claimProbe, crossCommit, requeue, settle } from '../../src/core/run.ts'
import type { Run } from '../../src/core/types.ts'
import { sayCameBack } from '../../src/engine/came-back.ts'
import { Holding } from '../../src/engine/holding.ts'
import { sweep } from '../../src/engine/sweep.ts'
import { until } from '../setup/until.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

let opened: Opened | undefined
afterEach(async () => {
  await opened?.close()
  opened = undefined
})

const gone = (run: Run) => ({ worker: 'gone', now: run.updatedAt + 1, leaseMs: 1 })

async function accepted(bot = payBot({ retry: { attempts: 20, backoffMs: 1, maxBackoffMs: 1 } })) {
  opened = await openEngine({ bot, worker: false, script: { run: async () => ({}) } })
  const { run } = await opened.engine.submit({ caller, action: 'pay_money', input: { reference: `poison-${Date.now()}` } })
  return { ...opened, run }
}

/** A worker takes it, does more, and is never heard of again; the sweep finds that out. */
async function dies({ parts }: Opened, id: string, more: (run: Run) => readonly Run[] = () => []): Promise<Run> {
  const found = (await parts.store.getRun(id)) as Run
  const claimed = found.status === 'queued' ? claim(found, gone(found)) : claimProbe(found, gone(found))
  for (const next of [claimed, ...more(claimed)]) expect(await parts.store.updateRun(next)).toBe(true)
  for (;;) {
    await sweep(parts)
    const after = (await parts.store.getRun(id)) as Run
    if (after.lease === undefined) return after
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

describe('its worker died twice without a report', () => {
  test('before the commit point: it fails and says why', async () => {
    const { run, ...engine } = await accepted()
    expect(await dies(engine, run.id)).toMatchObject({ status: 'queued', effect: 'none', lost: 1 })
    expect(await dies(engine, run.id)).toMatchObject({
      status: 'failed',
      effect: 'none',
      attempt: 2,
      error: { code: 'worker_lost', retryable: false, detail: expect.stringContaining('Two workers were lost before the commit point') }
    })
  })

  test('after the commit point: it is parked, and no probe looks again', async () => {
    const { run, ...engine } = await accepted(
      payBot({ probe: { weak: false }, settleMs: 0, retry: { attempts: 20, backoffMs: 1, maxBackoffMs: 1 } })
    )
    const crossed = (claimed: Run) => [crossCommit(claimed, { ...gone(claimed), again: false })]
    expect(await dies(engine, run.id, crossed)).toMatchObject({ status: 'working', effect: 'unknown', lost: 1 })
    expect(await dies(engine, run.id)).toMatchObject({
      status: 'outcome_unknown',
      effect: 'unknown',
      dueAt: null,
      error: { code: 'outcome_unknown', detail: expect.stringContaining('Two workers were lost') }
    })
  })
})

test('the count outlives what the run goes through in between', () => {
  const bot = payBot()
  const made = newRun({
    id: 'run_1',
    reference: 'r',
    caller,
    bot,
    action: bot.actions[0] as (typeof bot.actions)[number],
    input: {},
    now: 0,
    deadlineAt: 1_000,
    traceparent: ''
  })
  const once = workerLost(claim(made, gone(made)))
  expect(isPoison(once)).toBe(false)
  const again = requeue(once, { now: 2, notBefore: 2, note: 'its worker was lost' })
  const settled = settle(
    crossCommit(claim(again, gone(again)), { ...gone(again), again: false }),
    { code: 'x', status: 500, title: '', detail: '', retryable: false },
    { now: 3, until: 4 }
  )
  expect(isPoison(settled)).toBe(false)
  expect(isPoison(workerLost(claimProbe(settled, gone(settled))))).toBe(true)
})

describe('a worker that is late and not dead', () => {
  test('is not counted where the sweep is in the same process: it goes on', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    opened = await openEngine({ leaseMs: 600_000, script: { run: async () => promise.then(() => ({})) } })
    const { engine, parts, ended } = opened
    const { run } = await engine.submit({ caller, action: 'pay_money', input: { reference: 'late' } })
    await until('it is at work', async () => (await parts.store.getRun(run.id))?.status === 'working')
    for (let late = 1; late <= 2; late++) {
      const held = (await parts.store.getRun(run.id)) as Run
      // As if the process had had no turn for as long as a lease is.
      const past = { ...held, revision: held.revision + 1, dueAt: 1, lease: { worker: held.lease?.worker ?? '', until: 1 } }
      expect(await parts.store.updateRun(past)).toBe(true)
      await sweep(parts)
    }
    resolve()
    expect(await ended(run)).toMatchObject({ status: 'completed', attempt: 1 })
  })

  test('takes back that it was counted when it comes back, so that two such workers are none that died', async () => {
    const { run, ...engine } = await accepted()
    const { parts } = engine
    for (let late = 1; late <= 2; late++) {
      await dies(engine, run.id)
      const found = (await parts.store.getRun(run.id)) as Run
      expect(found).toMatchObject({ status: 'queued', lost: 1, lostBy: ['gone'] })
      await sayCameBack(parts, run.id, 'gone')
      expect(await parts.store.getRun(run.id)).toMatchObject({ status: 'queued', lost: 0, lostBy: [] })
    }
    await sayCameBack(parts, run.id, 'gone')
    expect((await parts.store.getRun(run.id))?.lost).toBe(0)
  })

  test('finds out by itself that another one has its run', async () => {
    const { run, ...engine } = await accepted()
    const { parts } = engine
    const found = (await parts.store.getRun(run.id)) as Run
    const claimed = claim(found, gone(found))
    expect(await parts.store.updateRun(claimed)).toBe(true)
    await until('it is given to others', async () => {
      await sweep(parts)
      return (await parts.store.getRun(run.id))?.status === 'queued'
    })
    const holding = new Holding(parts, claimed, { limitMs: 60_000, shutdown: new AbortController().signal })
    await expect(holding.advance(at => at)).rejects.toThrow(FenceLost)
    await until('it has said so', async () => (await parts.store.getRun(run.id))?.lost === 0)
    holding.release()
  })
})
