/** Smaller inputs on request: agents pay for every property that they read. */
import type { Json, JsonObject } from '../../../core/types.ts'

interface Wishes {
  readonly onlyRequired?: boolean
  readonly flatten?: boolean
}

export function shorten(schema: JsonObject, { onlyRequired = false }: Wishes): JsonObject {
  return onlyRequired ? (withoutOptional(schema) as JsonObject) : schema
}

/** Properties that a condition names stay: without them it could not be met. */
function withoutOptional(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema
  const { properties, ...rest } = schema as JsonObject
  const kept = isMap(rest.items) ? { ...rest, items: withoutOptional(rest.items) } : rest
  if (!isMap(properties)) return kept
  const named = new Set(namesIn(rest))
  const members = Object.entries(properties).filter(
    ([name, member]) => named.has(name) || (isMap(member) && isMap(member.xml) && member.xml['x-header'] === true)
  )
  return { ...kept, properties: Object.fromEntries(members.map(([name, member]) => [name, withoutOptional(member)])) }
}

const isMap = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function namesIn({ required, allOf, anyOf, oneOf, not, dependentRequired }: JsonObject): readonly string[] {
  const inner = [allOf, anyOf, oneOf].flatMap(each => (Array.isArray(each) ? (each as readonly Json[]) : []))
  return [
    ...(Array.isArray(required) ? required.map(String) : []),
    ...inner.flatMap(each => (isMap(each) ? namesIn(each) : [])),
    ...(isMap(not) ? namesIn(not) : []),
    ...(isMap(dependentRequired) ? Object.keys(dependentRequired) : [])
  ]
}
