/** Says what a new version of an operator's file changes for its callers. It is served as it is written: the folder is the operator's word. */
import { sayChange } from './core/contract/contract.ts'
import type { Bot } from './core/types.ts'
import { botChanges, type Written } from './engine/bot-changes.ts'
import { contractOfSource } from './manifest/contract-of.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

/** Loudest where nobody has raised the major version. Whatever goes wrong here, the bot is served. */
export async function tellOfChanges(
  before: Written | undefined,
  { name, source, digest }: Bot,
  { log }: Pick<Telemetry, 'log'>
): Promise<void> {
  try {
    if (before === undefined) return
    const version = ({ source, digest }: Written) => ({ contract: contractOfSource(source), digest })
    const changed = await botChanges(version(before), version({ source, digest }))
    for (const change of changed?.changes ?? []) {
      const line = `bot ${name}: ${change.where} (${change.pointer}): ${sayChange(change)}`
      if (!change.breaking) log.info(`changed: ${line}`)
      else if (changed?.needsAllowBreaking === true) log.error(`BREAKS CALLERS under the same major version: ${line}`)
      else log.warn(`breaks callers: ${line}`)
    }
  } catch (error) {
    log.warn({ err: error }, `bot ${name}: could not compare it with the version before`)
  }
}
