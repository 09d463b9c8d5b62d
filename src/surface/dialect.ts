/** What a provider of language models admits as a tool, as data; one file for each provider fills it in. */
import type { Action, Json, JsonObject } from '../core/types.ts'

export const dialects = ['openai', 'openai-responses', 'anthropic', 'gemini', 'mcp'] as const
export type Dialect = (typeof dialects)[number]

export interface Limits {
  readonly properties: number
  /** Objects and lists inside each other. */
  readonly levels: number
  /** Of all names of properties, enum and const values together. */
  readonly nameCharacters: number
  readonly enumValues: number
  /** An enum of more values than this … */
  readonly longEnum: number
  /** … may hold this many characters. */
  readonly longEnumCharacters: number
}

export interface Profile {
  readonly strict: boolean
  /** Keywords that are sent as they are; every other one is put into words. */
  readonly keywords: ReadonlySet<string>
  /** Formats that are sent; absent: all. */
  readonly formats?: ReadonlySet<string>
  /** A keyword of the set that is only admitted with some values. */
  admits?(keyword: string, value: Json): boolean
  /** How a model leaves a property out: `null` means that it has to send null. */
  readonly optional: 'absent' | 'null'
  /** Objects have no properties but those that they list: maps become lists of pairs, free objects JSON text. */
  readonly closed: boolean
  /** Whether `additionalProperties: false` is written. */
  readonly writesClosed: boolean
  /** `none`: definitions are written out where they are used. */
  readonly refs: 'local' | 'none'
  readonly recursion: 'ref' | 'text' | 'refuse'
  /** What becomes of a value of any type. */
  readonly anything: 'sent' | 'text' | 'refuse'
  /** An object may have no properties at all. */
  readonly emptyObjects: boolean
  /** Values of an enum may be other than strings. */
  readonly anyEnum: boolean
  readonly nullable: 'type' | 'keyword'
  readonly limits?: Limits
}

export interface Described {
  readonly action: Action
  readonly description: string
  /** The compiled input schema. */
  readonly parameters: JsonObject
  readonly strict: boolean
}

export interface Provider {
  readonly title: string
  readonly hasStrict: boolean
  /** Longest description of a tool. */
  readonly descriptionLimit?: number
  profile(strict: boolean): Profile
  define(described: Described): JsonObject
  /** The value of `tools` in a request. */
  list(definitions: readonly JsonObject[]): readonly JsonObject[]
}

const assertions = [
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['pattern', 'format', 'minLength', 'maxLength', 'minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties', 'default']
]

/** For whoever takes JSON Schema: unions and references still in the forms that every host understands. */
export const looseProfile: Profile = {
  strict: false,
  keywords: new Set(assertions),
  optional: 'absent',
  closed: false,
  writesClosed: true,
  refs: 'local',
  recursion: 'ref',
  anything: 'sent',
  emptyObjects: true,
  anyEnum: true,
  nullable: 'type'
}
