/** Tells the operator of actions that a document had to leave out: once for each version of an action and each document. */
import type { Action } from '../core/types.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

export type TellLeftOut = (action: Action, from: string, reason: string) => void

export function createTellLeftOut({ log }: Telemetry): TellLeftOut {
  const told = new WeakMap<Action, Set<string>>()
  return (action, from, reason) => {
    const known = told.get(action) ?? new Set()
    told.set(action, known)
    if (known.has(from)) return
    known.add(from)
    const { name, bot, botVersion } = action
    log.error({ action: name, bot, botVersion, from, reason }, `${name} is missing in ${from}: ${reason}; retrofit check says it too`)
  }
}
