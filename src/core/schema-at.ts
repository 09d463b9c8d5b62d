/** What a schema says about a part of a value. */
import type { Json, JsonObject, JsonSchema } from './types.ts'

export const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

const combiners = ['allOf', 'anyOf', 'oneOf'] as const
const conditionals = ['if', 'then', 'else'] as const

/** Several schemas may describe one value (allOf, anyOf, $ref beside other keywords): all that can have a say. */
export function expand(root: JsonSchema, schemas: readonly JsonSchema[]): readonly JsonSchema[] {
  const seen = new Set<JsonSchema>()
  const open = [...schemas]
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    if (seen.has(schema)) continue
    seen.add(schema)
    if (typeof schema.$ref === 'string') open.push(...asSchemas(resolveRef(root, schema.$ref)))
    for (const name of combiners) if (Array.isArray(schema[name])) open.push(...(schema[name] as readonly Json[]).filter(isObject))
    for (const name of conditionals) open.push(...asSchemas(schema[name]))
  }
  return [...seen]
}

const asSchemas = (value: Json | undefined): readonly JsonSchema[] => (isObject(value) ? [value] : [])

/** Resolves a local `$ref`; undefined when it leads nowhere. */
export function resolveRef(root: JsonSchema, ref: string): Json | undefined {
  if (!ref.startsWith('#')) return undefined
  let at: Json | undefined = root
  for (const token of ref.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}

/** Of expanded schemas; without an index: of any item. */
export const itemSchemas = (schemas: readonly JsonSchema[], index?: number): readonly JsonSchema[] =>
  schemas.flatMap(schema => {
    const first = Array.isArray(schema.prefixItems) ? (schema.prefixItems as readonly Json[]) : []
    return [...(index === undefined ? first : [first[index]]).flatMap(asSchemas), ...asSchemas(schema.items)]
  })

/** Of expanded schemas; without a name: of any member that `properties` does not name. */
export function memberSchemas(schemas: readonly JsonSchema[], name?: string): readonly JsonSchema[] {
  return schemas.flatMap(schema => {
    const properties = schema.properties
    const own = name !== undefined && isObject(properties) && Object.hasOwn(properties, name) ? asSchemas(properties[name]) : []
    const patterns = isObject(schema.patternProperties) ? Object.values(schema.patternProperties).flatMap(asSchemas) : []
    return [...own, ...patterns, ...(own.length === 0 ? asSchemas(schema.additionalProperties) : [])]
  })
}
