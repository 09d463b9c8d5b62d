/** Finds the parts of a value that a schema marks with a keyword of ours, as `x-sensitive`, and replaces them. */
import { expand, isObject, itemSchemas, memberSchemas } from './schema-at.ts'
import type { Json, JsonSchema } from './types.ts'

export interface Marking {
  readonly keyword: 'x-sensitive' | 'x-untrusted'
  /** `marks`: what the keyword says here; more than one when several schemas describe the value. */
  replace(value: Json, marks: readonly Json[]): Json
}

const known: Readonly<Record<Marking['keyword'], WeakMap<JsonSchema, boolean>>> = {
  'x-sensitive': new WeakMap(),
  'x-untrusted': new WeakMap()
}

/** Whether any part of the schema is marked; most are not, and cost nothing. */
function hasMarks(schema: JsonSchema, keyword: Marking['keyword']): boolean {
  const answer = known[keyword].get(schema) ?? JSON.stringify(schema).includes(`"${keyword}"`)
  known[keyword].set(schema, answer)
  return answer
}

/** The value with every marked part replaced; the value itself when nothing is marked. */
export function replaceMarked(schema: JsonSchema, value: Json, marking: Marking): Json {
  return hasMarks(schema, marking.keyword) ? walk({ root: schema, marking }, [schema], value) : value
}

interface Context {
  readonly root: JsonSchema
  readonly marking: Marking
}

/** A mark in any of the schemas counts. */
function walk(context: Context, schemas: readonly JsonSchema[], value: Json): Json {
  const all = expand(context.root, schemas)
  const { keyword, replace } = context.marking
  const marks = all.map(schema => schema[keyword]).filter(mark => mark !== undefined && mark !== false)
  if (marks.length > 0) return replace(value, marks as readonly Json[])
  if (Array.isArray(value)) return value.map((item, index) => walk(context, itemSchemas(all, index), item))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(context, memberSchemas(all, name), member)]))
}
