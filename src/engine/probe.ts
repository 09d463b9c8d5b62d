/** After the commit point and the settle time: a read tells whether the effect is there. */
import { FenceLost } from '../core/errors.ts'
import type { ProbeSight } from '../core/probe-sight.ts'
import { nextProbeAt } from '../core/retry.ts'
import { complete, failCommitted, park, requeue, withSight } from '../core/run.ts'
import type { Action, Json, Run, RunError } from '../core/types.ts'
import { sensitiveTexts } from '../governance/sensitive.ts'
import type { Work } from './execute.ts'
import { look, type Sight } from './look.ts'
import type { Lookers } from './looking-version.ts'
import { committedMisfit, unfitOutput } from './misfit.ts'
import { runErrorOf, secretInOutput, unknownOutcome } from './outcome.ts'
import { goOnLater } from './publish.ts'
import { rememberOutput } from './session-use.ts'
import { inWords } from './shown.ts'

/** `by`: which version looks. */
export async function probe(work: Work, by: Lookers): Promise<void> {
  const { parts, holding } = work
  const { bot, action, own, input } = by
  const span = parts.telemetry.startSpan(`probe ${action.name}`, {
    parent: holding.run.traceparent,
    attributes: { 'retrofit.run_id': holding.run.id }
  })
  try {
    const sight = await look({ parts, holding, bot, action, input, sensitive: sensitiveTexts(own.input, input) }, span)
    span.set({ 'retrofit.probe': sight.seen })
    await conclude({ ...work, ...by, sight })
  } catch (error) {
    span.fail(error)
    if (!(error instanceof FenceLost))
      parts.telemetry.log.error({ runId: holding.run.id, err: error }, 'what the probe saw could not be written')
  } finally {
    span.end()
  }
}

interface Seen extends Work {
  readonly own: Action
  readonly sight: Sight
}

const noted = ({ bot, sight: { seen, detail, extracted } }: Seen, now: number): ProbeSight => ({
  seen,
  detail,
  extracted,
  at: now,
  botDigest: bot.digest
})

async function conclude(seen: Seen): Promise<void> {
  const { parts, action, holding, sight } = seen
  if (sight.seen === 'found') return found(seen, sight.output ?? null)
  if (sight.seen === 'secret') return endCommitted(seen, runErrorOf(secretInOutput(action.name, 'committed')))
  if (mayRunAgain(seen) && (sight.seen === 'absent' || action.probe === undefined)) return again(seen)
  const before =
    holding.run.error?.code === 'outcome_unknown'
      ? holding.run.error.detail.split(/; (?:the|a weak) probe|; there is no probe/)[0]
      : 'The outcome is not known'
  const error = unknownOutcome(`${before}; ${sight.detail}${inWords(sight.extracted)}`.slice(0, 900), holding.run.error?.targetSaid)
  const known = holding.run.status === 'outcome_unknown'
  const parked = await holding.advance((run, now) =>
    park(withSight(run, noted(seen, now)), error, { now, probeAt: laterLook(seen, sight, now) })
  )
  if (!known) parts.telemetry.runEnded(parked)
}

/** Not once the caller was told that nobody knows: from there a later look or a person goes on. */
const mayRunAgain = ({ action, holding }: Work): boolean =>
  action.rerun !== undefined && holding.run.status === 'working' && holding.run.attempt < action.retry.attempts

const laterLook = ({ action, holding }: Work, sight: Sight, now: number): number | undefined =>
  action.probe === undefined || sight.seen === 'weak' ? undefined : nextProbeAt(now, action.settleMs, holding.run.probes)

/** The output is that of the version which the caller called. */
async function found(seen: Seen, output: Json): Promise<void> {
  const { parts, own } = seen
  if (seen.sight.error !== undefined) return misfit(seen, seen.sight.error)
  const errors = own.checkOutput(output)
  if (errors.length > 0) return misfit(seen, runErrorOf(unfitOutput(own.name, errors)))
  const { session, tenant } = seen.holding.run
  const { partials: partial } = seen.sight
  await rememberOutput(parts, { action: own, session, tenant, output })
  const ended = await seen.holding.advance((run, now) =>
    complete(withSight(run, noted(seen, now)), parts.sealer.seal(own.output, output), { now, partial, note: 'found by the probe' })
  )
  parts.telemetry.runEnded(ended)
}

async function misfit(seen: Seen, error: RunError): Promise<void> {
  await seen.sight.keep?.()
  await endCommitted(seen, committedMisfit(error))
}

/** The effect is there, and nothing of what was read can be its output. */
async function endCommitted(seen: Seen, error: RunError): Promise<void> {
  const { parts, holding } = seen
  const ended = await holding.advance((run, now) =>
    failCommitted(withSight(run, noted(seen, now)), error, { now, note: 'found by the probe' })
  )
  parts.telemetry.runEnded(ended)
}

/** Only where the manifest says why a second run is harmless. */
async function again({ parts, holding }: Work): Promise<void> {
  const next: Run = await holding.advance((run, now) =>
    requeue(run, { now, notBefore: now, note: 'run again: a second run is harmless here' })
  )
  goOnLater(parts, next)
}
