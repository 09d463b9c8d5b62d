/** A run that somebody else wrote into the ledger, or changed there, is not carried out with the login of the bot. */
import { afterEach, expect, test } from '@jest/globals'
import { newReference, newRunId } from '../../src/core/ids.ts'
import { newRun } from '../../src/core/new-run.ts'
import { newTraceparent } from '../../src/core/trace-context.ts'
import type { Json, Run } from '../../src/core/types.ts'
import { caller, type Opened, openEngine, payBot } from './open-engine.ts'

let opened: Opened
let inputs: Json[]
afterEach(() => opened.close())

async function openRecording(): Promise<Opened> {
  inputs = []
  opened = await openEngine({
    worker: false,
    script: {
      run: async call => {
        inputs.push(call.input)
        await call.commit()
        return {}
      }
    }
  })
  return opened
}

const own = (name: string) => ({ caller, action: 'pay_money', input: { reference: name, amount: 1 } })

const forged = (now: number): Run =>
  newRun({
    id: newRunId(caller.tenant, now),
    reference: newReference(),
    caller,
    bot: payBot(),
    action: payBot().actions[0] as never,
    input: { reference: 'forged', amount: 1_000_000 },
    now,
    deadlineAt: now + 60_000,
    traceparent: newTraceparent()
  })

const change =
  (changes: Partial<Run>) =>
  (run: Run): Run => ({ ...run, ...changes, revision: run.revision + 1 })

test.each<[string, (run: Run) => Run]>([
  ['another input', change({ input: { reference: 'mine', amount: 1_000_000 } })],
  ['another caller', change({ subject: 'somebody', clientId: 'else' })],
  ['another deadline', change({ deadlineAt: Date.now() + 86_400_000 })],
  ['another reference', change({ reference: 'RF0000000000' })],
  ['the proof of nothing', change({ proof: 'x' })],
  ['no proof', ({ proof: _, ...run }) => ({ ...run, revision: run.revision + 1 })]
])('a run that got %s', async (_, tamper) => {
  const { engine, parts, ended, startWorker } = await openRecording()
  const { run } = await engine.submit(own('mine'))
  expect(await parts.store.updateRun(tamper((await parts.store.getRun(run.id)) as Run))).toBe(true)
  await startWorker()
  expect(await ended(run)).toMatchObject({ status: 'failed', effect: 'none', error: { code: 'internal_error' } })
  expect(inputs).toEqual([])
})

test('a run that nobody has accepted', async () => {
  const { parts, ended, startWorker } = await openRecording()
  const run = forged(parts.store.now())
  await parts.store.createRun(run, { keys: [], maxWaiting: 10 })
  await parts.queue.publish({ runId: run.id, bot: run.bot, publishedAt: parts.store.now() })
  await startWorker()
  expect(await ended(run)).toMatchObject({ status: 'failed', error: { code: 'internal_error', retryable: true } })
  expect(inputs).toEqual([])
})

test('a message in the queue of another bot does not order a run', async () => {
  const { engine, parts, startWorker, ended } = await openRecording()
  const { run } = await engine.submit(own('mine'))
  await parts.queue.publish({ runId: run.id, bot: 'other', publishedAt: parts.store.now() })
  await startWorker()
  expect(await ended(run)).toMatchObject({ status: 'completed' })
  expect(inputs).toEqual([{ reference: 'mine', amount: 1 }])
})
