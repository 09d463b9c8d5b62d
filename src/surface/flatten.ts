/** `$ref` with siblings, and `allOf`, become one schema: providers take neither. */
import { own } from '../core/own.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { silent } from './words.ts'

export interface Flat {
  /** Without `$ref` and `allOf`. */
  readonly node: JsonObject
  /** Rules that could not be merged and hold as well. */
  readonly rest: readonly JsonObject[]
  /** Pointers of the definitions that were written out on the way here. */
  readonly stack: readonly string[]
}

/** A reference that leads nowhere, or out of the schema. */
export class Dangling extends Error {
  readonly reference: string
  constructor(reference: string) {
    super(`$ref ${reference} leads nowhere in this schema`)
    this.reference = reference
  }
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const asObject = (schema: Json | undefined): JsonObject => (isObject(schema) ? schema : schema === false ? { not: {} } : {})

export function resolve(root: JsonObject, reference: string): JsonObject {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) throw new Dangling(reference)
  let value: Json | undefined = root
  for (const segment of reference.slice(2).split('/')) {
    const name = segmentName(segment)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) throw new Dangling(reference)
    value = (value as JsonObject)[name]
  }
  return asObject(value)
}

/** As the loader reads it: a percent sign that encodes nothing stands for itself. */
export function segmentName(segment: string): string {
  const plain = segment.replaceAll('~1', '/').replaceAll('~0', '~')
  try {
    return decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return plain
  }
}

/** The reference of a schema that says nothing else about values. */
export function pureReference(schema: JsonObject): string | undefined {
  const { $ref, ...rest } = schema
  return typeof $ref === 'string' && Object.keys(rest).every(keyword => silent.has(keyword) || keyword === 'default') ? $ref : undefined
}

export function flatten(schema: JsonObject, root: JsonObject, stack: readonly string[]): Flat {
  const merged: string[] = []
  const { node, rest } = flattened(schema, { root, stack, merged })
  return { node, rest, stack: [...stack, ...merged] }
}

interface Flattening {
  readonly root: JsonObject
  /** References that were followed on the way here: one of them again is a circle. */
  readonly stack: readonly string[]
  /** References whose rules are in the node already. */
  readonly merged: string[]
}

type Rules = Pick<Flat, 'node' | 'rest'>

function flattened(schema: JsonObject, flattening: Flattening): Rules {
  const { $ref, allOf, ...own } = schema
  const parts = [
    ...(typeof $ref === 'string' ? [{ $ref } as JsonObject] : []),
    ...(Array.isArray(allOf) ? (allOf as readonly Json[]).map(asObject) : [])
  ]
  return parts.reduce<Rules>((flat, part) => joined(flat, part, flattening), { node: own, rest: [] })
}

function joined(flat: Rules, { $ref, ...siblings }: JsonObject, flattening: Flattening): Rules {
  const { root, stack, merged } = flattening
  if (typeof $ref !== 'string' || merged.includes($ref)) return added(flat, flattened(siblings, flattening))
  if (stack.includes($ref)) return added(flat, { node: siblings, rest: [{ $ref }] })
  merged.push($ref)
  return added(flat, flattened({ allOf: [siblings, resolve(root, $ref)] }, flattening))
}

function added(flat: Rules, inner: Rules): Rules {
  const { node, rest } = merge(flat.node, inner.node)
  return { node, rest: [...flat.rest, ...inner.rest, ...rest] }
}

type Rule = (a: Json, b: Json) => Json | undefined

const numbers =
  (choose: (...values: number[]) => number): Rule =>
  (a, b) =>
    choose(Number(a), Number(b))
/** No part twice: what leads back to itself then comes to an end. */
const both: Rule = (a, b) => ({ allOf: [...new Map([...partsOf(a), ...partsOf(b)].map(part => [JSON.stringify(part), part])).values()] })
const partsOf = (schema: Json): readonly Json[] =>
  isObject(schema) && Array.isArray(schema.allOf) && Object.keys(schema).length === 1 ? (schema.allOf as readonly Json[]) : [schema]
const either: Rule = (a, b) => a === true || b === true
const common: Rule = (a, b) => {
  const kept = (a as readonly Json[]).filter(one => (b as readonly Json[]).some(other => same(one, other)))
  return kept.length === 0 ? undefined : kept
}

/** How two values of one keyword become one; undefined: they can not. */
const rules: Readonly<Record<string, Rule>> = {
  properties: (a, b) => mergeProperties(a as JsonObject, b as JsonObject),
  required: (a, b) => [...new Set([...(a as readonly string[]), ...(b as readonly string[])])],
  type: (a, b) => commonTypes(a, b),
  enum: common,
  items: both,
  additionalProperties: (a, b) => (a === false || b === false ? false : both(a, b)),
  uniqueItems: either,
  minimum: numbers(Math.max),
  exclusiveMinimum: numbers(Math.max),
  minLength: numbers(Math.max),
  minItems: numbers(Math.max),
  minProperties: numbers(Math.max),
  maximum: numbers(Math.min),
  exclusiveMaximum: numbers(Math.min),
  maxLength: numbers(Math.min),
  maxItems: numbers(Math.min),
  maxProperties: numbers(Math.min)
}

function merge(a: JsonObject, b: JsonObject): { node: JsonObject; rest: readonly JsonObject[] } {
  const node: Record<string, Json> = { ...a }
  const rest: JsonObject[] = []
  for (const [keyword, value] of Object.entries(b)) {
    const known = own(node, keyword)
    if (known === undefined) node[keyword] = value
    else if (!same(known, value) && !silent.has(keyword)) {
      const merged = own(rules, keyword)?.(known, value)
      if (merged === undefined) rest.push({ [keyword]: value })
      else node[keyword] = merged
    }
  }
  return { node, rest }
}

function mergeProperties(a: JsonObject, b: JsonObject): JsonObject {
  const twice = Object.keys(b).filter(name => Object.hasOwn(a, name))
  return Object.fromEntries([
    ...Object.entries(a),
    ...Object.entries(b),
    ...twice.map(name => [name, same(a[name], b[name]) ? (a[name] as Json) : (both(asObject(a[name]), asObject(b[name])) as Json)])
  ])
}

export const typesOf = (type: Json | undefined): readonly string[] =>
  typeof type === 'string' ? [type] : Array.isArray(type) ? (type as readonly string[]) : []

function commonTypes(a: Json, b: Json): Json | undefined {
  const [left, right] = [typesOf(a), typesOf(b)]
  const kept = left.flatMap(type => {
    if (right.includes(type)) return [type]
    if (type === 'number' && right.includes('integer')) return ['integer']
    return type === 'integer' && right.includes('number') ? ['integer'] : []
  })
  return kept.length === 0 ? undefined : kept.length === 1 ? (kept[0] as string) : kept
}

export const same = (a: Json | undefined, b: Json | undefined): boolean => a === b || JSON.stringify(a) === JSON.stringify(b)
