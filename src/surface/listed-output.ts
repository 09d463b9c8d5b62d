/** The output schema of a tool in MCP's list: its shape alone, and only where that is short. `describe_action` tells all of it. */
import type { Json, JsonObject } from '../core/types.ts'
import { isObject } from './flatten.ts'
import { pendingSchema } from './mcp-output.ts'

const kept: ReadonlySet<string> = new Set([
  ...['type', 'properties', 'items', 'prefixItems', 'additionalProperties', 'anyOf', 'oneOf', 'allOf', '$ref', '$defs', 'x-untrusted']
])
/** Their members are names that people chose. */
const maps: ReadonlySet<string> = new Set(['properties', '$defs'])

/**
 * Also what is still running fits it: nothing is required of the whole, and what both have by one name is not typed. Undefined: it is
 * no object, or longer than `most` characters of JSON.
 */
export function listedOutput(output: JsonObject, most: number): JsonObject | undefined {
  if (output.type !== 'object') return undefined
  const { additionalProperties: _, properties, ...rest } = shape(output) as JsonObject
  const shared = Object.keys(pendingSchema.properties as JsonObject)
  const named = Object.entries(isObject(properties) ? properties : {}).map(
    ([name, schema]) => [name, shared.includes(name) ? {} : schema] as const
  )
  const listed = { ...rest, ...(named.length === 0 ? {} : { properties: Object.fromEntries(named) }) }
  const holdsAll = !['anyOf', 'oneOf', 'allOf', '$ref'].some(keyword => Object.hasOwn(listed, keyword))
  return holdsAll && named.length > 0 && JSON.stringify(listed).length <= most ? listed : undefined
}

function shape(schema: Json): Json {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map(shape)
  if (!isObject(schema)) return schema
  // What is masked is a text, whatever it was.
  if (schema['x-sensitive'] === 'secret') return {}
  const entries = Object.entries(schema).filter(
    ([keyword, value]) => kept.has(keyword) && value !== false && !(keyword === 'additionalProperties' && value === true)
  )
  return Object.fromEntries(entries.map(([keyword, value]) => [keyword, maps.has(keyword) ? members(value) : shape(value)]))
}

const members = (map: Json): Json =>
  Object.fromEntries(Object.entries(isObject(map) ? map : {}).map(([name, schema]) => [name, shape(schema)]))
