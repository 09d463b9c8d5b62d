/** Finds the values that a schema marks `x-sensitive` and replaces them. */
import type { Json, JsonObject, JsonSchema } from '../core/types.ts'

type Replace = (value: Json) => Json

const isObject = (value: Json | undefined): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

const marked = new WeakMap<JsonSchema, boolean>()

/** Whether any part of the schema is marked; most are not, and cost nothing. */
function hasMarks(schema: JsonSchema): boolean {
  let known = marked.get(schema)
  if (known === undefined) {
    known = JSON.stringify(schema).includes('"x-sensitive"')
    marked.set(schema, known)
  }
  return known
}

/** The value with every marked part replaced; the value itself when nothing is marked. */
export function replaceSensitive(schema: JsonSchema, value: Json, replace: Replace): Json {
  return hasMarks(schema) ? walk({ root: schema, replace }, [schema], value) : value
}

/** Every marked text or number in the value, as text. */
export function sensitiveTexts(schema: JsonSchema, value: Json): readonly string[] {
  const texts: string[] = []
  replaceSensitive(schema, value, found => {
    collectTexts(found, texts)
    return found
  })
  return texts
}

function collectTexts(value: Json, into: string[]): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value !== 'object') into.push(String(value))
  else for (const part of Object.values(value)) collectTexts(part, into)
}

interface Context {
  readonly root: JsonSchema
  readonly replace: Replace
}

/** Several schemas may describe one value (allOf, anyOf, $ref beside other keywords): a mark in any of them counts. */
function walk(context: Context, schemas: readonly JsonSchema[], value: Json): Json {
  const all = expand(context.root, schemas)
  if (all.some(schema => schema['x-sensitive'] !== undefined && schema['x-sensitive'] !== false)) return context.replace(value)
  if (Array.isArray(value)) return value.map((item, index) => walk(context, itemSchemas(all, index), item))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(context, memberSchemas(all, name), member)]))
}

const combiners = ['allOf', 'anyOf', 'oneOf'] as const
const conditionals = ['if', 'then', 'else'] as const

function expand(root: JsonSchema, schemas: readonly JsonSchema[]): readonly JsonSchema[] {
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

function resolveRef(root: JsonSchema, ref: string): Json | undefined {
  if (!ref.startsWith('#')) return undefined
  let at: Json | undefined = root
  for (const token of ref.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}

const itemSchemas = (schemas: readonly JsonSchema[], index: number): readonly JsonSchema[] =>
  schemas.flatMap(schema => [
    ...asSchemas(Array.isArray(schema.prefixItems) ? (schema.prefixItems as readonly Json[])[index] : undefined),
    ...asSchemas(schema.items)
  ])

function memberSchemas(schemas: readonly JsonSchema[], name: string): readonly JsonSchema[] {
  return schemas.flatMap(schema => {
    const properties = schema.properties
    const own = isObject(properties) && Object.hasOwn(properties, name) ? asSchemas(properties[name]) : []
    const patterns = isObject(schema.patternProperties) ? Object.values(schema.patternProperties).flatMap(asSchemas) : []
    return [...own, ...patterns, ...(own.length === 0 ? asSchemas(schema.additionalProperties) : [])]
  })
}
