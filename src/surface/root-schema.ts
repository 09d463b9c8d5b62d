/**
 * A JSON Schema of its own becomes components of an OpenAPI document: its `$defs` become components beside it, and every `$ref`
 * inside follows. The names begin with `name`, so that two actions with a definition of the same name do not meet.
 */
import type { Json, JsonObject } from '../core/types.ts'
import { segmentName } from './flatten.ts'

const definitions = ['$defs', 'definitions'] as const
/** They say where the schema stands by itself; here it stands in a document. */
const dropped: ReadonlySet<string> = new Set(['$schema', '$id', '$comment', ...definitions])
/** Their members are names that people chose, not keywords. */
const maps: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'dependentSchemas'])
/** Their values are data. */
const data: ReadonlySet<string> = new Set(['const', 'enum', 'default', 'example', 'examples'])

export function rootSchema(name: string, schema: JsonObject): JsonObject {
  const names = componentNames(name, schema)
  const move = (reference: string): string => moved(reference, name, names)
  const parts = definitions.flatMap(keyword =>
    Object.entries((schema[keyword] ?? {}) as JsonObject).map(
      ([definition, part]) => [names.get(pointerTo(keyword, definition)) as string, rewrite(part, move)] as const
    )
  )
  return { [name]: rewrite(schema, move), ...Object.fromEntries(parts) }
}

/** `#/$defs/Address` → `teller_get_balance.input.Address`. */
function componentNames(name: string, schema: JsonObject): Map<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  for (const keyword of definitions) {
    for (const definition of Object.keys((schema[keyword] ?? {}) as JsonObject)) {
      const wanted = `${name}.${definition.replaceAll(/[^A-Za-z0-9_-]/g, '_')}`
      let component = wanted
      for (let i = 2; taken.has(component); i++) component = `${wanted}_${i}`
      taken.add(component)
      names.set(pointerTo(keyword, definition), component)
    }
  }
  return names
}

const pointerTo = (keyword: string, definition: string): string => `#/${keyword}/${toSegment(definition)}`
const toSegment = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1')

function moved(reference: string, name: string, names: ReadonlyMap<string, string>): string {
  if (reference === '#') return `#/components/schemas/${name}`
  const [root, keyword, definition, ...rest] = reference.split('/')
  const component = names.get(`${root}/${keyword}/${definition === undefined ? '' : toSegment(segmentName(definition))}`)
  if (component !== undefined) return ['#/components/schemas', component, ...rest].join('/')
  return reference.startsWith('#/') ? `#/components/schemas/${name}${reference.slice(1)}` : reference
}

function rewrite(value: Json, move: (reference: string) => string): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(item => rewrite(item, move))
  const kept = Object.entries(value as JsonObject).filter(([keyword]) => !dropped.has(keyword))
  return Object.fromEntries(kept.map(([keyword, member]) => [keyword, rewriteMember(keyword, member, move)]))
}

function rewriteMember(keyword: string, member: Json, move: (reference: string) => string): Json {
  if (keyword === '$ref' && typeof member === 'string') return move(member)
  if (data.has(keyword)) return member
  if (!maps.has(keyword)) return rewrite(member, move)
  return Object.fromEntries(Object.entries(member as JsonObject).map(([name, schema]) => [name, rewrite(schema, move)]))
}
