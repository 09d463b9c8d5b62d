/** A run that its workers die of is not taken up for ever, whatever its retry policy allows. */
import { afterEach, describe, expect, test } from '@jest/globals'
import { isPoison, workerLost } from '../../src/core/lost-worker.ts'
import { newRun } from '../../src/core/new-run.ts'
import { claim, claimProbe, crossCommit, requeue, settle } from '../../src/core/run.ts'
import type { Run } from '../../src/core/types.ts'
import { sweep } from '../../src/engine/sweep.ts'
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
