/** An adapter on the simulated target: steps, the commit point, the request, the probe. */
import type { Adapter, Call, ProbeResult } from '../../src/core/adapter.ts'
import { BusinessError, RetrofitError } from '../../src/core/errors.ts'
import type { Json } from '../../src/core/types.ts'
import { latencyMs } from './exchange.ts'
import { crash, pause } from './processes.ts'
import type { SimProcess, World } from './world.ts'

export function openAdapter(world: World, process: SimProcess): Adapter {
  return {
    name: 'simulated',
    run: (call: Call) => run(world, process, call),
    probe: (call: Call) => probe(world, process, call),
    close: async () => undefined
  } as unknown as Adapter
}

async function run(world: World, process: SimProcess, call: Call): Promise<Json> {
  world.atOnce++
  const { onlyProcessesFail, faults, atCommit, bot } = world.plan
  const quiet = onlyProcessesFail && faults.length === 0 && atCommit === undefined
  if (quiet && world.atOnce > (bot.target.concurrency ?? Number.POSITIVE_INFINITY))
    world.violated('crowded', `${world.atOnce} attempts at once on the target`)
  try {
    return await perform(world, process, call)
  } finally {
    world.atOnce--
  }
}

async function perform(world: World, process: SimProcess, call: Call): Promise<Json> {
  await call.step('open', () => opening(world, process, call))
  if (world.random.chance(0.1)) await call.attach('page.png', new Uint8Array(1), 'image/png')
  if (world.plan.action.effect === 'read') return { confirmation: 'read' }
  return world.plan.racing ? racing(world, process, call) : committing(world, process, call)
}

const openTroubles = ['error', 'final', 'business', 'hang', 'deaf'] as const

/** Everything before the commit point. */
async function opening(world: World, process: SimProcess, call: Call): Promise<void> {
  await moment(world, process)
  if (!world.mishap(world.plan.trouble / 4)) return
  const trouble = world.random.pick(openTroubles)
  world.count(`opening ${trouble}`)
  world.say(() => `the page: ${trouble}`)
  if (trouble === 'error') throw new RetrofitError('target_failed', { detail: 'the page did not come (simulated)', targetDown: true })
  if (trouble === 'final')
    throw new RetrofitError('target_failed', { detail: 'a page nobody knows (simulated)', retryable: false, targetDown: true })
  if (trouble === 'business') throw new BusinessError('odd', 'No such account.')
  await new Promise((resolve, reject) => {
    if (trouble === 'hang') call.signal.addEventListener('abort', () => reject(call.signal.reason))
    // Deaf to its signal, and going on when everybody has given it up.
    else world.scheduler.after(world.random.between(1_000, 30_000), process, () => resolve(undefined))
  })
}

const moment = (world: World, process: SimProcess): Promise<void> =>
  new Promise(resolve => world.scheduler.after(latencyMs(world), process, () => resolve()))

async function committing(world: World, process: SimProcess, call: Call): Promise<Json> {
  const { reference } = call.run
  const send = () => world.target.send(process, { reference, input: call.input, signal: call.signal })
  if (world.plan.commitsLate) return send().then(output => call.commit().then(() => output))
  await call.commit()
  world.count('committed')
  await moment(world, process)
  await worstPlace(world, process, 'before')
  const sent = send()
  await worstPlace(world, process, 'after')
  return sent
}

/** Between the durable commit point and the answer of the target. */
async function worstPlace(world: World, process: SimProcess, when: 'before' | 'after'): Promise<void> {
  const { atCommit } = world.plan
  if (atCommit?.when !== when || world.calm || world.struck) return
  world.struck = true
  if (atCommit.kind === 'crash') crash(world, process, `${when} the request`)
  else pause(world, process, atCommit.forMs)
  if (when === 'before') await moment(world, process)
}

/** Like a browser: the request waits behind the commit gate, and the step that caused it has a time limit of its own. */
async function racing(world: World, process: SimProcess, call: Call): Promise<Json> {
  const sent = committing(world, process, call)
  sent.catch(() => undefined)
  const limitMs = world.random.pick([3, 50, 5_000])
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the step took too long (simulated)')), limitMs)
    sent.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** A strong probe's "found" is always right; its "absent" may be early. A weak one may find somebody else's record. */
async function probe(world: World, process: SimProcess, call: Call): Promise<ProbeResult> {
  await moment(world, process)
  world.count('probe')
  if (world.mishap(world.plan.probeTrouble)) {
    if (world.random.chance(0.5)) throw new Error('the probe failed (simulated)')
    await new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)))
  }
  const { reference } = call.run
  const { action, twins } = world.plan
  const twin = (twins || action.probe?.weak === true) && world.target.effects.length > 0
  const found = world.target.has(reference) || twin
  world.say(() => `the probe of ${world.nick(reference)} sees ${found ? (twin ? 'a record like it' : 'it') : 'nothing'}`)
  await moment(world, process)
  return found ? { found: true, output: { confirmation: reference } } : { found: false }
}
