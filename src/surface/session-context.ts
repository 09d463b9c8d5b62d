/** What a session knows, as few tokens of text for a prompt. What actions read off a target stands in «», as in their own answers. */
import { own } from '../core/own.ts'
import type { Action, Json, JsonObject, JsonSchema, SessionPlace } from '../core/types.ts'
import { isObject } from './flatten.ts'
import { legend, textTwin } from './text-twin.ts'

export interface SessionContext {
  /** One line for each variable, the oldest first, so that a prompt's beginning stays the same. */
  readonly context: string
  /** What the marks in it mean, where there are any: for the part of a prompt that never changes. */
  readonly note?: string
}

export function sessionContext(values: JsonObject, schema: JsonSchema): SessionContext {
  if (Object.keys(values).length === 0) return { context: '' }
  const text = textTwin(values, schema)
  return text.startsWith(legend) ? { context: text.slice(legend.length + 1), note: legend } : { context: text }
}

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
    (schema, name) => (isObject(schema) && isObject(schema.properties) ? own(schema.properties, name) : undefined),
    output
  )
  return isObject(found) && !JSON.stringify(found).includes('"$ref"') ? found : { 'x-untrusted': true }
}
