/** Callers and people of a world. They write down what they want before they ask, and behave like bad agents. */
import { RetrofitError } from '../../src/core/errors.ts'
import type { JsonObject, Run } from '../../src/core/types.ts'
import type { Submitted } from '../../src/engine/engine.ts'
import { latencyMs } from './exchange.ts'
import { isFreed } from './legality.ts'
import { type ClientPlan, caller } from './plan.ts'
import type { SimProcess, World } from './world.ts'

type SimEngine = NonNullable<SimProcess['engine']>

export interface Intent {
  readonly plan: ClientPlan
  readonly body: JsonObject
  readonly otherBody: JsonObject
  /** The ids of runs that an answer named, with the body that was sent first. */
  readonly accepted: Map<string, JsonObject>
  /** Every body that was answered with a run, as text: one, or the key was torn. */
  readonly bodies: Set<string>
  /** Final outcomes that an answer told. */
  readonly told: Run[]
  /** Runs that a person asked for with retry. */
  readonly retried: Set<string>
}

type Answered<T> = { readonly value: T } | { readonly error: unknown } | undefined

const patienceMs = 30_000

/** Asks a gateway that lives; undefined when no answer came in time. */
export function ask<T>(world: World, work: (engine: SimEngine) => Promise<T>, then: (answered: Answered<T>) => void): void {
  const { scheduler, random } = world
  const gateways = world.processes.filter(({ gateway, alive, engine }) => gateway && alive && engine !== undefined)
  let open = true
  const answer = (answered: Answered<T>) => {
    if (!open) return
    open = false
    limit.run = undefined
    scheduler.after(latencyMs(world), undefined, () => then(answered))
  }
  const limit = scheduler.after(patienceMs, undefined, () => answer(undefined))
  if (gateways.length === 0) return
  const gateway = random.pick(gateways)
  scheduler.after(latencyMs(world), gateway, () => {
    if (gateway.engine === undefined) return
    work(gateway.engine).then(
      value => gateway.alive && answer({ value }),
      error => gateway.alive && answer({ error })
    )
  })
}

export function submit(world: World, intent: Intent, body: JsonObject, then: (answered: Answered<Submitted>) => void): void {
  const { plan } = intent
  const key =
    plan.keys === 'own'
      ? { idempotencyKey: plan.reference }
      : plan.keys === 'fresh'
        ? { idempotencyKey: `fresh-${world.counts.submit ?? 0}` }
        : {}
  const limit = plan.timeoutMs === undefined ? {} : { timeoutMs: plan.timeoutMs }
  world.count('submit')
  const known = intent.accepted.size > 0
  world.say(() => `client ${plan.reference}: submits ${JSON.stringify(body)}`)
  ask(
    world,
    engine => engine.submit({ caller, action: world.plan.action.name, input: body, ...key, ...limit }),
    answered => {
      if (answered !== undefined && 'value' in answered) accepted(world, intent, body, answered.value.run)
      else refused(world, intent, { answered, known })
      then(answered)
    }
  )
}

/** Whoever has been given a run is never sent away from it because nothing new is taken, unless its key is free for another try. */
function refused(world: World, intent: Intent, { answered, known }: { readonly answered: Answered<never>; readonly known: boolean }): void {
  const code = answered === undefined ? 'no answer' : 'error' in answered ? codeOf(answered.error) : ''
  world.say(() => `client ${intent.plan.reference}: ${code}`)
  const ids = [...intent.accepted.keys(), ...intent.retried]
  const isFree = ids.some(id => isFreed(world.ledger.rows.get(id)))
  if (known && !isFree && (code === 'circuit_open' || code === 'queue_full'))
    world.violated('torn', `${intent.plan.reference}: a known key gets ${code}`)
}

export const codeOf = (error: unknown): string => (error instanceof RetrofitError ? error.code : String(error))

function accepted(world: World, intent: Intent, body: JsonObject, run: Run): void {
  world.say(() => `client ${intent.plan.reference}: has ${world.nick(run.id)}, ${run.status}`)
  if (!intent.accepted.has(run.id)) intent.accepted.set(run.id, body)
  intent.bodies.add(JSON.stringify(body))
  heard(intent, run)
}

function heard(intent: Intent, run: Run): void {
  if (['completed', 'failed', 'cancelled'].includes(run.status)) intent.told.push(run)
}

