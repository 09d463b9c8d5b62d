/** Null: whether a schema admits it, and how a provider is told. */
import type { Json, JsonObject } from '../core/types.ts'
import type { Profile } from './dialect.ts'
import { asObject, isObject, resolve, typesOf } from './flatten.ts'

/** By root: what each reference admits. */
const known = new WeakMap<JsonObject, Map<string, boolean>>()

export function admitsNull(schema: Json, root: JsonObject): boolean {
  const settled = known.get(root) ?? new Map<string, boolean>()
  known.set(root, settled)
  // A reference admits nothing until something in it does: looked at again until no answer changes.
  const found = new Map<string, boolean>()
  for (;;) {
    const before = [...found.values()].filter(Boolean).length
    const admits = admitsWith({ schema, root, settled, found, looked: new Set() })
    if ([...found.values()].filter(Boolean).length > before) continue
    for (const [reference, is] of found) settled.set(reference, is)
    return admits
  }
}

interface Looking {
  readonly schema: Json
  readonly root: JsonObject
  readonly settled: ReadonlyMap<string, boolean>
  readonly found: Map<string, boolean>
  /** References that this look has followed. */
  readonly looked: Set<string>
}

function admitsWith({ schema, ...looking }: Looking): boolean {
  if (typeof schema === 'boolean') return schema
  const { type, enum: values, const: constant, allOf, anyOf, oneOf, not, $ref } = asObject(schema)
  const branches = (list: Json | undefined): readonly Json[] => (Array.isArray(list) ? (list as readonly Json[]) : [])
  const admits = (one: Json): boolean => admitsWith({ schema: one, ...looking })
  if (type !== undefined && !typesOf(type).includes('null')) return false
  if (Array.isArray(values) && !values.includes(null)) return false
  if (constant !== undefined && constant !== null) return false
  if (isNothing(not)) return false
  // Each of them is looked at, whatever the one before says: all that is found is needed.
  if (branches(allOf).map(admits).includes(false)) return false
  if (anyOf !== undefined && !branches(anyOf).map(admits).includes(true)) return false
  if (oneOf !== undefined && !branches(oneOf).map(admits).includes(true)) return false
  return typeof $ref !== 'string' || admitsReference($ref, looking)
}

/** `not: {}` admits no value at all. */
const isNothing = (not: Json | undefined): boolean => not === true || (isObject(not) && Object.keys(not).length === 0)

function admitsReference($ref: string, looking: Omit<Looking, 'schema'>): boolean {
  const { root, settled, found, looked } = looking
  const known = settled.get($ref)
  if (known !== undefined) return known
  if (!looked.has($ref)) {
    looked.add($ref)
    found.set($ref, found.get($ref) ?? false)
    found.set($ref, admitsWith({ schema: resolve(root, $ref), ...looking }))
  }
  return found.get($ref) ?? false
}

/** A schema that admits null already stays as it is: no type stands in a list twice. */
export function withNull(schema: JsonObject, { nullable }: Profile): JsonObject {
  if (nullable === 'keyword') return { ...schema, nullable: true }
  if (Array.isArray(schema.anyOf)) {
    const branches = schema.anyOf as readonly JsonObject[]
    return branches.some(({ type }) => typesOf(type).includes('null')) ? schema : { ...schema, anyOf: [...branches, { type: 'null' }] }
  }
  if (typesOf(schema.type).includes('null')) return schema
  if (schema.$ref !== undefined || schema.const !== undefined) {
    const { description, ...bare } = schema
    return { anyOf: [bare, { type: 'null' }], ...(description === undefined ? {} : { description }) }
  }
  if (schema.type === undefined) return schema
  const values = schema.enum === undefined ? {} : { enum: [...(schema.enum as readonly Json[]), null] }
  return { ...schema, type: [...typesOf(schema.type), 'null'], ...values }
}
