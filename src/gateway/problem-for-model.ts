/** A problem as JSON for a model: what the target said stands in «», and so do the data of an error that the action declares. */
import { own } from '../core/own.ts'
import type { Action } from '../core/types.ts'
import { forModels } from '../surface/for-models.ts'
import { untrusted } from '../surface/text-twin.ts'
import type { Problem } from './problem.ts'

/** Words of a run may be its target's; those of a refusal are ours. */
export function problemForModel(problem: Problem, action?: Pick<Action, 'errors'>): Problem {
  const { detail, title, runId, targetSaid, data, code } = problem
  const schema = own(action?.errors ?? {}, code)?.data?.schema
  return {
    ...problem,
    detail: runId === undefined || detail === title ? detail : untrusted(detail),
    ...(targetSaid === undefined ? {} : { targetSaid: untrusted(targetSaid) }),
    ...(data === undefined ? {} : { data: forModels(data, schema ?? { 'x-untrusted': true }) })
  }
}
