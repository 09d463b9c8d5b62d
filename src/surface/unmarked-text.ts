/** Properties of an output that are free text, where its author has not said of any whether it can be trusted. */
import type { Json, JsonSchema } from '../core/types.ts'
import { isObject, typesOf } from './flatten.ts'

/** By name; none when there is a mark somewhere: then the author has thought of it. */
export function unmarkedText(output: JsonSchema): readonly string[] {
  if (JSON.stringify(output).includes('"x-untrusted"')) return []
  const found = new Set<string>()
  collect(output, '', found)
  return [...found]
}

/** Whose values are a fixed few, or have a fixed form. */
const bounds = ['enum', 'const', 'format', 'pattern'] as const

function collect(schema: Json, name: string, found: Set<string>): void {
  if (!isObject(schema)) return
  if (typesOf(schema.type).includes('string') && bounds.every(keyword => schema[keyword] === undefined))
    found.add(name === '' ? 'all of it' : name)
  for (const [inner, property] of Object.entries(isObject(schema.properties) ? schema.properties : {})) collect(property, inner, found)
  for (const definition of Object.values(isObject(schema.$defs) ? schema.$defs : {})) collect(definition, name, found)
  for (const keyword of ['items', 'additionalProperties'] as const) collect(schema[keyword] ?? true, name, found)
  for (const keyword of ['anyOf', 'oneOf', 'allOf'] as const)
    for (const branch of Array.isArray(schema[keyword]) ? (schema[keyword] as readonly Json[]) : []) collect(branch, name, found)
}
