/**
 * The schema of what a model gets of an output. Where a secret is hidden or a text marked, the rules for the value itself do not hold any
 * more; rules that look at several values at once (`oneOf`, `if`, `not`, `uniqueItems` …) may not hold either, and are loosened.
 */
import { rootPlace } from '../core/marked.ts'
import type { Place } from '../core/places.ts'
import { isObject, resolveRef } from '../core/schema-at.ts'
import type { Json, JsonObject, JsonSchema } from '../core/types.ts'
import { isSecret } from './readable.ts'

const known = new WeakMap<JsonSchema, JsonSchema>()

/** The schema itself where nothing is marked. */
export function modelSchema(schema: JsonSchema): JsonSchema {
  const made = known.get(schema) ?? make(schema)
  known.set(schema, made)
  return made
}

function make(schema: JsonSchema): JsonSchema {
  const touched = touchedBy(schema)
  if (touched.hidden.size === 0 && touched.foreign.size === 0) return schema
  const loose = rewrite(schema, touched) as JsonSchema
  return refsIn(loose).every(ref => resolveRef(loose, ref) !== undefined) ? loose : unknownForm(schema)
}

/** What a reference led to is no part of it any more. */
const unknownForm = ({ type, title, description }: JsonSchema): JsonSchema => ({
  ...(type === undefined ? {} : { type }),
  ...(title === undefined ? {} : { title }),
  ...(description === undefined ? {} : { description })
})

interface Touched {
  /** Schemas that have a say about a value that is hidden. */
  readonly hidden: Set<JsonSchema>
  /** And about one that others wrote. */
  readonly foreign: Set<JsonSchema>
}

function touchedBy(schema: JsonSchema): Touched {
  const touched: Touched = { hidden: new Set(), foreign: new Set() }
  const seen = { own: new Set<Place>(), foreign: new Set<Place>() }
  const open: [Place, boolean][] = [[rootPlace(schema), false]]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [place, around] = next
    const isForeign = around || place.marks('x-untrusted').length > 0
    const visited = isForeign ? seen.foreign : seen.own
    if (visited.has(place)) continue
    visited.add(place)
    const isHidden = isSecret(place.marks('x-sensitive'))
    if (isHidden) for (const one of place.schemas) touched.hidden.add(one)
    if (isHidden) continue
    if (isForeign) for (const one of place.schemas) touched.foreign.add(one)
    for (const below of place.below()) open.push([below, isForeign])
  }
  return touched
}

/** Of schemas that hold for several values at once, or say which others hold. */
const shaky: ReadonlySet<string> = new Set([
  ...['if', 'then', 'else', 'not', 'contains', 'minContains', 'maxContains', 'uniqueItems', 'dependentSchemas'],
  ...['unevaluatedProperties', 'unevaluatedItems']
])
/** They do not hold for a text in «», or for names in them. */
const ofText: ReadonlySet<string> = new Set([
  ...['pattern', 'format', 'minLength', 'maxLength', 'enum', 'const', 'default', 'examples', 'contentEncoding', 'contentMediaType'],
  ...['contentSchema', 'propertyNames', 'patternProperties', 'maxProperties']
])
const maps: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions', 'patternProperties'])
const lists: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems'])
const inside: ReadonlySet<string> = new Set(['items', 'additionalProperties', 'propertyNames'])

function rewrite(schema: Json, touched: Touched): Json {
  if (!isObject(schema)) return schema
  if (touched.hidden.has(schema)) return hiddenForm(schema)
  const isForeign = touched.foreign.has(schema)
  const kept = Object.entries(schema).filter(
    ([keyword, value]) => !(shaky.has(keyword) || (isForeign && ofText.has(keyword)) || (isChoice(keyword) && holdsObjects(value)))
  )
  const members = kept.map(([keyword, value]): [string, Json] => [keyword === 'oneOf' ? 'anyOf' : keyword, below(keyword, value, touched)])
  // Names that a pattern took are in «» now, and would be none that are admitted.
  const isOpen = isForeign && schema.patternProperties !== undefined
  const both = schema.oneOf !== undefined && schema.anyOf !== undefined
  const made = Object.fromEntries(both ? members.filter(([keyword]) => keyword !== 'anyOf') : members)
  return isOpen ? { ...made, additionalProperties: true } : made
}

const isChoice = (keyword: string): boolean => keyword === 'enum' || keyword === 'const'
const holdsObjects = (value: Json): boolean =>
  Array.isArray(value) ? value.some(holdsObjects) || value.some(Array.isArray) : isObject(value)

function below(keyword: string, value: Json, touched: Touched): Json {
  if (maps.has(keyword) && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, rewrite(one, touched)]))
  if (lists.has(keyword) && Array.isArray(value)) return (value as readonly Json[]).map(one => rewrite(one, touched))
  return inside.has(keyword) ? rewrite(value, touched) : value
}

/** One that is marked itself is hidden wherever it stands; any other may describe values that are not. */
const hiddenForm = ({ title, description, ...schema }: JsonSchema): JsonObject => ({
  ...(title === undefined ? {} : { title }),
  ...(description === undefined ? {} : { description }),
  ...(schema['x-sensitive'] === 'secret' ? { type: 'string' } : {}),
  ...(isObject(schema.$defs) ? { $defs: schema.$defs } : {})
})

function refsIn(value: Json): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(refsIn)
  if (!isObject(value)) return []
  const { $ref } = value
  return [...(typeof $ref === 'string' ? [$ref] : []), ...Object.values(value).flatMap(refsIn)]
}
