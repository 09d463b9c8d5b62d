/** Why a manifest is not registered, beside what it changes. */
import { RetrofitError } from '../core/errors.ts'
import type { ManifestIssue } from '../core/manifest-issue.ts'
import type { Bot, Caller } from '../core/types.ts'
import { missingScopes } from '../governance/scopes.ts'

/** Nobody hands out what they do not hold: an action with a scope of its own would be a way to callers that trust that scope. */
export function allowScopes({ scopes }: Caller, { actions }: Bot): void {
  const missing = [...new Set(actions.flatMap(action => missingScopes(scopes, action.scopes)))]
  if (missing.length > 0)
    throw new RetrofitError('insufficient_scope', {
      detail: `The manifest gives its actions scopes that the key does not hold: ${missing.join(', ')}.`,
      hint: 'Use scopes that the key holds, or register with a key that holds these too.'
    })
}

export const invalidManifest = (issues: readonly ManifestIssue[]): RetrofitError =>
  new RetrofitError('invalid_manifest', {
    detail: `The manifest has ${issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`}.`,
    errors: issues.map(({ line, column, pointer, message }) => ({ pointer, message: `line ${line}, column ${column}: ${message}` }))
  })
