/** Every place where two versions of a schema are written differently, whatever it does to callers. */
import { canonicalJson } from '../canonical-json.ts'
import type { Json } from '../types.ts'
import { branchesOf, has, inside, isMap, listOf, mapOf, pointerOf, refOf, type Spot, stepOf } from './spot.ts'

export interface Difference {
  readonly pointer: string
  readonly keyword: string
  readonly was: Json | undefined
  readonly is: Json | undefined
  /** The schemas that hold the keyword. */
  readonly before: Spot
  readonly after: Spot
}

const ones = [
  'items',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
  'propertyNames',
  'not',
  'if',
  'then',
  'else'
]
const lists = ['allOf', 'anyOf', 'oneOf', 'prefixItems']
const maps = ['properties', 'patternProperties', 'dependentSchemas']
/** Looked at where a `$ref` leads to them. */
const elsewhere = ['$defs', 'definitions', '$schema', '$comment']
const inner: ReadonlySet<string> = new Set([...ones, ...lists, ...maps, ...elsewhere])
/** Their order means nothing. */
const sets: ReadonlySet<string> = new Set(['required', 'enum', 'type'])

export function differences(before: Spot, after: Spot, seen = new Set<string>()): readonly Difference[] {
  const pair = `${before.path} ${after.path}`
  if (seen.has(pair)) return []
  seen.add(pair)
  const [old, now] = [before.schema, after.schema]
  if (!isMap(old) || !isMap(now))
    return same('', old, now) ? [] : [{ pointer: pointerOf(after), keyword: '', was: old, is: now, before, after }]
  // Written out in the one and named in the other: what it is counts.
  if (isLink(old) !== isLink(now)) return differences(followed(before), followed(after), seen)
  const own = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(keyword => keyword !== '$ref' && !inner.has(keyword))
  return [
    ...own.flatMap(keyword => ofKeyword(before, after, keyword)),
    ...(isLink(old) && isLink(now) ? differences(followed(before), followed(after), seen) : []),
    ...ones.flatMap(keyword => ofMember(before, after, [keyword], seen)),
    ...maps.flatMap(keyword => namesIn(keyword, old, now).flatMap(name => ofMember(before, after, [keyword, name], seen))),
    ...lists.flatMap(keyword => ofList(before, after, keyword, seen))
  ]
}

const isLink = (schema: Json): boolean => isMap(schema) && typeof schema.$ref === 'string'
const followed = (spot: Spot): Spot => (isMap(spot.schema) && typeof spot.schema.$ref === 'string' ? refOf(spot, spot.schema.$ref) : spot)

function same(keyword: string, was: Json | undefined, is: Json | undefined): boolean {
  if (was === undefined || is === undefined) return was === is
  const sorted = (value: Json): Json => (sets.has(keyword) && Array.isArray(value) ? listOf(value).map(canonicalJson).sort() : value)
  return canonicalJson(sorted(was)) === canonicalJson(sorted(is))
}

function ofKeyword(before: Spot, after: Spot, keyword: string): readonly Difference[] {
  const [was, is] = [before, after].map(({ schema }) => (isMap(schema) && has(schema, keyword) ? schema[keyword] : undefined))
  if (same(keyword, was, is)) return []
  const holder = is === undefined ? before : after
  return [{ pointer: pointerOf(holder) + stepOf(keyword), keyword, was, is, before, after }]
}

const namesIn = (keyword: string, ...schemas: readonly Json[]): readonly string[] => [
  ...new Set(schemas.flatMap(schema => Object.keys(mapOf(mapOf(schema)[keyword]))))
]

function ofMember(before: Spot, after: Spot, names: readonly string[], seen: Set<string>): readonly Difference[] {
  const [old, now] = [inside(before, ...names), inside(after, ...names)]
  if (old !== undefined && now !== undefined) return differences(old, now, seen)
  const known = now ?? old
  if (known === undefined) return []
  return [{ pointer: pointerOf(known), keyword: names[0] ?? '', was: old?.schema, is: now?.schema, before, after }]
}

/** By place; what was added or taken away is told at the list. */
function ofList(before: Spot, after: Spot, keyword: string, seen: Set<string>): readonly Difference[] {
  const [old, now] = [branchesOf(before, keyword), branchesOf(after, keyword)]
  if (old.length !== now.length) return ofKeyword(before, after, keyword)
  return old.flatMap((branch, index) => differences(branch, now[index] ?? branch, seen))
}
