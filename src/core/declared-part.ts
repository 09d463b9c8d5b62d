/** Keeps the members of a value that its schema declares. */
import { own } from './own.ts'
import { compilePattern } from './schema.ts'
import { expand, isObject, itemSchemas, memberSchemas } from './schema-at.ts'
import type { Json, JsonSchema } from './types.ts'

/**
 * The value without members that its schema does not name, at any depth. An object whose schema names no member at all is left whole,
 * and so is one whose `additionalProperties` are declared.
 */
export const declaredPart = (root: JsonSchema, value: Json): Json => partOf(root, [root], value)

function partOf(root: JsonSchema, some: readonly JsonSchema[], value: Json): Json {
  if (value === null || typeof value !== 'object') return value
  const schemas = expand(root, some)
  if (Array.isArray(value)) return (value as readonly Json[]).map((each, index) => partOf(root, itemSchemas(schemas, index), each))
  const names = schemas.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : []))
  const patterns = schemas.flatMap(({ patternProperties: each }) => (isObject(each) ? Object.keys(each).map(compilePattern) : []))
  const others = schemas
    .flatMap(each => [own(each, 'additionalProperties'), own(each, 'unevaluatedProperties')])
    .filter(each => each !== undefined)
  const isOpen = others.some(each => each !== false) || names.length + patterns.length + others.length === 0
  const isDeclared = (name: string) => isOpen || names.includes(name) || patterns.some(pattern => pattern.find(name) !== undefined)
  const members = Object.entries(value).filter(([name]) => isDeclared(name))
  return Object.fromEntries(members.map(([name, each]) => [name, partOf(root, memberSchemas(schemas, name), each)]))
}
