/** What a caller may do to a run that it sees; the engine decides whether it sees it. */
import { RetrofitError } from '../core/errors.ts'
import type { Caller, Run } from '../core/types.ts'
import type { Engine } from '../engine/engine.ts'
import { allows, isOperatorScope, missingScopes } from '../governance/scopes.ts'

/** A run can be cancelled by the client that started it, and by holders of `runs:write`. */
export function checkMayCancel(caller: Caller, run: Run): void {
  if (run.clientId === caller.clientId || allows(caller.scopes, ['runs:write'])) return
  throw lacks(['runs:write'])
}

/** To retry is to call: who may not call the action may not retry it. */
export function checkMayRetry({ catalog }: Engine, caller: Caller, run: Run): void {
  const missing = missingScopes(caller.scopes, catalog.action(run.action, caller.tenant)?.action.scopes ?? [])
  if (missing.length > 0) throw lacks(missing)
}

export const lacks = (scopes: readonly string[]): RetrofitError =>
  new RetrofitError('insufficient_scope', {
    detail: `The key lacks ${scopes.join(', ')}`,
    hint: scopes.some(isOperatorScope) ? operatorHint : undefined
  })

const operatorHint =
  'This is for the operator: use an API key that has this scope. An access token never has it, whatever its issuer grants.'
