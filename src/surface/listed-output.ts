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
 * Also what is still running fits it: nothing is required of the whole, and what both have by one name is not typed. What is longer
 * than `most` characters of JSON is told less of: the types of its members, or only that it is an object. Undefined: it is none.
 */
export function listedOutput(output: JsonObject, most: number): JsonObject | undefined {
  if (output.type !== 'object') return undefined
  const { additionalProperties: _, properties, ...rest } = shape(output) as JsonObject
  const named = Object.entries(isObject(properties) ? properties : {}).map(
    ([name, schema]) => [name, shared.has(name) ? {} : schema] as const
  )
  // A choice between whole outputs would leave no room for what is still running.
  if (named.length === 0 || wholes.some(keyword => Object.hasOwn(rest, keyword))) return bare
  const fits = (listed: JsonObject): boolean => JSON.stringify(listed).length <= most
  const [whole, flat] = [
    { ...rest, properties: Object.fromEntries(named) },
    { type: 'object', properties: Object.fromEntries(named.map(typeOnly)) }
  ]
  return fits(whole) ? whole : fits(flat) ? flat : bare
}

const bare: JsonObject = { type: 'object' }
const shared: ReadonlySet<string> = new Set(Object.keys(pendingSchema.properties as JsonObject))
const wholes = ['anyOf', 'oneOf', 'allOf', '$ref'] as const

const typeOnly = ([name, schema]: readonly [string, Json]): readonly [string, Json] => [
  name,
  isObject(schema) && schema.type !== undefined ? { type: schema.type } : {}
]

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
