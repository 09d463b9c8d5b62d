/** A caller that pins the version of a bot gets that one or learns what has changed. */
import { type Change, contractChanges } from '../core/contract-changes.ts'
import { RetrofitError } from '../core/errors.ts'
import type { Action, Bot, JsonObject } from '../core/types.ts'
import type { Parts } from './parts.ts'

/** Undefined where the caller pins nothing, or the version that is served. */
export async function versionRefusal(
  { catalog }: Parts,
  { bot, action, pinned }: { readonly bot: Bot; readonly action: Action; readonly pinned: string | undefined }
): Promise<RetrofitError | undefined> {
  if (pinned === undefined || pinned === bot.digest) return undefined
  const before = await catalog.actionOf({ bot: bot.name, botDigest: pinned, botTenant: bot.tenant, action: action.name })
  if (before === undefined) return changed(`${bot.name} is at version ${bot.digest}; the pinned version is not known here.`, [])
  const changes = changesOf(before, action)
  const breaking = changes.filter(change => change.breaking).length
  const detail =
    changes.length === 0
      ? `${bot.name} is at version ${bot.digest}; the contract of ${action.name} is the same, what it does may not be.`
      : `${bot.name} is at version ${bot.digest}; ${action.name} has ${breaking} breaking and ${changes.length - breaking} other changes.`
  return changed(detail, changes)
}

const changed = (detail: string, changes: readonly Change[]): RetrofitError =>
  new RetrofitError('version_changed', {
    detail,
    errors: changes.map(({ breaking, what }) => ({ pointer: '', message: `${breaking ? 'breaking' : 'not breaking'}: ${what}` }))
  })

function changesOf(before: Action, after: Action): readonly Change[] {
  const contracts = contractChanges(contractOf(before), contractOf(after))
  const effect = `effect is ${after.effect}, it was ${before.effect}`
  const scopes = `scopes are ${after.scopes.join(', ')}, they were ${before.scopes.join(', ')}`
  return [
    ...(before.effect === after.effect ? [] : [{ breaking: true, where: after.name, what: effect }]),
    ...(before.scopes.join() === after.scopes.join() ? [] : [{ breaking: true, where: after.name, what: scopes }]),
    ...contracts
  ]
}

/** As `contractChanges` reads a manifest. */
function contractOf({ name, input, output, errors }: Action): JsonObject {
  const declared = Object.entries(errors).map(([code, { data }]) => [code, data === undefined ? {} : { data: data.schema }] as const)
  return { actions: { [name]: { input, output, errors: Object.fromEntries(declared) } } }
}
