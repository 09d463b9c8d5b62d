/** What the conversion of one document shares. */
import type { Ajv } from '../../../core/schema.ts'
import type { Json, JsonObject } from '../../../core/types.ts'

/** Something that was written in another way, or is lost. */
export interface SchemaNote {
  /** JSON Pointer into the document that was read; of what the manifest refused, into the schema that was made. */
  readonly pointer: string
  readonly message: string
}

export interface Conversion {
  readonly document: Json
  readonly ajv: Ajv
  /** Up to draft 7, and in OpenAPI 3.0, what stands beside a `$ref` does not count. */
  readonly isRefAlone: boolean
  note(pointer: string, message: string): void
  /** The new `$ref` for an old one; undefined when it leads out of the document, or nowhere. */
  link(ref: string, pointer: string): string | undefined
}

export type Draft = Record<string, Json>

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const step = (name: string | number): string => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
