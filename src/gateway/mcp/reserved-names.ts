/** Arguments of ours beside those of an action: an action may have an input of the same name itself. */
import { expand, isObject } from '../../core/schema-at.ts'
import type { Action, Json, JsonObject } from '../../core/types.ts'
import { free } from '../../surface/argument-names.ts'
import type { ArgumentNames } from '../../surface/hint-for.ts'
import { toolOf } from '../tools.ts'

/** The argument for the key of a call, by which two tries of it are one. */
export const keyArgument = 'idempotency_key'

/** `wanted`, or `wanted_2` where the action takes an input of that name, or one that a model is shown by that name. */
export function reservedName(wanted: string, action: Action): string {
  const { inputSchema } = toolOf(action, 'mcp', false).definition ?? {}
  return free(wanted, new Set([...namesIn(action.input), ...(isObject(inputSchema) ? namesIn(inputSchema) : [])]))
}

/** Also those of alternatives and of what a `$ref` leads to. */
const namesIn = (schema: JsonObject): readonly string[] =>
  expand(schema, [schema]).flatMap(({ properties, required }) => [
    ...(isObject(properties as Json | undefined) ? Object.keys(properties as JsonObject) : []),
    ...(Array.isArray(required) ? (required as readonly string[]) : [])
  ])

/** What the hints of an action call them. */
export const argumentNamesOf = (action: Action): ArgumentNames => ({
  idempotencyKey: reservedName(keyArgument, action),
  session: free('session', new Set(namesIn(action.input))),
  isGuarded: action.idempotency.key !== undefined
})
