/** After the commit point and the settle time: a read tells whether the effect is there. */
import { FenceLost } from '../core/errors.ts'
import { nextProbeAt } from '../core/retry.ts'
import { complete, failCommitted, park, requeue } from '../core/run.ts'
import type { Json, JsonObject, Run, RunError } from '../core/types.ts'
import { heeding } from './attempt.ts'
import { type OpenCall, openCall } from './call.ts'
import { credentialsOf } from './credentials-of.ts'
import type { Work } from './execute.ts'
import { committedMisfit, keepAnswer, unfitOutput } from './misfit.ts'
import { runErrorOf, secretInOutput, technicalErrorOf, unknownOutcome } from './outcome.ts'
import { goOnLater } from './publish.ts'
import { rememberOutput } from './session-use.ts'

type Sight =
  | { readonly seen: 'found'; readonly output: Json }
  /** Found, and what was read holds a credential. */
  | { readonly seen: 'secret' }
  /** Found, and no output can be made of it. */
  | { readonly seen: 'misfit'; readonly error: RunError }
  | { readonly seen: 'absent' | 'weak' | 'unclear'; readonly detail: string }

export async function probe(work: Work): Promise<void> {
  const { parts, action, holding } = work
  const span = parts.telemetry.startSpan(`probe ${action.name}`, {
    parent: holding.run.traceparent,
    attributes: { 'retrofit.run_id': holding.run.id }
  })
  try {
    const sight = await look(work, span)
    span.set({ 'retrofit.probe': sight.seen })
    await conclude(work, sight)
  } catch (error) {
    span.fail(error)
    if (!(error instanceof FenceLost))
      parts.telemetry.log.error({ runId: holding.run.id, err: error }, 'what the probe saw could not be written')
  } finally {
    span.end()
  }
}

async function look(work: Work, root: Parameters<typeof openCall>[1]['root']): Promise<Sight> {
  const { parts, bot, action, holding } = work
  const adapter = parts.adapters[bot.adapter]
  if (action.probe === undefined || adapter?.probe === undefined) return { seen: 'unclear', detail: 'there is no probe' }
  let call: OpenCall | undefined
  try {
    const credentials = await credentialsOf(parts.secrets, bot, holding.run.tenant)
    const input = parts.sealer.open(action.input, holding.run.input) as JsonObject
    call = openCall(work, { root, credentials, input, mayCommit: false })
    const result = await heeding(adapter.probe(call), holding.signal)
    if (!result.found) return { seen: 'absent', detail: 'the probe did not find the effect' }
    if (call.holdsSecret(result.output)) return { seen: 'secret' }
    return action.probe.weak ? weak : await checked(work, call, result.output)
  } catch (error) {
    root.fail(error)
    // It had found the effect.
    if (call?.answer() === undefined || holding.signal.aborted) return { seen: 'unclear', detail: 'the probe could not look' }
    if (action.probe.weak) return weak
    await keepAnswer(work, call)
    return { seen: 'misfit', error: technicalErrorOf(error, call.redact) }
  }
}

async function checked(work: Work, call: OpenCall, output: Json): Promise<Sight> {
  const errors = work.action.checkOutput(output)
  if (errors.length === 0) return { seen: 'found', output }
  await keepAnswer(work, call, output)
  return { seen: 'misfit', error: runErrorOf(unfitOutput(work.action.name, errors)) }
}

const weak: Sight = { seen: 'weak', detail: 'a weak probe found a record that may be another one' }

async function conclude(work: Work, sight: Sight): Promise<void> {
  const { parts, action, holding } = work
  if (sight.seen === 'found') return found(work, sight.output)
  if (sight.seen === 'secret') return endCommitted(work, runErrorOf(secretInOutput(action.name, 'committed')))
  if (sight.seen === 'misfit') return endCommitted(work, committedMisfit(sight.error))
  if (mayRunAgain(work) && (sight.seen === 'absent' || action.probe === undefined)) return again(work)
  const before =
    holding.run.error?.code === 'outcome_unknown' ? holding.run.error.detail.split('; the probe')[0] : 'The outcome is not known'
  const error = unknownOutcome(`${before}; ${sight.detail}`.slice(0, 500), holding.run.error?.targetSaid)
  const known = holding.run.status === 'outcome_unknown'
  const parked = await holding.advance((run, now) => park(run, error, { now, probeAt: laterLook(work, sight, now) }))
  if (!known) parts.telemetry.runEnded(parked)
}

/** Not once the caller was told that nobody knows: from there a later look or a person goes on. */
const mayRunAgain = ({ action, holding }: Work): boolean =>
  action.rerun !== undefined && holding.run.status === 'working' && holding.run.attempt < action.retry.attempts

const laterLook = ({ action, holding }: Work, sight: Sight, now: number): number | undefined =>
  action.probe === undefined || sight.seen === 'weak' ? undefined : nextProbeAt(now, action.settleMs, holding.run.probes)

async function found(work: Work, output: Json): Promise<void> {
  const { parts, action } = work
  const { session, tenant } = work.holding.run
  await rememberOutput(parts, { action, session, tenant, output })
  const ended = await work.holding.advance((run, now) =>
    complete(run, parts.sealer.seal(action.output, output), { now, note: 'found by the probe' })
  )
  parts.telemetry.runEnded(ended)
}

/** The effect is there, and nothing of what was read can be its output. */
async function endCommitted({ holding, parts }: Work, error: RunError): Promise<void> {
  parts.telemetry.runEnded(await holding.advance((run, now) => failCommitted(run, error, { now, note: 'found by the probe' })))
}

/** Only where the manifest says why a second run is harmless. */
async function again({ parts, holding }: Work): Promise<void> {
  const next: Run = await holding.advance((run, now) =>
    requeue(run, { now, notBefore: now, note: 'run again: a second run is harmless here' })
  )
  goOnLater(parts, next)
}
