/** A probe is tried on a run whose effect is known: it must find it, and read what the action answered. */
import { canonicalJson } from '../core/canonical-json.ts'
import { longTimer } from '../core/long-timer.ts'
import type { ProbeSight } from '../core/probe-sight.ts'
import { isObject } from '../core/schema-at.ts'
import type { Json, Run } from '../core/types.ts'
import { sensitiveTexts } from '../governance/sensitive.ts'
import { look, type Sight } from './look.ts'
import type { Lookers } from './looking-version.ts'
import type { Parts } from './parts.ts'

/** Changes nothing. Never rejects but for a run that can not be read. */
export async function compare(parts: Parts, run: Run, { by, shutdown }: { by: Lookers; shutdown: AbortSignal }): Promise<ProbeSight> {
  const { bot, action, own, input } = by
  const span = parts.telemetry.startSpan(`probe ${action.name}`, {
    parent: run.traceparent,
    attributes: { 'retrofit.run_id': run.id }
  })
  const limit = new AbortController()
  const stop = () => limit.abort(new Error('there was no time left'))
  const timer = longTimer(stop, action.timeouts.runMs)
  shutdown.addEventListener('abort', stop)
  const held = { run, signal: limit.signal, advance: async () => run, lease: refuse, stop: () => undefined }
  try {
    const sight = await look(
      { parts, bot, action, holding: held, input, sensitive: sensitiveTexts(own.input, input), files: 'dropped' },
      span
    )
    const output = run.output === undefined ? undefined : parts.sealer.open(own.output, run.output)
    const problem = disagreement(sight, { by, output })
    const { seen, extracted } = sight
    const agrees = sight.isBlind ? undefined : problem === undefined
    span.set({ 'retrofit.probe': sight.seen, 'retrofit.probe_agrees': agrees ?? 'unknown' })
    return { seen, extracted, agrees, detail: problem ?? sight.detail, at: parts.store.now(), botDigest: bot.digest }
  } finally {
    timer.clear()
    shutdown.removeEventListener('abort', stop)
    span.end()
  }
}

const refuse = (): never => {
  throw new Error('a probe has no commit point')
}

const happened = 'although the run is committed'

function disagreement(sight: Sight, { by, output }: { by: Lookers; output: Json | undefined }): string | undefined {
  if (sight.isBlind) return undefined
  if (sight.seen === 'absent' || sight.seen === 'unclear') return `${sight.detail}, ${happened}`
  if (sight.seen === 'secret') return sight.detail
  const read = sight.output ?? null
  const [misfit] = by.own.checkOutput(read)
  if (misfit !== undefined)
    return `the probe found the effect, but what it read does not fit the output schema: ${misfit.pointer || 'the output'} ${misfit.message}`
  const places = output === undefined ? [] : differences(output, read)
  if (places.length === 0) return undefined
  return `the probe found the effect, but what it read is not what the action answered: it differs at ${places.slice(0, 5).join(', ')}`
}

/** JSON Pointers of what is not the same, from the root down. */
function differences(one: Json, other: Json, pointer = ''): readonly string[] {
  if (canonicalJson(one) === canonicalJson(other)) return []
  if (!isObject(one) || !isObject(other)) return [pointer === '' ? 'the whole output' : pointer]
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  return names.flatMap(name => {
    const place = `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const [here, there] = [one[name], other[name]]
    return here === undefined || there === undefined ? (here === there ? [] : [place]) : differences(here, there, place)
  })
}
