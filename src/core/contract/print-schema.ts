/** What a schema takes, as text: two with the same text take the same values. */
import { canonicalJson } from '../canonical-json.ts'
import type { Json } from '../types.ts'
import { isMap, refOf, type Side, type Spot } from './spot.ts'

/** Keywords that say nothing about which values are taken. */
export const annotations: ReadonlySet<string> = new Set([
  ...[
    'title',
    'description',
    '$comment',
    'examples',
    'example',
    'default',
    'deprecated',
    'readOnly',
    'writeOnly',
    '$schema',
    'externalDocs'
  ],
  ...[
    'contentEncoding',
    'contentMediaType',
    'contentSchema',
    'xml',
    'discriminator',
    'x-sensitive',
    'x-session',
    'x-untrusted',
    '$defs',
    'definitions'
  ]
])

/** Keywords whose members are names of others, not keywords. */
const maps: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  'dependentRequired',
  '$defs',
  'definitions'
])
const values: ReadonlySet<string> = new Set(['const', 'enum'])

const known = new WeakMap<Side, Map<Json, string>>()

export function printSchema(spot: Spot): string {
  const { schema, side } = spot
  if (!isMap(schema)) return canonicalJson(schema)
  const ofSide = known.get(side) ?? new Map<Json, string>()
  const before = ofSide.get(schema)
  if (before !== undefined) return before
  const refs = new Map<string, Json>()
  const text = canonicalJson(plain(schema, spot, refs))
  const printed = refs.size === 0 ? text : `${text} ${canonicalJson(Object.fromEntries(refs))}`
  known.set(side, ofSide.set(schema, printed))
  return printed
}

function plain(schema: Json, spot: Spot, refs: Map<string, Json>): Json {
  if (Array.isArray(schema)) return schema.map((each: Json) => plain(each, spot, refs))
  if (!isMap(schema)) return schema
  if (typeof schema.$ref === 'string') follow(schema.$ref, spot, refs)
  const kept = Object.entries(schema).filter(([keyword]) => !annotations.has(keyword))
  return Object.fromEntries(
    kept.map(([keyword, held]) => {
      if (values.has(keyword)) return [keyword, held]
      if (!maps.has(keyword) || !isMap(held)) return [keyword, plain(held, spot, refs)]
      return [keyword, Object.fromEntries(Object.entries(held).map(([name, each]) => [name, plain(each, spot, refs)]))]
    })
  )
}

/** With what it leads to, once. */
function follow(ref: string, spot: Spot, refs: Map<string, Json>): void {
  if (refs.has(ref)) return
  refs.set(ref, null)
  refs.set(ref, plain(refOf(spot, ref).schema, spot, refs))
}
