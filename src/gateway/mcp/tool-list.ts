/** `tools/list`: a tool for each action that the caller may use, or three tools to find them where they are too many. */
import type { Action, Caller, JsonObject } from '../../core/types.ts'
import { listedOutput } from '../../surface/listed-output.ts'
import { withPending } from '../../surface/mcp-output.ts'
import { modelSchema } from '../../surface/model-schema.ts'
import type { SessionForm } from '../../surface/session-input.ts'
import { toolOf } from '../tools.ts'
import { versionName } from './bot-version.ts'
import { actionsOf, type McpDoor } from './door.ts'
import { withKeyArgument } from './idempotency.ts'
import { openSessionTool } from './open-session.ts'
import { catalogueTools, runTools } from './own-tools.ts'

/** With all that there is to know of it; undefined: the action can not be a tool. */
export function definitionOf(action: Action, session: SessionForm = 'none'): JsonObject | undefined {
  const { definition } = toolOf(action, 'mcp', false, session)
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

/** As it stands in the list, where each word costs something in every turn. */
function listedDefinition({ settings }: McpDoor, action: Action, session: SessionForm): JsonObject | undefined {
  const definition = definitionOf(action, session)
  if (definition === undefined) return undefined
  const { outputSchema: _, ...rest } = definition
  const outputSchema = listedOutput(modelSchema(action.output), settings.mcpOutputCharacters)
  return { ...rest, ...(outputSchema === undefined ? {} : { outputSchema }) }
}

/** Beyond the limit a list costs more tokens than a search. */
export const isLarge = ({ settings }: McpDoor, actions: readonly Action[]): boolean => actions.length > settings.mcpToolLimit

/** The same order each time, so that a client's prompt cache holds. */
export function toolsFor(door: McpDoor, caller: Caller, session: SessionForm = 'none'): readonly JsonObject[] {
  const actions = actionsOf(door, caller)
  const own = [
    ...(isLarge(door, actions) ? catalogueTools : []),
    ...(session !== 'carried' && actions.some(action => action.session !== undefined) ? [openSessionTool] : []),
    ...runTools
  ]
  const defined = isLarge(door, actions) ? [] : actions.map(action => alone(door, action, session)).filter(one => one !== undefined)
  return [...defined, ...own.map(({ definition }) => definition)]
}

/** One that can not be defined is missing by itself, and is named in the log. */
function alone(door: McpDoor, action: Action, session: SessionForm): JsonObject | undefined {
  try {
    const definition = listedDefinition(door, action, session)
    const { notes } = toolOf(action, 'mcp', false, session)
    if (definition === undefined) door.tellLeftOut(action, 'mcp', notes.find(({ kind }) => kind === 'left_out')?.did ?? 'left out')
    return definition
  } catch (error) {
    door.tellLeftOut(action, 'mcp', (error as Error).message)
    return undefined
  }
}
