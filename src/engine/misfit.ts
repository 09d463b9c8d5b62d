/** The target has answered, and no output can be made of its answer: the effect is known all the same. */
import { RetrofitError } from '../core/errors.ts'
import type { FieldError, Json, RunError } from '../core/types.ts'
import { mask } from '../governance/sealer.ts'
import type { OpenCall } from './call.ts'
import type { Work } from './execute.ts'
import { runErrorOf } from './outcome.ts'

const hint =
  'It was done: do not send it again. What the target answered is kept with the run; report the run id to the owner of the bot, who corrects the output.'

export const unfitOutput = (action: string, errors: readonly FieldError[]): RetrofitError =>
  new RetrofitError('invalid_output', { detail: `The output of ${action} does not fit its schema.`, errors })

/** The error of a run whose effect is there. `technical`: why there is no output. */
export const committedMisfit = ({ code, detail, errors, targetSaid }: RunError): RunError => {
  const why = code === 'invalid_output' ? detail : `The target answered, and no output can be made of its answer: ${detail}`
  const error = new RetrofitError('invalid_output', { detail: why.slice(0, 1_000), errors: errors ?? [], effect: 'committed', hint })
  return { ...runErrorOf(error), ...(targetSaid === undefined ? {} : { targetSaid }) }
}

const longest = 65_536

/** Keeps the value that was read, and the raw answer where the adapter has it; the failure itself is what the caller must hear of. */
export async function keepAnswer({ action }: Pick<Work, 'action'>, call: OpenCall, output?: Json): Promise<void> {
  const { value, keep } = call.answer() ?? {}
  const read = value ?? output
  if (action.evidence === 'none') return
  if (read !== undefined && !call.holdsSecret(read)) await attachRead(call, mask(action.output, read)).catch(() => undefined)
  await keep?.().catch(() => undefined)
}

function attachRead(call: OpenCall, value: Json): Promise<void> {
  // Cut last: half a secret would not be found.
  const text = call.redact(JSON.stringify(value, null, 1).slice(0, longest * 2)).slice(0, longest)
  return call.attach(`read-${call.run.attempt}.json`, Buffer.from(text), 'application/json')
}
