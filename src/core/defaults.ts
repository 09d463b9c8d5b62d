/** A schema's `default`s, put where the caller left something out: a call with and without them is the same call. */
import { isObject, resolveRef } from './schema-at.ts'
import type { Json, JsonObject, JsonSchema } from './types.ts'

/** Of what one default makes: how deep it nests, and how many defaults are in it. A manifest with more is refused. */
const deepest = 64
const mostInside = 10_000

interface Filling {
  readonly root: JsonSchema
  /** How many defaults are around. */
  readonly depth: number
  /** Of the outermost default. */
  readonly budget: { left: number }
  readonly limits: { reached: boolean }
}

export interface Filled {
  readonly value: Json
  /** Defaults lead back to themselves, or multiply: some were left out. */
  readonly isCut: boolean
}

/**
 * The value with every missing property that has a default. Null is a value. A property of an object that is itself missing is not made.
 * Defaults of branches (anyOf, oneOf, if, …) are not looked at: which branch holds is not known yet.
 */
export const withDefaults = (schema: JsonSchema, value: Json): Json => fillDefaults(schema, value).value

export function fillDefaults(schema: JsonSchema, value: Json): Filled {
  const limits = { reached: false }
  const filled = fill(value, [schema], { root: schema, depth: 0, budget: { left: mostInside }, limits })
  return { value: filled, isCut: limits.reached }
}

function fill(value: Json, schemas: readonly JsonSchema[], filling: Filling): Json {
  if (typeof value !== 'object' || value === null) return value
  const all = conjoined(filling.root, schemas)
  return Array.isArray(value) ? fillItems(value, all, filling) : fillMembers(value as JsonObject, all, filling)
}

function fillItems(items: readonly Json[], schemas: readonly JsonSchema[], filling: Filling): Json {
  const filled = items.map((item, index) => {
    const own = schemas.flatMap(({ items: rest, prefixItems }) => {
      const first = Array.isArray(prefixItems) ? (prefixItems as readonly Json[]) : []
      return [index < first.length ? first[index] : rest].filter(isObject)
    })
    return own.length === 0 ? item : fill(item, own, filling)
  })
  return filled.some((item, index) => item !== items[index]) ? filled : items
}

function fillMembers(object: JsonObject, schemas: readonly JsonSchema[], filling: Filling): Json {
  const filled: Record<string, Json> = { ...object }
  const names = new Set(schemas.flatMap(({ properties }) => (isObject(properties) ? Object.keys(properties) : [])))
  let isChanged = false
  for (const name of names) {
    const own = schemas.flatMap(({ properties }) => (isObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : []))
    const inside = conjoined(filling.root, own.filter(isObject))
    const isThere = Object.hasOwn(object, name)
    const value = isThere ? object[name] : inside.find(schema => schema.default !== undefined)?.default
    if (value === undefined) continue
    const within = isThere ? filling : insideDefault(filling)
    if (within === undefined) continue
    const next = fill(value, inside, within)
    if (isThere && next === value) continue
    filled[name] = next
    isChanged = true
  }
  return isChanged ? filled : object
}

/** Undefined: that is enough. */
function insideDefault(filling: Filling): Filling | undefined {
  const { depth, limits } = filling
  const budget = depth === 0 ? { left: mostInside } : filling.budget
  budget.left -= 1
  limits.reached ||= depth >= deepest || budget.left < 0
  return limits.reached ? undefined : { ...filling, depth: depth + 1, budget }
}

/** The schemas that all hold for the value: `$ref` and `allOf`. */
function conjoined(root: JsonSchema, schemas: readonly JsonSchema[]): readonly JsonSchema[] {
  const seen = new Set<JsonSchema>()
  const open = [...schemas].reverse()
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    if (seen.has(schema)) continue
    seen.add(schema)
    const also = Array.isArray(schema.allOf) ? (schema.allOf as readonly Json[]) : []
    open.push(...[...also, refTo(root, schema.$ref)].filter(isObject))
  }
  return [...seen]
}

const refTo = (root: JsonSchema, ref: Json | undefined): Json | undefined => (typeof ref === 'string' ? resolveRef(root, ref) : undefined)
