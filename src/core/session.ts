/** What a session does for a call, as pure functions: fills what was left out, remembers what came out, renders what it knows. */
import { canonicalJson } from './canonical-json.ts'
import type { Caller, FieldError, Json, JsonObject, Session, SessionPlace, Variables } from './types.ts'

export const sessionLimits = {
  variables: 64,
  /** Of one value as JSON, and of all together. */
  valueCharacters: 4_096,
  characters: 32_768,
  /** A list is remembered by its first items: the recent ones. */
  items: 10,
  ttlMs: { least: 10_000, usual: 1_800_000, most: 86_400_000 }
} as const

export const variablePattern = /^[A-Za-z][A-Za-z0-9_]{0,63}$/
const forbidden: ReadonlySet<string> = new Set(['constructor', 'prototype'])
export const isVariableName = (name: string): boolean => variablePattern.test(name) && !forbidden.has(name)

export const isOwnedBy = (session: Session, { tenant, subject, clientId }: Caller): boolean =>
  session.tenant === tenant && session.clientId === clientId && session.subject === subject

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

export interface Filled {
  readonly input: JsonObject
  /** JSON Pointer of each property that came from the session, and the variable. */
  readonly from: ReadonlyMap<string, string>
}

/** A property that is there stays, also when it is null; one of an object that is not there is not filled. */
export function fillInput(input: JsonObject, places: readonly SessionPlace[], variables: Variables): Filled {
  const from = new Map<string, string>()
  let filled = input
  for (const { variable, path, sensitive } of places) {
    const known = Object.hasOwn(variables, variable) ? variables[variable] : undefined
    if (known === undefined || (known.sensitive === true && !sensitive)) continue
    const next = withMissing(filled, path, known.value)
    if (next === filled) continue
    from.set(pointerOf(path), variable)
    filled = next
  }
  return { input: filled, from }
}

const pointerOf = (path: readonly string[]): string => path.map(name => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

function withMissing(object: JsonObject, [name = '', ...rest]: readonly string[], value: Json): JsonObject {
  const known = Object.hasOwn(object, name) ? object[name] : undefined
  if (rest.length === 0) return known === undefined ? { ...object, [name]: value } : object
  if (!isObject(known)) return object
  const inside = withMissing(known, rest, value)
  return inside === known ? object : { ...object, [name]: inside }
}

/** Says of each mistake whose value came from the session, and of each missing value what could have filled it. */
export function explainErrors(
  errors: readonly FieldError[],
  { from, places }: { readonly from: Filled['from']; readonly places: readonly SessionPlace[] }
): readonly FieldError[] {
  return errors.map(({ pointer, message }) => {
    const filled = [...from].find(([place]) => pointer === place || pointer.startsWith(`${place}/`))
    if (filled !== undefined)
      return { pointer, message: `${message}; it is ${filled[1]} of the session: send the property, or change the session` }
    const missing = message === 'is required' ? places.find(({ path }) => pointerOf(path) === pointer) : undefined
    return missing === undefined
      ? { pointer, message }
      : { pointer, message: `is required: send it, or a session that knows ${missing.variable}` }
  })
}

/** What an output leaves in the session: values that are there and not null, lists by their first items. */
export function remembered(
  output: Json,
  places: readonly SessionPlace[]
): ReadonlyMap<string, { readonly value: Json; readonly path: SessionPlace['path'] }> {
  const found = new Map<string, { value: Json; path: SessionPlace['path'] }>()
  for (const { variable, path, omits = [] } of places) {
    const value = at(output, path)
    if (value === undefined || value === null) continue
    const recent = Array.isArray(value) ? value.slice(0, sessionLimits.items) : value
    found.set(variable, { value: omits.reduce<Json>(without, recent), path })
  }
  return found
}

function without(value: Json, path: readonly string[]): Json {
  const [name = '', ...rest] = path
  if (Array.isArray(value)) return (value as readonly Json[]).map(item => without(item, path))
  if (!isObject(value) || !Object.hasOwn(value, name)) return value
  const { [name]: inside, ...others } = value
  return rest.length === 0 ? others : { ...value, [name]: without(inside as Json, rest) }
}

export const at = (value: Json | undefined, path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((inside, name) => (isObject(inside) && Object.hasOwn(inside, name) ? inside[name] : undefined), value)

/** Why the variables can not be kept; the empty list: they can. Pointers are into the variables. */
export function tooMuch(variables: Variables): readonly FieldError[] {
  const { valueCharacters, characters } = sessionLimits
  const sizes = Object.entries(variables).map(([name, { value }]) => ({ name, size: JSON.stringify(value).length }))
  const large = sizes
    .filter(({ size }) => size > valueCharacters)
    .map(({ name, size }) => ({ pointer: `/${name}`, message: `has ${size} characters as JSON; ${valueCharacters} are the limit` }))
  const all = sizes.reduce((sum, { name, size }) => sum + name.length + size, 0)
  if (sizes.length > sessionLimits.variables)
    return [{ pointer: '', message: `has ${sizes.length} variables; ${sessionLimits.variables} are the limit` }]
  return all > characters ? [...large, { pointer: '', message: `has ${all} characters as JSON; ${characters} are the limit` }] : large
}

export const sameVariables = (one: Variables, other: Variables): boolean =>
  one === other || canonicalJson(one as unknown as Json) === canonicalJson(other as unknown as Json)

/** The next state; every use prolongs. */
export function changed(session: Session, now: number, changes: SessionChanges): Session {
  const { busy, ...rest } = { ...session, ...changes }
  const next = { ...rest, revision: session.revision + 1, updatedAt: now, expiresAt: now + (changes.ttlMs ?? session.ttlMs) }
  return busy === undefined ? next : { ...next, busy }
}

export interface SessionChanges {
  readonly variables?: Json
  readonly ttlMs?: number
  /** Undefined: nothing is on its screen. */
  readonly busy?: Session['busy'] | undefined
}

/** A use in the second half of its time is worth a write. */
export const isWorthProlonging = ({ expiresAt, ttlMs }: Session, now: number): boolean => expiresAt - now < ttlMs / 2
