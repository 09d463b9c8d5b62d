/** A process that is stopped or blocked at a moment for longer than its lease, and then goes on as if nothing had been. */
import { setTimeout as sleep } from 'node:timers/promises'
import { stateOf } from '../e2e/processes.ts'
import type { Driver } from './driver.ts'
import type { Trial } from './moment-trial.ts'
import type { Moment } from './moments.ts'
import type { Part } from './part.ts'
import type { World } from './world.ts'

/** Longer than a lease and a sweep. */
const pauseMs = 2_000

/** SIGSTOP at the moment, SIGCONT when everybody else has given the process up. */
export async function stopTrial(world: World, driver: Driver, moment: Moment, stoppedMs = pauseMs): Promise<Trial> {
  await world.arm(moment, 'stop:1')
  const answer = driver.intend('plain', { async: true, plain: true })
  answer.catch(() => undefined)
  const stopped = await untilStopped(world.parts, 6_000)
  if (stopped !== undefined) {
    await Promise.all(world.parts.filter(part => part !== stopped).map(part => part.arm('')))
    await sleep(stoppedMs)
    stopped.signal('SIGCONT')
  }
  const { runId, status } = await answer
  return { fault: 'stop', moment, hit: stopped !== undefined, runId, recoveredMs: undefined, answer: status }
}

async function untilStopped(parts: readonly Part[], waitMs: number): Promise<Part | undefined> {
  for (const until = Date.now() + waitMs; Date.now() < until; await sleep(10)) {
    const stopped = parts.find(part => stateOf(part.pid) === 'T')
    if (stopped !== undefined) return stopped
  }
  return undefined
}

/** The event loop does nothing for twice the lease. */
export async function blockTrial(world: World, driver: Driver, moment: Moment): Promise<Trial> {
  const before = world.deeds().length
  await world.arm(moment, `block:1:${pauseMs}`)
  const { runId, status } = await driver.intend('plain', { async: true, plain: true })
  const hit = world.deeds().length > before
  await world.arm('')
  return { fault: 'block', moment, hit, runId, recoveredMs: undefined, answer: status }
}
