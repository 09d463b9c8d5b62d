/** How an MCP client pins the version of a bot: in `_meta`, or as an argument, with the digest that the tool's own `_meta` tells. */
import type { Action, JsonObject } from '../../core/types.ts'
import { checkedVersion } from '../call-headers.ts'
import { reservedName } from './reserved-names.ts'

/** In `_meta` of a tool and of a call, and the name of the argument; `botVersion_2` where the action has an input of that name. */
export const versionName = 'botVersion'

const toldBy = '_meta of its tool in the list of tools'

export interface Versioned {
  readonly args: JsonObject
  readonly botVersion: string | undefined
}

export function takeVersion(action: Action, args: JsonObject, meta: Readonly<Record<string, unknown>>): Versioned {
  const name = reservedName(versionName, action)
  const { [name]: argument, ...rest } = args
  const wanted = meta[versionName] ?? argument
  return { args: rest, botVersion: wanted === undefined || wanted === null ? undefined : checkedVersion(wanted, `/${name}`, toldBy) }
}
