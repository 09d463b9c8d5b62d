/** A worker's handling of a delivery: claim the run through the fence, ack, and attempt or probe it. */
import { botKey, keyOfRun } from '../core/bot-key.ts'
import { RetrofitError } from '../core/errors.ts'
import { randomText } from '../core/ids.ts'
import type { Delivery, Message } from '../core/ports.ts'
import { claim, claimProbe, fail, isFinal, park, turnOf } from '../core/run.ts'
import type { Action, Bot, JsonObject, Run } from '../core/types.ts'
import { attempt } from './attempt.ts'
import { Holding } from './holding.ts'
import { moveUp } from './line.ts'
import { type Lookers, today } from './looking-version.ts'
import { isOrdered } from './order.ts'
import { runErrorOf } from './outcome.ts'
import type { Parts } from './parts.ts'
import { type Place, placesOf } from './places.ts'
import { probe } from './probe.ts'
import { goOnLater, publishSoon } from './publish.ts'
import { type Screen, screenIdOf } from './screens.ts'
import { tenantTurn } from './tenant-turn.ts'

export interface Work {
  readonly parts: Parts
  readonly bot: Bot
  readonly action: Action
  readonly holding: Holding
  readonly screen?: Screen | undefined
}

/** How often one delivery tries to claim its run while others write to it. */
const claimTries = 3
/** A worker that was to look and did not within this time counts as dead. */
const lookMs = 180_000

export async function execute(parts: Parts, delivery: Delivery, shutdown: AbortSignal, tries = claimTries): Promise<void> {
  const run = await parts.store.getRun(delivery.message.runId)
  // A message without a row proves that the ledger lost it: nothing may run.
  if (run === undefined)
    return parts.telemetry.log.error({ runId: delivery.message.runId }, 'a message without a run in the ledger; dropped')
  if (keyOfRun(run) !== delivery.message.bot)
    return parts.telemetry.log.error({ runId: run.id, bot: run.bot }, 'a message of another bot names this run; dropped')
  const now = parts.store.now()
  const turn = turnOf(run, now)
  if (turn === 'none') return lookAtEnded(parts, run)
  if (turn === 'wait') return goOnLater(parts, run)
  const lookers = turn === 'probe' ? await lookersOf(parts, run) : undefined
  const bot = lookers?.bot ?? (await parts.catalog.versionOf(run))
  const action = bot?.actions.find(({ name }) => name === run.action)
  if (bot === undefined || action === undefined) return orphaned(parts, run)
  if (!isOrdered(parts.sealer, run)) return unordered(parts, run)
  if (run.status === 'queued' && run.startBy <= now && run.attempt === 0) return tooLate(parts, run)
  const screen = turn === 'attempt' ? await screenOf(parts, { run, bot, action }) : undefined
  if (screen === 'none') return
  // Its own name for each delivery: a store takes the very same write twice, so two claims of one process must never look alike.
  const worker = `${parts.settings.worker}/${randomText(8)}`
  const room = await roomFor({ parts, bot, run, turn, shutdown }).catch(error => {
    screen?.leave(true)
    throw error
  })
  if (room === undefined) return screen?.leave(true)
  let keep = true
  const claimed = await withClaim({ parts, bot, action, run, turn, lookers, worker, delivery, shutdown, screen })
    .then(ended => {
      keep = ended === undefined || keepsScreen(ended, action)
      return ended !== undefined
    })
    .finally(async () => {
      screen?.leave(keep)
      await room.release()
    })
  // Somebody wrote in between: when it was another worker, the next look says so; when it was a sweep's note, the run is still to be taken.
  if (!claimed && tries > 1) await execute(parts, delivery, shutdown, tries - 1)
}

interface Claiming {
  readonly parts: Parts
  readonly bot: Bot
  readonly action: Action
  readonly run: Run
  readonly turn: 'attempt' | 'probe'
  /** Present for a probe. */
  readonly lookers: Lookers | undefined
  readonly worker: string
  readonly delivery: Delivery
  readonly shutdown: AbortSignal
  readonly screen: Screen | undefined
}

/** Parked: the version of today, where it can look. Undefined: there is none that can. */
async function lookersOf(parts: Parts, run: Run): Promise<Lookers | undefined> {
  const newest = run.status === 'outcome_unknown' ? await today(parts, run).catch(unlessRefused) : undefined
  if (newest !== undefined) return newest
  const bot = await parts.catalog.versionOf(run)
  const action = bot?.actions.find(({ name }) => name === run.action)
  if (bot === undefined || action === undefined) return undefined
  return { bot, action, own: action, input: parts.sealer.open(action.input, run.input) as JsonObject }
}

function unlessRefused(error: unknown): undefined {
  if (!(error instanceof RetrofitError)) throw error
}

/** Somebody wants to see whether the probe agrees with what is known. One worker looks. */
async function lookAtEnded(parts: Parts, run: Run): Promise<void> {
  if (run.lookFor === undefined || !isFinal(run) || parts.rehearsals === undefined || !isOrdered(parts.sealer, run)) return
  const slot = { name: `look ${run.id}`, holder: parts.settings.worker }
  if (!(await parts.store.acquireSlot({ ...slot, limit: 1, untilMs: parts.store.now() + lookMs }))) return
  try {
    await parts.rehearsals.look(run)
  } finally {
    await parts.store.releaseSlot(slot)
  }
}

/** After an attempt that broke off nobody knows what the screen shows; a refusal by the target leaves it as it was. */
const keepsScreen = ({ status, error }: Run, { session, errors }: Action): boolean =>
  session?.screen !== 'finish' &&
  (status === 'completed' || (status === 'failed' && error !== undefined && Object.hasOwn(errors, error.code)))

