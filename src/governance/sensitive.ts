/** Finds the values that a schema marks `x-sensitive` and replaces them. */
import { replaceMarked } from '../core/marked.ts'
import type { Json, JsonSchema } from '../core/types.ts'

/** The value with every marked part replaced; the value itself when nothing is marked. */
export const replaceSensitive = (schema: JsonSchema, value: Json, replace: (value: Json) => Json): Json =>
  replaceMarked(schema, value, { keyword: 'x-sensitive', replace })

/** Every marked text or number in the value, as text. */
export function sensitiveTexts(schema: JsonSchema, value: Json): readonly string[] {
  const texts: string[] = []
  replaceSensitive(schema, value, found => {
    collectTexts(found, texts)
    return found
  })
  return texts
}

function collectTexts(value: Json, into: string[]): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value !== 'object') into.push(String(value))
  else for (const part of Object.values(value)) collectTexts(part, into)
}
