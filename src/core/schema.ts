/** JSON Schema 2020-12 for manifests that come from people: linear-time patterns, no remote references, bounded size. */

import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import addFormatsModule from 'ajv-formats'
import { RE2JS } from 're2js'
import { canonicalJson } from './canonical-json.ts'
import { checkMetaSchema } from './check-meta-schema.js'
import { isMultiple } from './decimal.ts'
import { createMistakeFinder, escapePointer } from './find-mistakes.ts'
import { sayMistake } from './say-mistake.ts'
import type { Check, FieldError, Json, JsonSchema } from './types.ts'

const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default

export interface Pattern {
  test(text: string): boolean
  /** The first match and its groups; a group that took no part is undefined. */
  find(text: string): readonly [string, ...(string | undefined)[]] | undefined
}

/** A pattern that runs in linear time, whatever its author wrote (RE2: no look-around, no back-references). Throws when it is none. */
export function compilePattern(pattern: string): Pattern {
  const compiled = RE2JS.compile(pattern)
  return {
    test: text => compiled.matcher(text).find(),
    find: text => {
      const matcher = compiled.matcher(text)
      if (!matcher.find()) return undefined
      const groups = Array.from({ length: matcher.groupCount() }, (_, index) => matcher.group(index + 1) ?? undefined)
      return [matcher.group() ?? '', ...groups]
    }
  }
}

/** Ajv's `code.regExp`. Ajv keeps compiled patterns by `toString()`: without this one, every pattern would be the first one. */
const regExp = Object.assign((pattern: string) => ({ ...compilePattern(pattern), toString: () => pattern }), { code: 'new RegExp' })

const annotations = ['x-sensitive', 'x-session', 'x-untrusted', 'xml', 'example', 'discriminator', 'externalDocs']

const dialect = 'https://json-schema.org/draft/2020-12/schema'

export type Ajv = Ajv2020

export function newAjv(): Ajv {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    strictTuples: false,
    allowUnionTypes: true,
    allErrors: false,
    // Ajv's own tidying of its code takes longer than all the rest for large schemas; the engine does it better.
    code: { regExp, optimize: false }
  })
  addFormats(ajv)
  boundFormats(ajv)
  for (const own of [uniqueItems, multipleOf]) {
    ajv.removeKeyword(own.keyword)
    ajv.addKeyword(own)
  }
  for (const keyword of annotations) ajv.addKeyword({ keyword })
  // Compiled beforehand, by Ajv too; it would do it again for each manifest.
  const meta = ajv.schemas[dialect]
  if (meta !== undefined) meta.validate = checkMetaSchema
  return ajv
}

/** Formats of files: any length, and a look at each character once. */
const ofAnyLength: ReadonlySet<string> = new Set(['byte', 'binary', 'password'])
const longestFormatted = 4_096

/** A regular expression of a format takes more time than its text is long: a text that long is none. */
function boundFormats(ajv: Ajv2020): void {
  for (const [name, format] of Object.entries(ajv.formats)) {
    const test = testOf(format)
    if (test !== undefined && !ofAnyLength.has(name)) ajv.addFormat(name, text => text.length <= longestFormatted && test(text))
  }
}

function testOf(format: unknown): ((text: string) => boolean) | undefined {
  if (format instanceof RegExp) return text => format.test(text)
  if (typeof format === 'function') return format as (text: string) => boolean
  const { validate, type } = format as { validate?: unknown; type?: unknown }
  return validate === undefined || type === 'number' ? undefined : testOf(validate)
}

/** Ajv compares each item with each; by their canonical form it is one look at each. */
const uniqueItems = {
  keyword: 'uniqueItems',
  type: 'array' as const,
  schemaType: 'boolean' as const,
  validate: (wanted: boolean, items: readonly Json[]): boolean => !wanted || new Set(items.map(canonicalJson)).size === items.length,
  error: { message: 'must NOT have duplicate items' }
}

/** 1.13 is a multiple of 0.01 to people; to binary fractions, with which Ajv divides, it is not. */
const multipleOf = {
  keyword: 'multipleOf',
  type: 'number' as const,
  schemaType: 'number' as const,
  validate: (step: number, value: number): boolean => isMultiple(value, step),
  error: { message: ({ schema }: { readonly schema: unknown }) => `must be multiple of ${schema}` }
}

/** Compiles a schema; throws an Error that says what is wrong with it. */
export const compileSchema = (schema: JsonSchema, ajv: Ajv2020 = newAjv()): Check => compileDetached({ schema, whole: schema }, ajv)

/** The same; `whole` holds what the references of `schema` lead to outside of it. */
export function compileDetached({ schema, whole }: { readonly schema: JsonSchema; readonly whole: JsonSchema }, ajv: Ajv2020): Check {
  const validate = ajv.compile(schema)
  const find = createMistakeFinder(whole, newFinderAjv)
  return value => {
    if (validate(value)) return []
    const found = find(value as Json)
    return found.length > 0 ? found : (validate.errors ?? []).map(toFieldError)
  }
}

/** It sees one value at a time, and says all that is wrong with it. */
function newFinderAjv(): Ajv2020 {
  const ajv = newAjv()
  ajv.opts.allErrors = true
  return ajv
}

function toFieldError(error: ErrorObject): FieldError {
  const { instancePath, keyword, params } = error
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties') {
    const name = String(params.additionalProperty ?? params.unevaluatedProperty)
    return { pointer: `${instancePath}/${escapePointer(name)}`, message: 'is not a known property' }
  }
  if (keyword === 'required') return { pointer: `${instancePath}/${escapePointer(String(params.missingProperty))}`, message: 'is required' }
  return { pointer: instancePath, message: sayMistake(error) }
}
