/** A schema, and where it stands in its manifest. */
import { resolveRef } from '../schema-at.ts'
import type { Json, JsonObject, JsonSchema } from '../types.ts'

/** One version of a schema. */
export interface Side {
  readonly root: JsonSchema
  /** JSON Pointer of the root in its manifest. */
  readonly pointer: string
  /** Names of `$defs` that stand in the manifest's `schemas`. */
  readonly shared: ReadonlySet<string>
}

export interface Spot {
  readonly schema: Json
  /** JSON Pointer inside the root. */
  readonly path: string
  readonly side: Side
}

export const isMap = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
export const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])
export const mapOf = (value: Json | undefined): JsonObject => (isMap(value) ? value : {})
export const has = (object: JsonObject, name: string): boolean => Object.hasOwn(object, name)

/** A step of a JSON Pointer (RFC 6901). */
export const stepOf = (name: string | number): string => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`

export const rootOf = (side: Side): Spot => ({ schema: side.root, path: '', side })

/** JSON Pointer in the manifest. */
export function pointerOf({ path, side }: Pick<Spot, 'path' | 'side'>): string {
  const [, keyword, name = '', ...rest] = path.split('/')
  const isShared = keyword === '$defs' && side.shared.has(name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return isShared ? ['/schemas', name, ...rest].join('/') : `${side.pointer}${path}`
}

/** The schema inside that the names lead to; undefined where there is none. */
export function inside(spot: Spot, ...names: readonly (string | number)[]): Spot | undefined {
  let at: Json | undefined = spot.schema
  for (const name of names)
    at = Array.isArray(at) ? (at as readonly Json[])[Number(name)] : isMap(at) && has(at, String(name)) ? at[name] : undefined
  return at === undefined ? undefined : { schema: at, path: spot.path + names.map(stepOf).join(''), side: spot.side }
}

/** The members of a list of schemas, as `anyOf`. */
export const branchesOf = (spot: Spot, keyword: string): readonly Spot[] =>
  listOf(mapOf(spot.schema)[keyword]).flatMap((_, index) => inside(spot, keyword, index) ?? [])

/** Where a `$ref` leads; false, which takes nothing, when it leads nowhere. */
export const refOf = ({ side }: Spot, ref: string): Spot => ({
  schema: resolveRef(side.root, ref) ?? false,
  path: decodeURIComponent(ref.slice(1)),
  side
})

/** All schemas that hold for the same value: with those of `allOf` and `$ref`. */
export function conjoined(spots: readonly Spot[]): readonly Spot[] {
  const seen = new Set<Json>()
  const found: Spot[] = []
  const open = [...spots].reverse()
  for (let spot = open.pop(); spot !== undefined; spot = open.pop()) {
    const { schema } = spot
    if (schema === true || (isMap(schema) && seen.has(schema))) continue
    found.push(spot)
    if (!isMap(schema)) continue
    seen.add(schema)
    open.push(...[...branchesOf(spot, 'allOf')].reverse())
    if (typeof schema.$ref === 'string') open.push(refOf(spot, schema.$ref))
  }
  return found
}

const inPlaceLists = ['allOf', 'anyOf', 'oneOf'] as const
const inPlaceOnes = ['if', 'then', 'else'] as const

/** All schemas that may have a say about the same value, whichever branch holds; not below choices that were made. */
export function inPlace(spots: readonly Spot[], chosen: ReadonlySet<Json> = new Set()): readonly Spot[] {
  const seen = new Set<Json>()
  const found: Spot[] = []
  const open = [...spots]
  for (let spot = open.pop(); spot !== undefined; spot = open.pop()) {
    const { schema } = spot
    if (!isMap(schema) || seen.has(schema)) continue
    seen.add(schema)
    found.push(spot)
    for (const keyword of inPlaceLists) if (!chosen.has(schema[keyword] ?? null)) open.push(...branchesOf(spot, keyword))
    for (const keyword of chosen.has(schema.if ?? null) ? [] : inPlaceOnes)
      open.push(...[inside(spot, keyword)].filter(each => each !== undefined))
    for (const name of Object.keys(mapOf(schema.dependentSchemas)))
      open.push(...[inside(spot, 'dependentSchemas', name)].filter(each => each !== undefined))
    if (typeof schema.$ref === 'string') open.push(refOf(spot, schema.$ref))
  }
  return found
}
