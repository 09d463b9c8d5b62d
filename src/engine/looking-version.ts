/** Which version of its bot looks at a run again: that of today, where it can. */
import { keyOfRun } from '../core/bot-key.ts'
import { RetrofitError } from '../core/errors.ts'
import { isPoison } from '../core/lost-worker.ts'
import type { Action, Bot, JsonObject, Run } from '../core/types.ts'
import type { Parts } from './parts.ts'

export interface Lookers {
  /** Which looks. */
  readonly bot: Bot
  readonly action: Action
  /** As the run was accepted: its input and output are sealed by these schemas. Where that version is gone, as it is today. */
  readonly own: Action
  /** Open. */
  readonly input: JsonObject
}

/** Throws where today's version can not look, and says why. */
export async function today(parts: Parts, run: Run): Promise<Lookers> {
  const bot = parts.catalog.current(keyOfRun(run))
  const action = bot?.actions.find(({ name }) => name === run.action)
  if (bot === undefined || action === undefined)
    throw new RetrofitError('action_not_found', { detail: `There is no action ${run.action} any more.`, runId: run.id, effect: run.effect })
  const own = (await parts.catalog.actionOf(run)) ?? action
  const input = parts.sealer.open(own.input, run.input) as JsonObject
  if (action.probe === undefined || parts.adapters[bot.adapter]?.probe === undefined)
    throw notProbeable(run, `Version ${bot.version} of ${bot.name} has no probe for ${run.action}.`)
  const errors = action.checkInput(input)
  const detail = `The input of the run does not fit ${run.action} of version ${bot.version} any more, so that its probe can not look.`
  if (errors.length > 0) throw new RetrofitError('invalid_input', { detail, errors, runId: run.id, effect: run.effect, hint: correct })
  return { bot, action, own, input }
}

const correct = 'Make the input schema of the bot take what it took before, or look at the target yourself and resolve the run.'

/** A run is looked at when a probe can tell something about it. */
export function checkProbeable(run: Run): Run {
  if (run.expired === true) throw notProbeable(run, 'Its record has expired.')
  if (isPoison(run))
    throw notProbeable(run, 'Two workers were lost on it, and it may be what they died of: look at the target and resolve it.')
  if (run.status === 'outcome_unknown' || run.effect === 'committed') return run
  throw notProbeable(run, `Its status is ${run.status}, its effect ${run.effect}.`)
}

const notProbeable = (run: Run, detail: string): RetrofitError =>
  new RetrofitError('not_probeable', { detail, effect: run.effect, runId: run.id })
