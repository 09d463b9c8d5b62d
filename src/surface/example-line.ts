/** How a call looks, as a line of a tool's description: where there is room for it. */
import type { Action, Json, JsonObject } from '../core/types.ts'
import { isObject } from './flatten.ts'

/** A definition costs at most 1.5 times what somebody writes by hand who says the least that a model needs; tokens are estimated here. */
const mostOfMinimal = 1.4

/** About what tokenizers make of JSON: words, three digits, two signs. */
const roughTokens = (text: string): number => text.match(/[a-z]{1,8}|[0-9]{1,3}|[^\sa-z0-9]{1,2}/gi)?.length ?? 0

/** Empty where the definition would cost too much with it, and where a model does not write the arguments as the author did. */
export function exampleLine({ example, ...action }: Action, define: (line: string) => JsonObject): string {
  if (example === undefined || action.session?.screen !== undefined || Object.keys(example).length === 0) return ''
  const isFlat = Object.entries(example).every(([name, value]) => /^\w+$/.test(name) && (typeof value !== 'object' || value === null))
  const required = (action.input.required ?? []) as readonly string[]
  const needed = Object.fromEntries(Object.entries(example).filter(([name]) => required.length === 0 || required.includes(name)))
  const line = `\nExample: ${JSON.stringify(needed)}`
  const { outputSchema: _, annotations: __, title: ___, ...definition } = define(line)
  const least = roughTokens(JSON.stringify(minimalTool(action)))
  return isFlat && roughTokens(JSON.stringify(definition)) <= least * mostOfMinimal ? line : ''
}

const minimalKeywords: ReadonlySet<string> = new Set([
  ...['type', 'description', 'properties', 'required', 'items', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', '$defs']
])
const maps: ReadonlySet<string> = new Set(['properties', '$defs'])

/** The least that tells a model of the action. */
const minimalTool = ({ name, description, input }: Pick<Action, 'name' | 'description' | 'input'>): JsonObject => ({
  name,
  description: description.trim(),
  parameters: minimal(input)
})

function minimal(schema: Json): Json {
  if (Array.isArray(schema)) return (schema as readonly Json[]).map(minimal)
  if (!isObject(schema)) return schema
  const kept = Object.entries(schema).filter(([keyword]) => minimalKeywords.has(keyword))
  return Object.fromEntries(
    kept.map(([keyword, value]) => [
      keyword,
      keyword === 'enum' || keyword === 'const' ? value : maps.has(keyword) ? members(value) : minimal(value)
    ])
  )
}

const members = (map: Json): Json =>
  Object.fromEntries(Object.entries(isObject(map) ? map : {}).map(([name, schema]) => [name, minimal(schema)]))
