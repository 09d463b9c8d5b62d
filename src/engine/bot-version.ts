/** A caller that pins the version of a bot gets that one or learns what has changed. */
import { compareContracts } from '../core/contract/compare-contracts.ts'
import { type Contract, type ContractChange, sayChange } from '../core/contract/contract.ts'
import { contractOfAction } from '../core/contract/contract-of-bot.ts'
import { RetrofitError } from '../core/errors.ts'
import type { Action, Bot } from '../core/types.ts'
import type { Parts } from './parts.ts'

/** Undefined where the caller pins nothing, or the version that is served. */
export async function versionRefusal(
  { catalog }: Parts,
  { bot, action, pinned }: { readonly bot: Bot; readonly action: Action; readonly pinned: string | undefined }
): Promise<RetrofitError | undefined> {
  if (pinned === undefined || pinned === bot.digest) return undefined
  const before = await catalog.actionOf({ bot: bot.name, botDigest: pinned, botTenant: bot.tenant, action: action.name })
  if (before === undefined) return changed(`${bot.name} is at version ${bot.digest}; the pinned version is not known here.`, [])
  const changes = await compareContracts(contractOf(before), contractOf(action))
  const breaking = changes.filter(change => change.breaking).length
  const detail =
    changes.length === 0
      ? `${bot.name} is at version ${bot.digest}; the contract of ${action.name} is the same, what it does may not be.`
      : `${bot.name} is at version ${bot.digest}; ${action.name} has ${breaking} breaking and ${changes.length - breaking} other changes.`
  return changed(detail, changes)
}

const changed = (detail: string, changes: readonly ContractChange[]): RetrofitError =>
  new RetrofitError('version_changed', {
    detail,
    errors: changes.map(change => ({
      pointer: change.pointer,
      message: `${change.breaking ? 'breaking' : 'not breaking'}: ${sayChange(change)}`
    }))
  })

const contractOf = (action: Action): Contract => ({
  bot: action.bot,
  version: action.botVersion,
  actions: { [action.name.slice(action.bot.length + 1)]: contractOfAction(action) },
  shared: new Set()
})