export function startClients(world: World): readonly Intent[] {
  return world.plan.clients.map((plan, index) => {
    const body = { reference: plan.reference, amount: index }
    const otherBody = { ...body, amount: 99 }
    const intent: Intent = { plan, body, otherBody, accepted: new Map(), bodies: new Set(), told: [], retried: new Set() }
    for (let copy = 0; copy < plan.copies; copy++) at(world, world.random.between(0, 40), () => persist(world, intent, plan.tries))
    if (plan.changesBody) at(world, world.random.between(0, 4_000), () => submit(world, intent, intent.otherBody, () => undefined))
    if (plan.cancelsAtMs !== undefined) at(world, plan.cancelsAtMs, () => cancel(world, intent))
    if (plan.person !== 'none') for (const factor of [1, 2]) at(world, plan.looksAtMs * factor, () => look(world, intent))
    if (plan.comesBackAtMs !== undefined) at(world, plan.comesBackAtMs, () => persist(world, intent, 1))
    return intent
  })
}

const at = (world: World, ms: number, work: () => void) => world.scheduler.after(ms, undefined, work)

function persist(world: World, intent: Intent, triesLeft: number): void {
  submit(world, intent, intent.body, answered => {
    if (answered !== undefined && 'value' in answered) return wait(world, intent, answered.value.run)
    if (triesLeft > 1) at(world, world.random.between(1, 3_000), () => persist(world, intent, triesLeft - 1))
  })
}

function wait(world: World, intent: Intent, run: Run): void {
  if (!intent.plan.waits) return
  ask(
    world,
    engine => engine.wait(run, { waitMs: 20_000 }),
    answered => answered !== undefined && 'value' in answered && heard(intent, answered.value)
  )
}

const oneOf = (world: World, intent: Intent): string | undefined =>
  intent.accepted.size === 0 ? undefined : world.random.pick([...intent.accepted.keys(), ...intent.retried])

function cancel(world: World, intent: Intent): void {
  const runId = oneOf(world, intent)
  if (runId === undefined) return
  world.say(() => `client ${intent.plan.reference}: cancels ${world.nick(runId)}`)
  ask(
    world,
    engine => engine.cancel(caller, runId),
    answered => {
      if (answered === undefined || !('value' in answered)) return
      heard(intent, answered.value)
      world.say(() => `client ${intent.plan.reference}: the cancel leaves ${answered.value.status}`)
    }
  )
}

/** Looks at a run and decides. An honest person looks at the target first; a rash one does not. */
function look(world: World, intent: Intent): void {
  const runId = oneOf(world, intent)
  if (runId === undefined) return
  ask(
    world,
    engine => engine.find(caller, runId),
    answered => {
      if (answered === undefined || !('value' in answered)) return
      const run = answered.value
      heard(intent, run)
      if (run.effect !== 'none' && world.random.chance(0.3)) probe(world, intent, run)
      else if (run.status === 'outcome_unknown') resolve(world, intent, run)
      else if (run.status === 'failed' || run.status === 'cancelled') retry(world, intent, run)
    }
  )
}

function resolve(world: World, intent: Intent, run: Run): void {
  const done = intent.plan.person === 'honest' ? world.target.has(run.reference) : world.random.chance(0.5)
  const decision = done ? { outcome: 'completed' as const, output: { confirmation: 'by hand' } } : { outcome: 'not_done' as const }
  world.say(() => `a person resolves ${world.nick(run.id)} as ${decision.outcome}`)
  ask(
    world,
    engine => engine.resolve(caller, run.id, decision),
    () => undefined
  )
}

function probe(world: World, intent: Intent, run: Run): void {
  world.say(() => `a person lets the probe look at ${world.nick(run.id)}`)
  world.count('look')
  ask(
    world,
    engine => engine.probe(caller, run.id, { waitMs: 1_000 }),
    answered => answered !== undefined && 'value' in answered && heard(intent, answered.value)
  )
}

function retry(world: World, intent: Intent, run: Run): void {
  world.say(() => `a person retries ${world.nick(run.id)}`)
  world.count('retry')
  ask(
    world,
    engine => engine.retry(caller, run.id),
    answered => answered !== undefined && 'value' in answered && intent.retried.add(answered.value.id)
  )
}
