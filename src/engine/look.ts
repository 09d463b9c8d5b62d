/** One look of a probe: what it saw, in words and, masked, as it read it. */
import type { PartialList } from '../core/partial-list.ts'
import type { ProbeSight } from '../core/probe-sight.ts'
import type { Json, JsonObject, RunError } from '../core/types.ts'
import type { Span } from '../telemetry/telemetry.ts'
import { heeding } from './attempt.ts'
import { type CallWork, type OpenCall, openCall } from './call.ts'
import { credentialsOf } from './credentials-of.ts'
import { keepAnswer } from './misfit.ts'
import { technicalErrorOf } from './outcome.ts'
import { shown } from './shown.ts'

export interface Sight extends Pick<ProbeSight, 'seen' | 'detail' | 'extracted'> {
  /** Present with `found` and `weak`. */
  readonly output?: Json | undefined
  /** Present with `found` where no output can be made of what was read: why. */
  readonly error?: RunError | undefined
  /** Nothing could be seen, so it says nothing of the probe. */
  readonly isBlind?: true | undefined
  /** The lists of it that are not whole. */
  readonly partials?: readonly PartialList[] | undefined
  /** Keeps with the run what was read. */
  readonly keep?: (() => Promise<void>) | undefined
}

export interface Looking extends CallWork {
  /** The run's, open. */
  readonly input: JsonObject
}

/** Never rejects. */
export async function look(work: Looking, root: Span): Promise<Sight> {
  const { parts, bot, action, holding, input } = work
  const adapter = parts.adapters[bot.adapter]
  if (action.probe === undefined || adapter?.probe === undefined) return { seen: 'unclear', detail: 'there is no probe' }
  let call: OpenCall | undefined
  try {
    const credentials = await credentialsOf(parts.secrets, bot, holding.run.tenant)
    const open = openCall(work, { root, credentials, input, mayCommit: false })
    call = open
    const result = await heeding(adapter.probe(call), holding.signal)
    const { reference } = holding.run
    const extracted = result.extracted !== undefined && call.holdsSecret(result.extracted) ? undefined : result.extracted
    const seen = { extracted: shown(extracted, { action, input, reference, redact: call.redact }) }
    if (!result.found) return { ...seen, ...notFound(result.blind, call.partials) }
    if (call.holdsSecret(result.output)) return { seen: 'secret', detail: 'what the probe read holds a credential' }
    const { output } = result
    const { partials } = call
    if (action.probe.weak) return { ...seen, seen: 'weak', detail: 'a weak probe found a record that may be another one', output }
    return { ...seen, seen: 'found', detail: 'the probe found the effect', output, partials, keep: () => keepAnswer(work, open, output) }
  } catch (error) {
    root.fail(error)
    if (call?.answer() !== undefined && !holding.signal.aborted) return withoutOutput(work, call, error)
    const { detail } = technicalErrorOf(error, text => call?.redact(text) ?? text)
    return { seen: 'unclear', detail: `the probe could not look: ${detail}`.slice(0, 400) }
  } finally {
    call?.close()
  }
}

/** A record that is not in a part of a list may be in the rest. */
function notFound(blind: string | undefined, [partial]: readonly PartialList[]): Pick<Sight, 'seen' | 'detail' | 'isBlind'> {
  if (blind !== undefined) return { seen: 'unclear', detail: `the probe can not tell: ${blind}`, isBlind: true }
  if (partial === undefined) return { seen: 'absent', detail: 'the probe did not find the effect' }
  return { seen: 'unclear', detail: `the probe did not find the effect, and ${partial.name} is not whole: ${partial.reason}` }
}

/** It had found the effect, and failed at what it made of it. */
function withoutOutput(work: Looking, call: OpenCall, error: unknown): Sight {
  if (work.action.probe?.weak) return { seen: 'weak', detail: 'a weak probe found a record that may be another one' }
  return {
    seen: 'found',
    detail: 'the probe found the effect, and no output can be made of what it read',
    error: technicalErrorOf(error, call.redact),
    keep: () => keepAnswer(work, call)
  }
}
