/** `{{ … }}`: one JSONata expression. A value that is one expression keeps its type; text around it makes a string. */
import jsonata from 'jsonata'
import { settleMarks } from './credential-marks.ts'
import { RetrofitError } from './errors.ts'
import { type Holes, splitHoles } from './holes.ts'
import type { Json, JsonObject } from './types.ts'

/** What expressions see; what steps have extracted so far stands beside it by name, and in `steps`. */
export interface Scope {
  readonly input: Json
  readonly session: Json
  readonly credentials: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly steps: JsonObject
  readonly run: { readonly id: string; readonly reference: string; readonly attempt: number }
  readonly [extracted: string]: unknown
}

/** Undefined where the expression finds nothing; members and items of that are left out, inside a text it is ''. */
export type Template = (scope: Scope) => Promise<Json | undefined>

/** A mistake in an expression; `message` says what and where in the text. */
export class ExpressionError extends Error {}

const limits = { timeout: 250, stack: 200, sequence: 100_000 }

/** Compiles a value of a manifest with every expression in it. Throws ExpressionError. */
export function compileTemplate(value: Json): Template {
  if (typeof value === 'string') return compileText(value)
  if (Array.isArray(value)) return compileArray(value.map(compileTemplate))
  if (value !== null && typeof value === 'object')
    return compileObject(Object.entries(value).map(([name, member]) => [name, compileTemplate(member)] as const))
  return async () => value
}

/** A template as text, for fields that can only hold text; undefined is ''. */
export async function renderText(template: Template, scope: Scope): Promise<string> {
  return asText(await template(scope))
}

/** JSONata reads a missing name as nothing; false, 0, '' and empty arrays are false too, as `$boolean` says. */
export async function isTrue(template: Template, scope: Scope): Promise<boolean> {
  const value = await template(scope)
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

/** Turns the value of one hole into text that can not leave its place. Throws when the value can not stand there. */
export type Encode = (value: Json | undefined) => string

function compileText(text: string): Template {
  const { literals, expressions } = splitHoles(text)
  const [only] = expressions
  if (only === undefined) return async () => text
  if (expressions.length === 1 && literals.every(literal => literal.trim() === '')) return compileExpression(only)
  return compileEncoded(text, () => asText)
}

/** A text whose holes are each encoded for the place where they stand; `encoderOf` is asked once for each hole, when it is compiled. */
export function compileEncoded(text: string, encoderOf: (index: number, holes: Holes) => Encode): (scope: Scope) => Promise<string> {
  const holes = splitHoles(text)
  const parts = holes.expressions.map((source, index) => ({ value: compileExpression(source), encode: encoderOf(index, holes) }))
  return async scope => {
    const texts = await Promise.all(parts.map(async ({ value, encode }) => encode(await value(scope))))
    return holes.literals.map((literal, index) => literal + (texts[index] ?? '')).join('')
  }
}

function compileExpression(source: string): Template {
  const expression = parse(source)
  return async scope => {
    try {
      return settleMarks(plain(await expression.evaluate(scope)), scope.credentials)
    } catch (error) {
      if (error instanceof RetrofitError) throw error
      throw new ExpressionError(`{{${source}}} ${(error as Error).message}`, { cause: error })
    }
  }
}

function parse(source: string): jsonata.Expression {
  try {
    return jsonata(source, limits)
  } catch (error) {
    const { message, position } = error as jsonata.JsonataError
    throw new ExpressionError(`{{${source}}} is not a JSONata expression: ${message} (character ${position ?? 0})`, { cause: error })
  }
}

const compileArray =
  (items: readonly Template[]): Template =>
  async scope =>
    (await Promise.all(items.map(item => item(scope)))).filter(item => item !== undefined)

const compileObject =
  (members: readonly (readonly [string, Template])[]): Template =>
  async scope => {
    const values = await Promise.all(members.map(async ([name, member]) => [name, await member(scope)] as const))
    return Object.fromEntries(values.filter((pair): pair is [string, Json] => pair[1] !== undefined))
  }

/** Text of a value inside a text: '' for nothing, JSON for objects and lists. */
export const asText = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** JSONata's arrays carry hidden members, and functions are values there: leave plain JSON. */
function plain(value: unknown): Json | undefined {
  if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'string') return value as Json | undefined
  if (typeof value === 'number') return value
  if (typeof value !== 'object') return undefined
  return JSON.parse(JSON.stringify(value))
}
