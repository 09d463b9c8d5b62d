/** What an input schema says of its arguments, in words: names, titles, descriptions and the values of an enum. */
import type { Json, JsonObject } from '../core/types.ts'

/** A schema from outside can be as large as it likes. */
const mostCharacters = 8_000
const mostLevels = 12

export function argumentWords(schema: Json): string {
  const words: string[] = []
  const room = { left: mostCharacters }
  collect(schema, words, { room, level: 0 })
  return words.join(' ')
}

interface Where {
  readonly room: { left: number }
  readonly level: number
}

function collect(schema: Json, words: string[], { room, level }: Where): void {
  if (room.left <= 0 || level > mostLevels || typeof schema !== 'object' || schema === null) return
  const inside = { room, level: level + 1 }
  if (Array.isArray(schema)) {
    for (const one of schema as readonly Json[]) collect(one, words, inside)
    return
  }
  const { title, description, enum: values, properties, ...rest } = schema as JsonObject
  if (level > 0) for (const text of [title, description]) say(text, words, room)
  for (const value of Array.isArray(values) ? (values as readonly Json[]) : []) say(value, words, room)
  for (const [name, one] of Object.entries(isObject(properties) ? properties : {})) {
    if (room.left <= 0) return
    say(name, words, room)
    collect(one as Json, words, inside)
  }
  for (const keyword of nested) collect(rest[keyword] ?? null, words, inside)
}

/** Keywords with schemas in them whose words an agent would use; `$defs` is a map of them. */
const nested = ['items', 'prefixItems', 'anyOf', 'oneOf', 'allOf', 'additionalProperties'] as const

function say(text: Json | undefined, words: string[], room: Where['room']): void {
  if (typeof text !== 'string' || room.left <= 0) return
  words.push(text.slice(0, room.left))
  room.left -= text.length + 1
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
