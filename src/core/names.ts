/** What is known beforehand of the names that an expression reads: each value by its schema. */
import { compilePattern } from './schema.ts'
import { expand, isObject, itemSchemas, memberSchemas } from './schema-at.ts'
import type { Json, JsonObject, JsonSchema } from './types.ts'

/** A value, as far as it is known. */
export interface Known {
  /** Where `$ref` leads from. */
  readonly root: JsonSchema
  /** All that can have a say; none: nothing is known. */
  readonly schemas: readonly JsonSchema[]
  /** Members that the schema does not declare are never there. */
  readonly sealed?: boolean | undefined
}

export const knownBy = (schema: JsonSchema, sealed?: boolean): Known => ({ root: schema, schemas: [schema], sealed })

const asList = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])

/** The value and, where it is a list, its items: JSONata reads members of either. */
function withItems({ root, schemas }: Known): readonly JsonSchema[] {
  const seen = new Set<JsonSchema>()
  let open = expand(root, schemas)
  while (open.length > 0) {
    const fresh = open.filter(schema => !seen.has(schema))
    for (const schema of fresh) seen.add(schema)
    open = expand(root, itemSchemas(fresh))
  }
  return [...seen]
}

/** What is known of a member. */
export function memberOf(known: Known, name: string): Known {
  return { ...known, schemas: memberSchemas(withItems(known), name) }
}

/** The names that are declared. */
export const declaredIn = (known: Known): readonly string[] => [
  ...new Set(withItems(known).flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])))
]

/** No value that fits has a member of that name. */
export function forbids(known: Known, name: string): boolean {
  if (known.schemas.length === 0) return false
  if (known.sealed === true && isSealed(known, name)) return true
  return known.schemas.every(schema => refuses({ root: known.root, name, seen: new Set() }, schema))
}

/** It has declared members, and this is none of them. */
function isSealed(known: Known, name: string): boolean {
  const all = withItems(known)
  const isOpen = all.some(
    ({ patternProperties, additionalProperties }) => patternProperties !== undefined || isObject(additionalProperties)
  )
  const declared = declaredIn(known)
  return !isOpen && declared.length > 0 && !declared.includes(name)
}

interface Asked {
  readonly root: JsonSchema
  readonly name: string
  readonly seen: Set<Json>
}

const simpleTypes: ReadonlySet<string> = new Set(['string', 'number', 'integer', 'boolean', 'null'])

function refuses(asked: Asked, schema: Json): boolean {
  if (schema === false) return true
  if (!isObject(schema) || asked.seen.has(schema)) return false
  asked.seen.add(schema)
  const { root, name } = asked
  const types = typesOf(schema)
  if (types.length > 0 && types.every(type => simpleTypes.has(type))) return true
  if (types.includes('array')) {
    const isOnlyList = types.every(type => type === 'array' || simpleTypes.has(type))
    return isOnlyList && isObject(schema.items) && [schema.items, ...asList(schema.prefixItems)].every(item => refuses(asked, item))
  }
  if (declares(schema, name)) return isObject(schema.properties) && schema.properties[name] === false
  if (schema.additionalProperties === false) return true
  if (schema.unevaluatedProperties === false && !expand(root, [schema]).some(each => declares(each, name) || isOpen(each))) return true
  const anyOf = [schema.anyOf, schema.oneOf].map(asList).filter(branches => branches.length > 0)
  const also = [...refOf(root, schema), ...asList(schema.allOf)]
  return also.some(each => refuses(asked, each)) || anyOf.some(branches => branches.every(each => refuses(asked, each)))
}

const typesOf = ({ type }: JsonObject): readonly string[] => (typeof type === 'string' ? [type] : asList(type).map(String))

const isOpen = ({ additionalProperties }: JsonObject): boolean => additionalProperties === true || isObject(additionalProperties)

/** What a `$ref` leads to, itself alone. */
const refOf = (root: JsonSchema, { $ref }: JsonObject): readonly JsonSchema[] =>
  typeof $ref === 'string' ? expand(root, [{ $ref }]).slice(1, 2) : []

function declares({ properties, patternProperties }: JsonObject, name: string): boolean {
  if (isObject(properties) && Object.hasOwn(properties, name)) return true
  return isObject(patternProperties) && Object.keys(patternProperties).some(pattern => fits(pattern, name))
}

function fits(pattern: string, name: string): boolean {
  try {
    return compilePattern(pattern).test(name)
  } catch {
    return true
  }
}

/** Nothing says that a fitting value has the member. Conditions between members are not looked into: then nobody can say. */
export function mayLack(known: Known, name: string): boolean {
  const all = expand(known.root, known.schemas)
  if (known.schemas.length === 0 || !all.some(schema => declares(schema, name))) return false
  const isPlain = all.every(schema => !conditions.some(keyword => schema[keyword] !== undefined))
  return isPlain && all.every(schema => !asList(schema.required).includes(name)) && !memberSchemas(all, name).some(hasDefault)
}

const conditions = ['anyOf', 'oneOf', 'if', 'dependentRequired', 'dependentSchemas', 'not']
const hasDefault = (schema: JsonSchema): boolean => schema.default !== undefined

/** The members that every fitting value has. */
export function requiredIn({ root, schemas }: Known): readonly string[] {
  const seen = new Set<JsonSchema>()
  const open = [...schemas]
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    if (seen.has(schema)) continue
    seen.add(schema)
    open.push(...refOf(root, schema), ...asList(schema.allOf).filter(isObject))
  }
  return [...new Set([...seen].flatMap(({ required }) => asList(required).map(String)))]
}
