/** `tools/list`: a tool for each action that the caller may use, or three tools to find them where they are too many. */
import type { Action, Caller, JsonObject } from '../../core/types.ts'
import { withPending } from '../../surface/mcp-output.ts'
import { toolOf } from '../tools.ts'
import { versionName } from './bot-version.ts'
import { actionsOf, type McpDoor } from './door.ts'
import { withKeyArgument } from './idempotency.ts'
import { catalogueTools, runTools } from './own-tools.ts'

/** As a client gets it; undefined: the action can not be a tool. */
export function definitionOf(action: Action): JsonObject | undefined {
  const { definition } = toolOf(action, 'mcp', false)
  if (definition === undefined) return undefined
  const { inputSchema, outputSchema, ...rest } = definition
  const output = outputSchema === undefined ? undefined : withPending(outputSchema as JsonObject)
  return {
    ...rest,
    inputSchema: withKeyArgument(action, inputSchema as JsonObject),
    ...(output === undefined ? {} : { outputSchema: output }),
    _meta: { [versionName]: action.botVersion }
  }
}

/** Beyond the limit a list costs more tokens than a search. */
export const isLarge = ({ settings }: McpDoor, actions: readonly Action[]): boolean => actions.length > settings.mcpToolLimit

/** The same order each time, so that a client's prompt cache holds. */
export function toolsFor(door: McpDoor, caller: Caller): readonly JsonObject[] {
  const actions = actionsOf(door, caller)
  const own = isLarge(door, actions) ? [...catalogueTools, ...runTools] : runTools
  const defined = isLarge(door, actions) ? [] : actions.map(definitionOf).filter(definition => definition !== undefined)
  return [...defined, ...own.map(({ definition }) => definition)]
}
