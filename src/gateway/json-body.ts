/**
 * JSON from strangers. `JSON.parse` does the work; what it lets through is found in two quick passes: a member counted in the
 * text but not in the value was there twice, and the value is walked once for depth, names and strings that harm later.
 */
import { isUtf8 } from 'node:buffer'
import { endOfString } from '../core/end-of-string.ts'
import { RetrofitError } from '../core/errors.ts'
import { inexactIn } from '../core/exact-json.ts'
import type { FieldError, Json, JsonObject } from '../core/types.ts'

const maxDepth = 64
const forbiddenNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

const malformed = (detail: string): RetrofitError => new RetrofitError('malformed_json', { detail })
const unfit = (pointer: string, message: string): RetrofitError =>
  new RetrofitError('invalid_input', { detail: `${pointer === '' ? 'The body' : pointer} ${message}`, errors: [{ pointer, message }] })

export interface JsonBody {
  readonly value: JsonObject
  /** The numbers in it that lost digits: no value is right that holds them. */
  readonly inexact: readonly FieldError[]
}

/** Refuses a body with numbers that a double does not keep. */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  const { value, inexact } = parseJsonBody(bytes)
  if (inexact.length > 0) throw inexactInput(inexact)
  return value
}

export const inexactInput = (errors: readonly FieldError[]): RetrofitError =>
  new RetrofitError('invalid_input', {
    detail: errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; '),
    hint: 'Send these numbers as text, in quotes, where the schema takes text; the key was not used.',
    errors
  })

export function parseJsonBody(bytes: Uint8Array): JsonBody {
  const { value, inexact } = parseJson(bytes)
  if (!isJsonObject(value)) throw unfit('', 'must be an object')
  return { value, inexact }
}

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Any value, where a body may be another one than an object. */
export function parseJson(bytes: Uint8Array): { readonly value: Json; readonly inexact: readonly FieldError[] } {
  if (!isUtf8(bytes)) throw malformed('The body is not UTF-8')
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const value = parse(text)
  const members = inspect(value, { depth: 1, path: [] })
  if (members !== countMembers(text)) throw malformed('An object has two members of the same name')
  return { value, inexact: inexactIn(text) }
}

function parse(text: string): Json {
  if (text.charCodeAt(0) === 0xfeff) throw malformed('The body begins with a byte order mark')
  try {
    return JSON.parse(text) as Json
  } catch (error) {
    throw malformed(explain(error))
  }
}

/** V8 quotes the text that it could not read; that is left out, since it may hold what must not be repeated. */
function explain(error: unknown): string {
  const at = /at position (\d+)/.exec(String(error))?.[1]
  return at === undefined ? 'The body is not complete JSON' : `The body is not JSON at character ${at}`
}

/** Colons outside strings, in a text that is known to be JSON. */
function countMembers(text: string): number {
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x3a) count++
    else if (code === 0x22) i = endOfString(text, i)
  }
  return count
}

interface Place {
  readonly depth: number
  readonly path: readonly (string | number)[]
}

const pointerTo = (path: Place['path']): string => path.map(name => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** Throws on what must not come in; returns how many members there are in all. */
function inspect(value: Json, place: Place): number {
  if (value !== null && typeof value === 'object') return inspectNested(value, place)
  if (typeof value === 'string') checkText(value)
  return 0
}

function inspectNested(value: readonly Json[] | JsonObject, { depth, path }: Place): number {
  if (depth > maxDepth) throw unfit('', `is nested deeper than ${maxDepth} levels`)
  const inside = (name: string | number, child: Json): number =>
    typeof child === 'string' || child === null || typeof child === 'boolean'
      ? inspect(child, { depth, path })
      : inspect(child, { depth: depth + 1, path: [...path, name] })
  if (Array.isArray(value)) return (value as readonly Json[]).reduce<number>((members, child, i) => members + inside(i, child), 0)
  let members = 0
  for (const [name, child] of Object.entries(value as JsonObject)) {
    if (forbiddenNames.has(name)) throw unfit(pointerTo([...path, name]), 'is a name that is not allowed')
    checkText(name)
    members += 1 + inside(name, child)
  }
  return members
}

function checkText(text: string): void {
  if (!text.isWellFormed()) throw malformed('A string holds half of a surrogate pair')
}
