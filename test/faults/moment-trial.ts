/** One trial: a process is killed at a named moment of one run, and the caller stays what it is. */
import { newRunId } from '../../src/core/ids.ts'
import type { Driver } from './driver.ts'
import { type Moment, roleAt } from './moments.ts'
import type { Variant } from './targets.ts'
import type { Deed, World } from './world.ts'

export interface Trial {
  readonly fault: string
  readonly moment: string
  readonly hit: boolean
  readonly runId: string | undefined
  /** From the fault to the end of the run. */
  readonly recoveredMs: number | undefined
  readonly answer: number
}

/** For busy machines: nothing here is about speed. */
const patienceMs = 120_000
/** The last moments of a run come after its caller has the answer. */
const deedMs = 10_000

export async function momentTrial(world: World, driver: Driver, moment: Moment): Promise<Trial> {
  const { variant, faults } = await preparation(world, moment)
  const before = world.deeds().length
  // An earlier run without an answer is probed again and again, and would come to the moment first.
  const how = isOfProbe(moment) ? `kill:1:0:${firstRunId(Date.now())}` : 'kill:1'
  // The moments of deciding come after the run's end.
  if (moment !== 'H1') await world.arm(moment, how)
  if (faults !== undefined) await world.target.faults?.(faults)
  const options = { async: moment === 'A4', waitMs: patienceMs }
  let answer = await driver.intend(variant, options)
  if (moment === 'H1') {
    await world.arm('H1', how)
    answer = await decide(world, driver, answer)
  }
  const deed = await deedAfter(world, before)
  const ended = answer.runId === undefined ? undefined : await driver.client().ended(answer.runId, patienceMs)
  const endedAt = Date.parse(String((ended as { endedAt?: string } | undefined)?.endedAt ?? ''))
  await world.arm('')
  if (faults !== undefined) await world.target.faults?.({ delayMs: 0 })
  return {
    fault: 'kill',
    moment,
    // An earlier run may have come to the moment first.
    hit: deed !== undefined && (roleAt(moment) === 'gateway' || (deed.runId ?? answer.runId) === answer.runId),
    runId: answer.runId,
    recoveredMs: deed === undefined || Number.isNaN(endedAt) ? undefined : Math.max(0, endedAt - deed.at),
    answer: answer.status
  }
}

/** What the ids of runs that are accepted from now on are not less than: they sort by time. */
const firstRunId = (now: number): string => newRunId('', now).slice(0, 'run_'.length + 9)

const isOfProbe = (moment: Moment): boolean => moment.startsWith('R')

async function deedAfter(world: World, before: number): Promise<Deed | undefined> {
  for (const until = Date.now() + deedMs; Date.now() < until && world.deeds().length <= before; )
    await new Promise(resolve => setTimeout(resolve, 20))
  return world.deeds()[before]
}

interface Preparation {
  readonly variant: Variant
  readonly faults: object | undefined
}

/** A probe is asked only after an answer that leaves doubt, and a person only when the probe found nothing. */
async function preparation({ adapter }: World, moment: Moment): Promise<Preparation> {
  if (isOfProbe(moment)) return { variant: 'late', faults: { failAfterApply: true, times: 1 } }
  if (moment === 'H1')
    return { variant: adapter === 'playwright' ? 'late' : 'blind', faults: { failAfterApply: true, acceptWithoutApply: true, times: 1 } }
  if (moment === 'G1') return { variant: 'slow', faults: { delayMs: 300 } }
  return { variant: 'plain', faults: undefined }
}

/** As a person does: looks at the target, then says what is there. */
async function decide(world: World, driver: Driver, answer: Awaited<ReturnType<Driver['intend']>>) {
  const { runId = '' } = answer
  const run = await driver.client().ended(runId)
  const there = world.target.effects().some(({ reference, appliedAt }) => reference === run.reference && appliedAt !== null)
  const body = JSON.stringify(there ? { outcome: 'completed', output: world.target.output(runId) } : { outcome: 'not_done' })
  for (let tries = 0; tries < 20; tries++) {
    const said = await driver
      .client()
      .request('POST', `/v1/runs/${runId}/resolve`, { body })
      .catch(() => undefined)
    // not_resolvable: an earlier try was heard.
    if (said?.status === 200 || said?.body.code === 'not_resolvable') return { ...said, runId }
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  return answer
}
