/** Finds the parts of a value that a schema marks with a keyword of ours, as `x-sensitive`, and replaces them. */
import { type Place, Places } from './places.ts'
import type { Json, JsonObject, JsonSchema } from './types.ts'

export interface Marking {
  readonly keyword: 'x-sensitive' | 'x-untrusted'
  /** `marks`: what the keyword says here; more than one when several schemas describe the value. */
  replace(value: Json, marks: readonly Json[], place: Place): Json
}

const known: Readonly<Record<Marking['keyword'], WeakMap<JsonSchema, boolean>>> = {
  'x-sensitive': new WeakMap(),
  'x-untrusted': new WeakMap()
}

/** Whether any part of the schema is marked; most are not, and cost nothing. */
export function hasMarks(schema: JsonSchema, keyword: Marking['keyword']): boolean {
  const answer = known[keyword].get(schema) ?? JSON.stringify(schema).includes(`"${keyword}"`)
  known[keyword].set(schema, answer)
  return answer
}

/** The value with every marked part replaced; the value itself when nothing is marked. */
export function replaceMarked(schema: JsonSchema, value: Json, marking: Marking): Json {
  return hasMarks(schema, marking.keyword) ? walk(rootPlace(schema), value, marking) : value
}

const roots = new WeakMap<JsonSchema, Place>()

/** The place of the whole value. */
export function rootPlace(schema: JsonSchema): Place {
  const root = roots.get(schema) ?? new Places(schema).of([schema])
  roots.set(schema, root)
  return root
}

/** A mark in any of the schemas counts. */
function walk(place: Place, value: Json, marking: Marking): Json {
  const marks = place.marks(marking.keyword)
  if (marks.length > 0) return marking.replace(value, marks, place)
  if (typeof value !== 'object' || value === null || !place.leadsTo(marking.keyword)) return value
  if (Array.isArray(value)) return value.map((item, index) => walk(place.item(index), item, marking))
  // A copy that owns each name, `__proto__` too, so that assigning changes it and nothing else.
  const copy: Record<string, Json> = { ...(value as JsonObject) }
  for (const name of Object.keys(copy)) {
    const before = copy[name] as Json
    const after = walk(place.member(name), before, marking)
    if (after !== before) copy[name] = after
  }
  return copy
}
