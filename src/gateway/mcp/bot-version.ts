/** How an MCP client pins the version of a bot: in `_meta`, or as an argument, with the digest that the tool's own `_meta` tells. */
import type { Action, JsonObject } from '../../core/types.ts'
import { checkedVersion } from '../call-headers.ts'

/** In `_meta` of a tool and of a call, and the name of the argument where the action has none of that name. */
export const versionName = 'botVersion'

export interface Versioned {
  readonly args: JsonObject
  readonly botVersion: string | undefined
}

export function takeVersion(action: Action, args: JsonObject, meta: Readonly<Record<string, unknown>>): Versioned {
  const isOurs = !Object.hasOwn((action.input.properties ?? {}) as JsonObject, versionName)
  const { [versionName]: argument, ...rest } = args
  const wanted = meta[versionName] ?? (isOurs ? argument : undefined)
  return {
    args: isOurs ? rest : args,
    botVersion: wanted === undefined || wanted === null ? undefined : checkedVersion(wanted, `/${versionName}`)
  }
}
