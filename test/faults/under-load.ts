/** Faults that meet many runs at once: a line of calls, the fault in the middle of it, and then everybody's answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './fault.ts'
import type { Trial } from './moment-trial.ts'

const calls = 8

export async function underLoad(stage: Stage, moment: string, fault: (stage: Stage) => Promise<void>): Promise<Trial> {
  const { driver, random, world } = stage
  const pauseMs = world.adapter === 'playwright' ? 250 : 60
  const answers: Promise<{ status: number; runId: string | undefined }>[] = []
  const at = Math.floor(random() * calls)
  let faultAt = 0
  let making: Promise<void> = Promise.resolve()
  for (let index = 0; index < calls; index++) {
    answers.push(driver.intend('plain', { async: random() < 0.5, waitMs: 60_000 }))
    await sleep(random() * pauseMs)
    if (index !== at) continue
    faultAt = Date.now()
    world.note({ moment, deed: 'under load' })
    making = fault(stage)
    making.catch(() => undefined)
  }
  const settled = await Promise.allSettled(answers)
  await making
  const last = settled.find(result => result.status === 'fulfilled')
  const failed = settled.find(result => result.status === 'rejected')
  if (failed !== undefined) world.note({ moment, deed: 'no answer', why: String(failed.reason).slice(0, 300) })
  return {
    fault: 'under load',
    moment,
    // A system that took nothing was not under load.
    hit: settled.filter(({ status }) => status === 'fulfilled').length >= calls / 2,
    runId: last?.value.runId,
    recoveredMs: Date.now() - faultAt,
    answer: last?.value.status ?? 0
  }
}
