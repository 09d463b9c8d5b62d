/** The meaning of a schema once `$ref` and "or null" are followed. */
import type { Json, JsonObject, JsonSchema } from '../../src/index.ts'

export type Path = readonly (string | number)[]

export interface Resolving {
  readonly root: JsonSchema
  issue(path: Path, message: string): void
}

export interface Resolved {
  readonly meant: JsonSchema
  readonly nillable: boolean
}

const isObject = (value: Json | undefined): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

/** `type`, its nullable form `[type, 'null']`, and numbers that may be text: `[integer, string]`. */
export function typeOf({ type, properties, items }: JsonSchema): { type: string; types: readonly string[]; nillable: boolean } {
  const types = (Array.isArray(type) ? (type as readonly Json[]) : [type]).filter(each => each !== undefined).map(String)
  const named = types.filter(each => each !== 'null')
  const guess = properties !== undefined ? 'object' : items !== undefined ? 'array' : ''
  const number = named.find(each => each === 'integer' || each === 'number')
  const orText = named.length === 2 && named.includes('string') && number !== undefined
  const only = named.length === 1 ? (named[0] as string) : orText ? number : named.length === 0 ? guess : ''
  return { type: only, types: named, nillable: types.includes('null') }
}

/** Follows `$ref`, and `anyOf` of one schema and null. */
export function resolve(state: Resolving, schema: JsonSchema, path: Path): Resolved {
  let meant = schema
  let nillable = false
  for (let hops = 0; hops < 20; hops += 1) {
    const choice = nullable(meant)
    const next = choice ?? (typeof meant.$ref === 'string' ? pointed(state.root, meant.$ref) : undefined)
    if (next === undefined && meant.$ref !== undefined) state.issue([...path, '$ref'], `${String(meant.$ref)} leads nowhere in this schema`)
    if (next === undefined) return { meant, nillable }
    nillable ||= choice !== undefined
    meant = next
  }
  state.issue(path, '$ref goes in a circle')
  return { meant: { type: 'string' }, nillable }
}

function nullable({ anyOf, oneOf }: JsonSchema): JsonSchema | undefined {
  const branches = (Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : []) as readonly Json[]
  const others = branches.filter(branch => !(isObject(branch) && branch.type === 'null'))
  return branches.length === 2 && others.length === 1 && isObject(others[0]) ? others[0] : undefined
}

function pointed(root: JsonSchema, ref: string): JsonSchema | undefined {
  if (!ref.startsWith('#')) return undefined
  let at: Json | undefined = root
  for (const token of ref.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~')
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return isObject(at) ? at : undefined
}
