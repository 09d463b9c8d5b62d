/** A tool as somebody writes it by hand who says the least that a model needs: what it is, and each argument with its type and a word. */
import type { Action, Json, JsonObject } from '../../src/core/types.ts'

type Minimal = Pick<Action, 'name' | 'description' | 'input'>

const wanted = ['type', 'enum', 'description', 'items', 'properties', 'required'] as const

export function handWritten({ name, description, input }: Minimal, format: string): JsonObject {
  const parameters = bare(input)
  const common = { name, description: description.trim() }
  if (format === 'openai') return { type: 'function', function: { ...common, parameters } }
  if (format === 'openai-responses') return { type: 'function', ...common, parameters }
  if (format === 'anthropic') return { ...common, input_schema: parameters }
  if (format === 'mcp') return { ...common, inputSchema: parameters }
  return { ...common, parameters }
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

function bare(schema: JsonObject): JsonObject {
  const kept = wanted.flatMap((keyword): [string, Json][] => {
    const value = schema[keyword]
    if (value === undefined) return []
    if (keyword === 'properties' && isObject(value))
      return [[keyword, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, isObject(one) ? bare(one) : one]))]]
    return [[keyword, keyword === 'items' && isObject(value) ? bare(value) : value]]
  })
  return Object.fromEntries(kept)
}
