/** What a session knows, as few tokens of text for a prompt. What actions read off a target stands in «», as in their own answers. */
import type { Action, Json, JsonObject, JsonSchema, SessionPlace } from '../core/types.ts'
import { isObject } from './flatten.ts'
import { textTwin } from './text-twin.ts'

/** One line for each variable, the oldest first, so that a prompt's beginning stays the same. */
export const sessionContext = (values: JsonObject, schema: JsonSchema): string =>
  Object.keys(values).length === 0 ? '' : textTwin(values, schema)

/** The variables as the outputs describe them that are remembered in them. */
export function variablesSchema(actions: readonly Action[]): JsonSchema {
  const places = actions.flatMap(({ output, session }) => (session?.remembers ?? []).map(place => ({ output, place })))
  const byName = Map.groupBy(places, ({ place }) => place.variable)
  const properties = [...byName].map(([name, all]): readonly [string, Json] => [
    name,
    { anyOf: all.map(({ output, place }) => schemaAt(output, place)) }
  ])
  return { type: 'object', properties: Object.fromEntries(properties) }
}

/** What leads elsewhere can not be followed from here: then all of it counts as written by somebody else. */
function schemaAt(output: JsonSchema, { path }: SessionPlace): JsonSchema {
  const found = path.reduce<Json | undefined>(
    (schema, name) => (isObject(schema) && isObject(schema.properties) ? schema.properties[name] : undefined),
    output
  )
  return isObject(found) && !JSON.stringify(found).includes('"$ref"') ? found : { 'x-untrusted': true }
}
