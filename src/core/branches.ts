/** Which branch of a oneOf or anyOf a value means, and what the branches are called. */
import { isObject } from './schema-at.ts'
import type { Json, JsonObject, JsonSchema } from './types.ts'

export interface Branch {
  readonly schema: JsonSchema
  /** Without `$ref`. */
  readonly resolved: JsonSchema
}

const typeOf = (value: Json): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

function admits({ type, properties, items, enum: choices, const: only }: JsonSchema, value: Json): boolean {
  const is = typeOf(value)
  if (type !== undefined) return [type].flat().some(each => each === is || (each === 'integer' && is === 'number'))
  if (properties !== undefined) return is === 'object'
  if (items !== undefined) return is === 'array'
  const values = only === undefined ? choices : [only]
  return !Array.isArray(values) || (values as readonly Json[]).some(each => typeOf(each) === is)
}

/** Properties that have one value in a branch. */
export function tagsOf({ properties }: JsonSchema): ReadonlyMap<string, Json> {
  const tags = new Map<string, Json>()
  for (const [name, member] of Object.entries(isObject(properties) ? properties : {})) {
    const { const: only, enum: choices } = isObject(member) ? member : {}
    const [single, ...others] = Array.isArray(choices) ? (choices as readonly Json[]) : []
    if (only !== undefined) tags.set(name, only)
    else if (single !== undefined && others.length === 0) tags.set(name, single)
  }
  return tags
}

/** Those that the value may mean; the one alone where its type or a tag tells. */
export function meant(branches: readonly Branch[], value: Json): readonly Branch[] {
  const ofType = branches.filter(({ resolved }) => admits(resolved, value))
  if (!isObject(value)) return ofType
  const tagged = ofType.filter(({ resolved }) =>
    [...tagsOf(resolved)].some(([name, tag]) => Object.hasOwn(value, name) && value[name] === tag)
  )
  return tagged.length > 0 ? tagged : ofType
}

/** A property that has one value in each branch, and another in each. */
export function commonTag(branches: readonly Branch[]): { readonly name: string; readonly values: readonly Json[] } | undefined {
  const [first, ...rest] = branches.map(({ resolved }) => tagsOf(resolved))
  for (const name of first?.keys() ?? []) {
    const values = [first, ...rest].map(tags => tags?.get(name))
    const known = values.filter(value => value !== undefined)
    if (known.length === branches.length && new Set(known.map(each => JSON.stringify(each))).size === known.length)
      return { name, values: known }
  }
  return undefined
}

const longestName = 80

export function nameOf({ schema, resolved }: Branch): string {
  const { title, const: only, type } = resolved
  const [tag] = tagsOf(resolved)
  const ref = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined
  const name =
    (typeof title === 'string' && title !== '' ? title : undefined) ??
    (only === undefined ? undefined : JSON.stringify(only)) ??
    (ref === undefined ? undefined : decodeURIComponent(ref)) ??
    (tag === undefined ? undefined : `${tag[0]} ${JSON.stringify(tag[1])}`) ??
    membersOf(resolved) ??
    (type === undefined ? undefined : [type].flat().join(' or '))
  return (name ?? 'another form').slice(0, longestName)
}

function membersOf({ required, properties }: JsonObject): string | undefined {
  const names = Array.isArray(required) ? (required as readonly Json[]).map(String) : Object.keys(isObject(properties) ? properties : {})
  return names.length === 0 ? undefined : `an object with ${names.slice(0, 5).join(', ')}`
}
