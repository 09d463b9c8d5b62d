/** What happens to messages while the queue is away, on the real queue behind a door that can be shut. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from '@jest/globals'
import type { Message } from '../../src/core/ports.ts'
import { type Backlog, backlogOf } from '../../src/engine/backlog.ts'
import type { Parts } from '../../src/engine/parts.ts'
import { sweep } from '../../src/engine/sweep.ts'
import { until } from '../setup/until.ts'
import { caller, type Opened, openEngine } from './open-engine.ts'

let opened: Opened
afterEach(() => opened.close())

interface Door {
  readonly parts: Parts
  /** Bots whose messages are refused. */
  readonly shut: Set<string>
  /** In the order of their tries; those that came through. */
  readonly tried: Message[]
  readonly through: string[]
}

async function openDoor(...shutFor: string[]): Promise<Door> {
  opened = await openEngine({ script: { run: async () => ({}) }, worker: false })
  const { queue } = opened.parts
  const door = { shut: new Set(shutFor), tried: [] as Message[], through: [] as string[] }
  const publish = async (message: Message): Promise<void> => {
    door.tried.push(message)
    await sleep(5)
    if (door.shut.has(message.bot)) throw new Error('the broker is away')
    await queue.publish(message)
    door.through.push(message.runId)
  }
  return { parts: { ...opened.parts, queue: { ...queue, publish } }, ...door }
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const tell = (backlog: Backlog, runId: string, bot = 'pay') => backlog.publish({ runId, bot, action: 'pay_money', traceparent })
const names = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `run-${from + index}`)

test('all that waits is told once, in its order, as soon as the queue is back, and what comes then after it', async () => {
  const { parts, shut, tried, through } = await openDoor('pay')
  const backlog = backlogOf(parts, 'pay')
  tell(backlog, 'run-0')
  await until('it waits', () => backlog.isWaiting)
  for (const runId of names(999, 1)) tell(backlog, runId)
  await sleep(1_500)
  // One alone asks whether the queue is back, not a thousand.
  expect(new Set(tried.map(({ runId }) => runId))).toEqual(new Set(['run-0']))
  expect(tried.length).toBeGreaterThan(1)
  expect(tried.length).toBeLessThan(10)
  shut.clear()
  await until('they are through', () => through.length > 0)
  tell(backlog, 'run-1000')
  await until('nothing waits', () => !backlog.isWaiting)
  expect(through).toEqual(names(1_001))
  tell(backlog, 'at once')
  await until('they are through', () => through.length === 1_002)
  expect((await opened.parts.queue.depth('pay')).messages).toBe(1_002)
})

test('a run that is told of again while it waits keeps its place', async () => {
  const { parts, shut, through } = await openDoor('pay')
  const backlog = backlogOf(parts, 'pay')
  tell(backlog, 'run-0')
  await until('it waits', () => backlog.isWaiting)
  for (const runId of ['run-1', 'run-0', 'run-1', 'run-2']) tell(backlog, runId)
  shut.clear()
  await until('nothing waits', () => !backlog.isWaiting)
  expect(through).toEqual(names(3))
})

test('what keeps the messages of one bot back does not keep those of another', async () => {
  const { parts, through } = await openDoor('pay')
  tell(backlogOf(parts, 'pay'), 'run-0')
  await until('it waits', () => backlogOf(parts, 'pay').isWaiting)
  tell(backlogOf(parts, 'other'), 'run-1', 'other')
  await until('they are through', () => through.length === 1)
  expect(through).toEqual(['run-1'])
  expect(backlogOf(parts, 'other')).not.toBe(backlogOf(parts, 'pay'))
  expect(backlogOf(parts, 'other')).toBe(backlogOf({ ...parts }, 'other'))
})

test('the sweep does not add to what waits already', async () => {
  const { parts, tried } = await openDoor('pay')
  const { run } = await opened.engine.submit({ caller, action: 'pay_money', input: { reference: 'r' } })
  tell(backlogOf(parts, 'pay'), 'run-0')
  await until('it waits', () => backlogOf(parts, 'pay').isWaiting)
  expect(await sweep({ ...parts, store: { ...parts.store, now: () => run.dueAt ?? 0 } })).toBe(1)
  // Looked at and put off, until the end of its time at the latest.
  expect((await parts.store.getRun(run.id))?.dueAt).toBe(run.startBy)
  expect(tried.map(({ runId }) => runId)).not.toContain(run.id)
})