/** `none`: the run is not for this worker, or it has failed for want of a screen. */
async function screenOf(parts: Parts, { run, bot, action }: { run: Run; bot: Bot; action: Action }): Promise<Screen | 'none' | undefined> {
  try {
    const screen = await parts.screens?.enter(run, bot, action)
    if (screen !== 'elsewhere' && screen !== 'busy') return screen
    if (screen === 'elsewhere') parts.store.emit({ type: 'handover', runId: run.id, bot: keyOfRun(run), screen: screenIdOf(run) })
    publishSoon(parts, run)
    return 'none'
  } catch (error) {
    if (!(error instanceof RetrofitError)) throw error
    const failed = fail(run, runErrorOf(error), { now: parts.store.now() })
    if (!(await parts.store.updateRun(failed))) return 'none'
    parts.telemetry.runEnded(failed)
    moveUp(parts, failed)
    return 'none'
  }
}

/** Undefined when the run was no longer as it had been read; else as it is now. */
async function withClaim({
  parts,
  bot,
  action,
  run,
  turn,
  lookers,
  worker,
  delivery,
  shutdown,
  screen
}: Claiming): Promise<Run | undefined> {
  const { store, settings, telemetry } = parts
  const lease = { worker, now: store.now(), leaseMs: settings.leaseMs }
  const claimed = turn === 'attempt' ? claim(run, lease) : claimProbe(run, lease)
  if (!(await store.updateRun(claimed))) return undefined
  if (run.attempt === 0) moveUp(parts, claimed)
  // From here on the ledger's lease guards the run, not the delivery.
  delivery
    .ack()
    .catch(error => telemetry.log.warn({ runId: run.id, err: error }, 'ack failed; the delivery may come again and will find the lease'))
  waited(parts, delivery.message, claimed)
  const limitMs = turn === 'attempt' ? Math.min(action.timeouts.runMs, Math.max(1, run.deadlineAt - lease.now)) : action.timeouts.runMs
  const holding = new Holding(parts, claimed, { limitMs, shutdown })
  try {
    const work = { parts, bot, action, holding, screen }
    await (lookers === undefined ? attempt(work) : probe(work, lookers))
    return holding.run
  } finally {
    holding.release()
  }
}

/** The wait in the queue as a span and a hop. */
function waited({ telemetry, store }: Parts, { publishedAt, traceparent }: Message, run: Run): void {
  const span = telemetry.startSpan(`queue ${run.action}`, {
    parent: traceparent ?? run.traceparent,
    kind: 'consumer',
    startedAt: publishedAt
  })
  span.end()
  telemetry.hop('queue', Math.max(0, store.now() - publishedAt), { action: run.action })
}

/** The tenant's turn first: who has to wait for it keeps no place on the target from others. Undefined: not now. */
async function roomFor({ turn, ...claiming }: Pick<Claiming, 'parts' | 'bot' | 'run' | 'turn' | 'shutdown'>): Promise<Place | undefined> {
  const turnOver = turn === 'attempt' ? await tenantTurn(claiming.parts, claiming.run) : () => undefined
  if (turnOver === undefined) return undefined
  const place = await placeFor(claiming).catch(error => {
    turnOver()
    throw error
  })
  if (place === undefined) turnOver()
  return (
    place && {
      release: () => {
        turnOver()
        return place.release()
      }
    }
  )
}

/** Undefined when the run must not wait longer. */
async function placeFor({ parts, bot, run, shutdown }: Pick<Claiming, 'parts' | 'bot' | 'run' | 'shutdown'>): Promise<Place | undefined> {
  const limit = bot.target.concurrency
  if (limit === undefined) return { release: async () => undefined }
  const until = Math.max(run.startBy, run.notBefore + parts.settings.leaseMs)
  return placesOf(parts, botKey(bot.name, bot.tenant)).take({ limit, until, shutdown, priority: run.priority })
}

async function tooLate(parts: Parts, run: Run): Promise<void> {
  const error = new RetrofitError('deadline_exceeded', { detail: 'It waited in the queue longer than it may.' })
  const failed = fail(run, runErrorOf(error), { now: parts.store.now() })
  if (!(await parts.store.updateRun(failed))) return
  parts.telemetry.runEnded(failed)
  moveUp(parts, failed)
}

/** The bot version is gone for good (its record was deleted): say so instead of waiting for ever. */
const orphaned = (parts: Parts, run: Run): Promise<void> =>
  dropped(
    parts,
    run,
    new RetrofitError('target_failed', { detail: `The version of ${run.bot} that this run started with is gone.`, retryable: false })
  )

/** Written by somebody else, or changed; or accepted by a version that proved nothing: then nothing is lost by a second try. */
function unordered(parts: Parts, run: Run): Promise<void> {
  parts.telemetry.log.error({ runId: run.id }, 'a run in the ledger does not have the proof of this installation; it is not carried out')
  const detail = 'The row of this run does not show that this service accepted it as it is: an older version wrote it, or somebody else.'
  return dropped(parts, run, new RetrofitError('internal_error', { detail, retryable: run.proof === undefined }))
}

async function dropped(parts: Parts, run: Run, problem: RetrofitError): Promise<void> {
  const now = parts.store.now()
  const error = runErrorOf(problem)
  const next = run.effect === 'none' ? fail(run, error, { now }) : park(run, error, { now, probeAt: undefined })
  if (!(await parts.store.updateRun(next))) return
  parts.telemetry.runEnded(next)
  if (run.attempt === 0) moveUp(parts, next)
}
