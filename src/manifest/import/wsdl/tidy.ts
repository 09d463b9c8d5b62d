/** Looks at finished schemas: how large they are, what they lead to, which of their texts came from strangers. */
import { own } from '../../../core/own.ts'
import type { Json, JsonObject } from '../../../core/types.ts'
import { cleanText } from './names.ts'

/** Properties that a caller meets, references not followed. */
export function count(schema: Json): number {
  if (Array.isArray(schema)) return schema.reduce((sum: number, each: Json) => sum + count(each), 0)
  if (typeof schema !== 'object' || schema === null) return 0
  const { properties, items } = schema as JsonObject
  const own = typeof properties === 'object' && properties !== null ? Object.values(properties) : []
  return own.length + own.reduce((sum: number, each) => sum + count(each as Json), 0) + count(items ?? null)
}

/** Names of shared schemas that actions lead to. */
export function reachable(sources: readonly JsonObject[], schemas: Readonly<Record<string, Json>>): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of value as readonly Json[]) visit(item)
      return
    }
    for (const [key, member] of Object.entries(value as JsonObject)) {
      if (key !== '$ref' || typeof member !== 'string') visit(member)
      else if (!found.has(member.slice('#/schemas/'.length))) {
        const name = member.slice('#/schemas/'.length)
        found.add(name)
        visit(own(schemas, name) ?? null)
      }
    }
  }
  for (const source of sources) visit(source)
  return found
}

/** Texts of strangers become part of a file that people and models read. */
export function cleaned(value: Json): Json {
  if (Array.isArray(value)) return value.map(cleaned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, member]) => [
      key,
      (key === 'description' || key === 'title') && typeof member === 'string' ? cleanText(member, 3_900) : cleaned(member)
    ])
  )
}
