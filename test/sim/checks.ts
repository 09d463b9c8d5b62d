/** What must hold when a world has come to rest. */
import { hasEnded } from '../../src/core/run.ts'
import type { Run } from '../../src/core/types.ts'
import { codeOf, type Intent, submit } from './clients.ts'
import { heartbeats } from './globals.ts'
import { isFreed } from './legality.ts'
import type { World } from './world.ts'

export function check(world: World, intents: readonly Intent[]): void {
  for (const run of world.ledger.rows.values()) ofRun(world, run)
  for (const intent of intents) ofIntent(world, intent)
  phantoms(world, intents)
  residue(world)
}

function ofRun(world: World, run: Run): void {
  const name = world.nick(run.id)
  const effects = world.target.count(run.reference)
  world.count(`ended ${run.status}/${run.effect}`)
  if (effects > 1 && world.plan.action.rerun?.safe !== 'sets_a_value') world.violated('dup', `${name}: ${effects} effects`)
  if (!hasEnded(run)) world.violated('lost', `${name} is still ${run.status}/${run.effect}`)
  if ((run.lost ?? 0) >= 2) world.count('lost twice')
  if (run.lease !== undefined) world.violated('residue', `${name} has a lease`)
  needless(world, run)
  // What a person said is the person's word.
  if (run.resolvedBy !== undefined) {
    if (run.effect === 'none' && effects > 0) world.count('a person said not done, and it is there')
    return
  }
  const lied = world.target.lied.has(run.reference)
  if (run.effect === 'committed' && effects === 0 && !lied)
    world.violated('liarYes', `${name} is ${run.status}/committed, without an effect`)
  if (hasEnded(run) && run.effect === 'none' && effects > 0) world.violated('liarNo', `${name} is ${run.status}/none, with an effect`)
}

/** Where nothing but processes went wrong, every run completes; only the commit point, spent attempts or time, and a second lost worker are reasons not to. */
function needless(world: World, run: Run): void {
  const { plan, struckRuns } = world
  if (!plan.onlyProcessesFail) return
  world.count('runs where only processes fail')
  if (run.status === 'completed') return
  const spent =
    run.error?.code === 'deadline_exceeded' ||
    run.attempt >= plan.action.retry.attempts ||
    (run.endedAt ?? 0) >= Math.min(run.startBy, run.deadlineAt) - 1
  const lostTwice = (run.lost ?? 0) >= 2
  const excused = run.status === 'failed' ? spent || lostTwice : run.status === 'outcome_unknown' && (lostTwice || struckRuns.has(run.id))
  if (!excused) world.violated('needless', `${world.nick(run.id)} is ${run.status}: ${run.error?.detail}`)
}

/** One key, one run; its retries only where nothing had been done. */
function ofIntent(world: World, intent: Intent): void {
  const { rows } = world.ledger
  const own = [...rows.values()].filter(
    ({ input, retryOf, id }) => retryOf === undefined && (intent.accepted.has(id) || isOf(input, intent))
  )
  if (own.length > 1) world.violated('torn', `${intent.plan.reference} has ${own.length} runs`)
  for (const id of [...intent.accepted.keys(), ...intent.retried])
    if (!rows.has(id)) world.violated('lost', `${world.nick(id)} was accepted and is not there`)
  if (intent.bodies.size > 1) world.violated('torn', `${intent.plan.reference}: two bodies were accepted for one key`)
  const chain = [...rows.values()].filter(({ input, id }) => isOf(input, intent) || intent.accepted.has(id) || intent.retried.has(id))
  const effects = chain.reduce((sum, { reference }) => sum + world.target.count(reference), 0)
  if (effects > 1 && world.plan.action.rerun?.safe !== 'sets_a_value' && chain.every(({ resolvedBy }) => resolvedBy === undefined))
    world.violated('dup', `${intent.plan.reference}: ${effects} effects`)
  for (const told of intent.told) sameAsTold(world, told)
}

const isOf = (input: unknown, { plan }: Intent): boolean => (input as { reference?: string } | null)?.reference === plan.reference

function sameAsTold(world: World, told: Run): void {
  const now = world.ledger.rows.get(told.id)
  if (now === undefined) return
  const same =
    now.status === told.status && now.effect === told.effect && (now.expired || JSON.stringify(now.output) === JSON.stringify(told.output))
  if (!same) world.violated('torn', `${world.nick(told.id)} was told as ${told.status}/${told.effect} and is ${now.status}/${now.effect}`)
}

function phantoms(world: World, intents: readonly Intent[]): void {
  for (const effect of world.target.effects) {
    const intended = intents.some(({ body, otherBody, plan }) =>
      [body, ...(plan.changesBody ? [otherBody] : [])].some(one => JSON.stringify(one) === JSON.stringify(effect.input))
    )
    if (!intended) world.violated('phantom', JSON.stringify(effect.input))
  }
}

/** Nobody waits for a probe that is tried, nor for longer than a rest for who tries a target: their slots end by themselves. */
const ownTime = /^(?:probe|look|breaker) /

function residue(world: World): void {
  for (const [name, holders] of world.ledger.slots)
    for (const [holder, until] of holders)
      if (until > world.ledger.now() && !ownTime.test(name)) world.violated('residue', `slot ${name} is held by ${holder.split('/')[0]}`)
  const left = [...heartbeats.values()].filter(owner => owner?.alive).length
  if (left > 0) world.violated('residue', `${left} heartbeats go on`)
}

/** The run before it ended without an effect, in a way that another try can mend. */
const followsFreed = (world: World, { retryOf = '' }: Run): boolean => isFreed(world.ledger.rows.get(retryOf))

const isFree = (world: World, { accepted, retried }: Intent): boolean =>
  [...accepted.keys(), ...retried].some(id => isFreed(world.ledger.rows.get(id)))

/** After everything, each key is sent once more: it must find its run, get one that follows it, or hear that it is over. */
export function replay(world: World, intents: readonly Intent[]): void {
  for (const intent of intents) {
    const [first] = intent.accepted
    if (first === undefined) continue
    const before = new Set(world.ledger.rows.keys())
    // A person's retry may still be on its way.
    const isKnown = ({ id, retryOf }: Run) => before.has(id) || (retryOf !== undefined && before.has(retryOf))
    submit(world, intent, first[1], answered => {
      const fine =
        answered !== undefined &&
        ('value' in answered
          ? isKnown(answered.value.run) && (answered.value.outcome !== 'created' || followsFreed(world, answered.value.run))
          : codeOf(answered.error) === 'key_expired' || (codeOf(answered.error) === 'circuit_open' && isFree(world, intent)))
      if (!fine)
        world.violated(
          'torn',
          `${intent.plan.reference}: a late retry gets ${answered && 'error' in answered ? codeOf(answered.error) : 'a new run or no answer'}`
        )
    })
  }
}
