/** The elements and attributes of a schema whose content is marked `x-sensitive`, by local name. */
import type { Json, JsonObject, JsonSchema } from '../../src/index.ts'

const isObject = (value: Json | undefined): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

export function sensitiveNames(schemas: readonly JsonSchema[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const schema of schemas) collect(schema, { name: undefined, marked: false, names })
  return names
}

const marks = new WeakMap<object, boolean>()

/** Most schemas have none; shared ones are large and met often. */
function hasMark(value: Json | undefined): boolean {
  if (value === null || typeof value !== 'object') return false
  const known = marks.get(value)
  if (known !== undefined) return known
  const found = Array.isArray(value)
    ? value.some(hasMark)
    : 'x-sensitive' in value || Object.values(value).some(member => hasMark(member as Json))
  marks.set(value, found)
  return found
}

interface Place {
  /** The name of the nearest element. */
  readonly name: string | undefined
  readonly marked: boolean
  readonly names: Set<string>
}

/** Walks the schema as written; a mark counts for everything below it. */
function collect(schema: Json | undefined, place: Place): void {
  if (Array.isArray(schema)) for (const each of schema as readonly Json[]) collect(each, place)
  if (!isObject(schema) || (!place.marked && !hasMark(schema))) return
  const marked = place.marked || (schema['x-sensitive'] !== undefined && schema['x-sensitive'] !== false)
  const name = isObject(schema.xml) && typeof schema.xml.name === 'string' ? schema.xml.name : place.name
  if (marked && name !== undefined) place.names.add(name)
  for (const [key, value] of Object.entries(schema)) {
    if (key !== 'properties' && key !== '$defs') collect(value, { ...place, name, marked })
    else if (isObject(value)) for (const [property, member] of Object.entries(value)) collect(member, { ...place, name: property, marked })
  }
}
