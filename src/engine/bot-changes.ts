/** What a new version of a bot changes for its callers, and whether that needs somebody's word. */
import { compareContracts } from '../core/contract/compare-contracts.ts'
import { type Contract, type ContractChange, sayChange } from '../core/contract/contract.ts'
import { contractOfBot } from '../core/contract/contract-of-bot.ts'
import { RetrofitError } from '../core/errors.ts'
import type { Records } from '../core/ports.ts'
import { isSameMajor } from '../core/same-major.ts'
import type { Bot } from '../core/types.ts'
import { versionId } from '../core/version.ts'

export interface BotChanges {
  /** The version that was served until now. */
  readonly against: { readonly version: string; readonly digest: string }
  readonly changes: readonly ContractChange[]
  /** A breaking change under the same major version: it is registered only where the caller says that it is meant. */
  readonly needsAllowBreaking: boolean
}

/** A version of a bot's manifest. */
export type Written = Pick<Bot, 'source' | 'digest'>

export interface BotVersion {
  readonly contract: Contract
  readonly digest: string
}

export const versionOf = (bot: Bot): BotVersion => ({ contract: contractOfBot(bot), digest: bot.digest })

/** Undefined: there is nothing to compare with. */
export async function botChanges(before: BotVersion | undefined, after: BotVersion): Promise<BotChanges | undefined> {
  if (before === undefined) return undefined
  const changes = before.digest === after.digest ? [] : await compareContracts(before.contract, after.contract)
  const isBroken = changes.some(({ breaking }) => breaking)
  return {
    against: { version: before.contract.version, digest: before.digest },
    changes,
    needsAllowBreaking: isBroken && isSameMajor(before.contract.version, after.contract.version)
  }
}

export function breakingChange({ against, changes }: BotChanges, { name, version }: Bot): RetrofitError {
  const breaking = changes.filter(change => change.breaking)
  const count = breaking.length === 1 ? 'one breaking change' : `${breaking.length} breaking changes`
  return new RetrofitError('breaking_change', {
    detail: `${name} ${version} has ${count} for callers of ${against.version}, which has the same major version.`,
    errors: breaking.map(change => ({ pointer: change.pointer, message: `${change.where}: ${sayChange(change)}` }))
  })
}

/** The file that was served last, here or by a process that has ended; from now on it is this one. */
export async function nextFile(records: Records, bot: Bot): Promise<Written | undefined> {
  const last = (await records.get('bot-file', bot.name)) as { readonly digest: string } | undefined
  if (last?.digest === bot.digest) return undefined
  await records.put('bot-file', bot.name, { digest: bot.digest })
  const kept = last === undefined ? undefined : await records.get('bot-version', versionId(bot.name, last.digest))
  return last === undefined || kept === undefined
    ? undefined
    : { source: (kept as { readonly source: string }).source, digest: last.digest }
}
