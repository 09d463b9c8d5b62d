/** Where JSON Schemas hold schemas. */
import type { Json, JsonObject } from '../core/types.ts'
import type { Path } from './issue.ts'

export interface Subschema {
  readonly path: Path
  readonly schema: Json
}

/** `here`: applied to the same value, so that a circle of them never ends. */
interface Holder {
  readonly holds: 'one' | 'list' | 'map'
  readonly here?: boolean
}

const one: Holder = { holds: 'one' }
const oneHere: Holder = { holds: 'one', here: true }
const listHere: Holder = { holds: 'list', here: true }
const map: Holder = { holds: 'map' }

export const holders: Readonly<Record<string, Holder>> = {
  items: one,
  contains: one,
  additionalProperties: one,
  unevaluatedProperties: one,
  unevaluatedItems: one,
  propertyNames: one,
  not: oneHere,
  if: oneHere,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: oneHere,
  else: oneHere,
  allOf: listHere,
  anyOf: listHere,
  oneOf: listHere,
  prefixItems: { holds: 'list' },
  properties: map,
  patternProperties: map,
  $defs: map,
  definitions: map,
  dependentSchemas: { holds: 'map', here: true }
}

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The schemas directly inside one. */
export function children(schema: JsonObject): readonly (Subschema & { readonly here: boolean })[] {
  return Object.entries(schema).flatMap(([keyword, held]) => {
    const holder = Object.hasOwn(holders, keyword) ? holders[keyword] : undefined
    if (holder === undefined) return []
    const here = holder.here === true
    if (holder.holds === 'list')
      return Array.isArray(held) ? held.map((schema: Json, index) => ({ path: [keyword, index], schema, here })) : []
    if (holder.holds === 'map')
      return isObject(held) ? Object.entries(held).map(([name, schema]) => ({ path: [keyword, name], schema, here })) : []
    return [{ path: [keyword], schema: held, here }]
  })
}

/** The schema and all in it. */
export function subschemas(schema: Json, path: Path = []): readonly Subschema[] {
  const inner = isObject(schema) ? children(schema).flatMap(child => subschemas(child.schema, [...path, ...child.path])) : []
  return [{ path, schema }, ...inner]
}

/** What a local `$ref` points at. */
export function resolveRef(root: Json, ref: string): Json | undefined {
  let value: Json | undefined = root
  for (const step of ref.slice(1).split('/').slice(1)) {
    const name = decode(step)
    value = Array.isArray(value)
      ? (value as readonly Json[])[Number(name)]
      : isObject(value) && Object.hasOwn(value, name)
        ? value[name]
        : undefined
  }
  return ref === '#' || ref.startsWith('#/') ? value : undefined
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return step
  }
}

/**
 * How much a validator does at most for one part of a value, and for the deepest one inside it, when every `$ref` is followed;
 * Infinity for a circle that never goes deeper. Properties beside each other do not add up: each has a part of the value for itself.
 */
export function expandedSize(root: Json, sizes = new Map<Json, number>()): number {
  /** Where a schema is being measured, and how deep in the value that is. */
  const measuring = new Map<Json, number>()
  const size = (schema: Json, level: number): number => {
    if (!isObject(schema)) return 1
    const known = sizes.get(schema)
    if (known !== undefined) return known
    const since = measuring.get(schema)
    if (since !== undefined) return since === level ? Number.POSITIVE_INFINITY : 1
    measuring.set(schema, level)
    let here = 1
    let deeper = 0
    for (const child of children(schema)) {
      if (child.here) here += size(child.schema, level)
      else deeper = Math.max(deeper, size(child.schema, level + 1))
    }
    if (typeof schema.$ref === 'string') here += size(resolveRef(root, schema.$ref) ?? null, level)
    measuring.delete(schema)
    sizes.set(schema, here + deeper)
    return here + deeper
  }
  return size(root, 0)
}
