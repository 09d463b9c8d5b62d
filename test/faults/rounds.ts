/** One trial of each kind of fault. */
import { setTimeout as sleep } from 'node:timers/promises'
import { descendants } from '../e2e/processes.ts'
import type { Fault, Stage } from './fault.ts'
import { momentTrial, type Trial } from './moment-trial.ts'
import type { Moment } from './moments.ts'
import { blockTrial, stopTrial } from './pauses.ts'
import { underLoad } from './under-load.ts'

type Round = Fault['rounds'][number]

export const killedAt = (moment: Moment): Round => ({ moment, trial: ({ world, driver }) => momentTrial(world, driver, moment) })
export const stoppedAt = (moment: Moment): Round => ({ moment, trial: ({ world, driver }) => stopTrial(world, driver, moment) })
export const blockedAt = (moment: Moment): Round => ({ moment, trial: ({ world, driver }) => blockTrial(world, driver, moment) })
export const loaded = (moment: string, fault: (stage: Stage) => Promise<void>): Round => ({
  moment,
  trial: stage => underLoad(stage, moment, fault)
})

/** The target misbehaves on one effect, which is no hit when it did not; `lies` when it says yes and does nothing. */
export const misbehaves = (moment: string, faults: object, targetLies = false): Round => ({
  moment,
  trial: async ({ world, driver }) => {
    await world.target.faults?.(faults)
    world.note({ moment, deed: 'target' })
    const { runId, status } = await driver.intend('plain', { targetLies, waitMs: 60_000 })
    const left = await world.target.faults?.({})
    return { fault: 'target', moment, hit: left?.times === 0, runId, recoveredMs: undefined, answer: status }
  }
})

/** No hit where a later look of the probe does not settle it: the next one is due after some four seconds. */
export const settledLater = ({ moment, trial: first }: Round): Round => ({
  moment,
  trial: async stage => {
    const trial = await first(stage)
    for (const until = Date.now() + 15_000; Date.now() < until; await sleep(100))
      if ((await stage.driver.client().run(trial.runId ?? '')).status === 'completed') return trial
    return { ...trial, hit: false }
  }
})

/** The call was lost, and a probe that matches by business fields finds a twin: the run may not be called done. */
export const twinFound: Round = {
  moment: 'never applied, a twin is there',
  trial: async ({ world, driver }) => {
    await world.target.faults?.({ failAfterApply: true, acceptWithoutApply: true, times: 1 })
    world.note({ moment: 'twin', deed: 'target' })
    const { runId, status } = await driver.intend('weak', { waitMs: 60_000 })
    const left = await world.target.faults?.({})
    const hit = left?.times === 0
    return { fault: 'twin', moment: 'never applied, a twin is there', hit, runId, recoveredMs: undefined, answer: status }
  }
}

/** The record has expired and every process is another one: the old key gets the old outcome, and nothing runs. */
export const retriedAfterTtl: Round = {
  moment: 'after the ttl',
  trial: async ({ world, driver }) => {
    const { runId = '' } = await driver.intend('brief', { plain: true })
    for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
      const { body } = await driver.client().request('GET', `/v1/runs/${runId}`)
      if (body.expired === true) break
    }
    world.note({ moment: 'after the ttl', deed: 'kill' })
    await Promise.all(world.parts.map(part => part.kill()))
    const late = await driver.again(runId)
    const hit = late.status === 409 && late.body.code === 'key_expired'
    return { fault: 'tombstone', moment: 'after the ttl', hit, runId, recoveredMs: undefined, answer: late.status }
  }
}

/** With the usual lease: how long until another worker has the run, which is killed there as well where it was armed too. */
export const takenOver: Round = {
  moment: 'W4, lease of 10 s',
  trial: async ({ world, driver }): Promise<Trial> => {
    const trial = await momentTrial(world, driver, 'W4')
    const killed = world.deeds().find(({ runId }) => runId !== undefined && runId === trial.runId)
    const { body } = await driver.client().request('GET', `/v1/runs/${trial.runId}`)
    const history = (body as { history?: readonly { at: string; status: string; attempt: number }[] }).history ?? []
    const again = history.find(({ status, attempt }) => status === 'working' && attempt === 2)
    const takenMs = again === undefined || killed === undefined ? undefined : Date.parse(again.at) - killed.at
    // Later than it says is no hit, nor is while the lease lasts, which is made longer each third of it: the run of the campaign is then void.
    const inTime = takenMs !== undefined && takenMs > 6_000 && takenMs <= 12_000
    return { ...trial, moment: 'W4, lease of 10 s', recoveredMs: takenMs, hit: trial.hit && inTime }
  }
}

/** The broker is short of memory and takes nothing. */
export const blockedBroker =
  (ms: number) =>
  async ({ own }: Stage) => {
    await own?.rabbit?.control('set_vm_memory_high_watermark', '0.000001')
    await sleep(ms)
    await own?.rabbit?.control('set_vm_memory_high_watermark', 'absolute', '512MiB')
  }

/** The browser dies, and the program does not. */
export const browserKilledOn = (moment: 'received' | 'applied'): Round => ({
  moment,
  trial: async ({ world, driver }): Promise<Trial> => {
    let killed = 0
    world.onEffect(moment, async () => {
      world.note({ moment, deed: 'kill of the browser' })
      for (const { pid } of world.workers.flatMap(part => descendants(part.pid))) {
        process.kill(pid, 'SIGKILL')
        killed++
      }
    })
    const from = Date.now()
    const { runId, status } = await driver.intend('plain')
    return { fault: 'browser', moment, hit: killed > 0, runId, recoveredMs: Date.now() - from, answer: status }
  }
})

export const serverDown =
  (name: 'redis' | 'rabbit', downMs: number) =>
  async ({ own }: Stage) => {
    await own?.[name]?.kill()
    await sleep(downMs)
    await own?.[name]?.restart()
  }

/** Every process in turn, gracefully, under load. */
export const rolling = async ({ world }: Stage) => {
  for (const part of world.parts) {
    await part.roll()
    await part.ready()
  }
}

export const clock =
  (offMs: number) =>
  async ({ world }: Stage) => {
    const [part] = world.workers
    await part?.roll({ RETROFIT_TEST_CLOCK_MS: String(offMs) })
    await part?.ready()
  }

/** The host comes back with another time. */
export const killedAndBehind = (moment: Moment): Round => ({
  moment: `${moment}, then ten minutes behind`,
  trial: async ({ world, driver }) => {
    for (const part of world.workers) part.next({ RETROFIT_TEST_CLOCK_MS: '-600000' })
    const trial = await momentTrial(world, driver, moment)
    for (const part of world.workers) await part.roll({})
    // The ledger's times and ours are not the same here.
    return { ...trial, recoveredMs: undefined, moment: `${moment}, then ten minutes behind` }
  }
})
