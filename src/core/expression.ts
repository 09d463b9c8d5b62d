/** `{{ … }}`: one JSONata expression. A value that is one expression keeps its type; text around it makes a string. */
import { settleMarks } from './credential-marks.ts'
import { plainDecimal } from './decimal.ts'
import { nothingThere } from './expressions/nothing.ts'
import { readMark } from './expressions/optional.ts'
import { follow, pathOf } from './expressions/path.ts'
import type { ReadText } from './expressions/protocol.ts'
import { rootsFor } from './expressions/roots.ts'
import { ask, Ended } from './expressions/threads.ts'
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

/** Undefined where an expression that says `optional` finds nothing; members and items of that are left out, inside a text it is ''. */
export type Template = (scope: Scope) => Promise<Json | undefined>

/** A mistake in an expression; `message` says what and where in the text. */
export class ExpressionError extends Error {
  /** It was ended, for its time or its memory: another try would end the same way. */
  get isEnded(): boolean {
    return this.cause instanceof Ended
  }
}

const longestExpression = 16_384
/** Characters of JSON. */
const longestScope = 8_000_000
/** So many are read in one go. */
const togetherRead = 50
const mostEnded = 3

/** Where a template stands in its action, for messages. */
export type TemplatePlace = readonly (string | number)[]

/**
 * Compiles a value of a manifest with every expression in it. Throws ExpressionError.
 * The template throws invalid_input or invalid_output when an expression finds nothing and does not say `optional`.
 */
export function compileTemplate(value: Json, at: TemplatePlace = []): Template {
  if (typeof value === 'string') return compileText(value, at)
  if (Array.isArray(value)) return compileArray(value.map((item: Json, index) => compileTemplate(item, [...at, index])))
  if (value !== null && typeof value === 'object')
    return compileObject(Object.entries(value).map(([name, member]) => [name, compileTemplate(member, [...at, name])] as const))
  return async () => value
}

/** It is one expression, which may give nothing. */
export const isOptional = (value: Json): boolean => typeof value === 'string' && readMark(onlyExpression(value) ?? '').optional

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

function compileText(text: string, at: TemplatePlace): Template {
  if (splitHoles(text).expressions.length === 0) return async () => text
  const only = onlyExpression(text)
  return only === undefined ? compileParts(text, { encoderOf: () => asText, at }) : compileExpression(only, at)
}

/** Of a text that is nothing else. */
function onlyExpression(text: string): string | undefined {
  const { literals, expressions } = splitHoles(text)
  return expressions.length === 1 && literals.every(literal => literal.trim() === '') ? expressions[0] : undefined
}

interface Encoding {
  readonly encoderOf: (index: number, holes: Holes) => Encode
  readonly at: TemplatePlace
}

/** A text whose holes are each encoded for the place where they stand; `encoderOf` is asked once for each hole, when it is compiled. */
export const compileEncoded = (text: string, encoderOf: Encoding['encoderOf']): ((scope: Scope) => Promise<string>) =>
  compileParts(text, { encoderOf, at: [] })

function compileParts(text: string, { encoderOf, at }: Encoding): (scope: Scope) => Promise<string> {
  const holes = splitHoles(text)
  const parts = holes.expressions.map((source, index) => ({ value: compileExpression(source, at), encode: encoderOf(index, holes) }))
  return async scope => {
    const texts = await Promise.all(parts.map(async ({ value, encode }) => encode(await value(scope))))
    return holes.literals.map((literal, index) => literal + (texts[index] ?? '')).join('')
  }
}

/** A simple path is read here; all else is evaluated in a thread, where it can be ended. */
function compileExpression(text: string, at: TemplatePlace): Template {
  const { source, optional } = readMark(text)
  if (source.length > longestExpression)
    throw new ExpressionError(`${shown(source)} has more than ${longestExpression} characters: make several of it`)
  const path = pathOf(source)
  const roots = rootsFor(source)
  return async scope => {
    const found = path === undefined ? 'list' : follow(scope, path)
    const value = settleMarks(found === 'list' ? await evaluate(source, roots(scope)) : found.value, scope.credentials)
    if (value !== undefined || optional) return value
    throw nothingThere({ shown: shown(text), at, missing: await missingIn(source, scope), source: source.trim() })
  }
}

/** The paths that the expression reads and that lead nowhere, each as far as it is not there. */
async function missingIn(source: string, scope: Scope): Promise<readonly (readonly string[])[]> {
  const { uses } = (await readExpressions(new Set([source])).catch(() => undefined))?.get(source) ?? {}
  return (uses?.reads ?? []).flatMap(({ path }) => {
    const length = path.findIndex((_, index) => {
      const found = follow(scope, path.slice(0, index + 1))
      return found !== 'list' && found.value === undefined
    })
    return length < 0 ? [] : [path.slice(0, length + 1)]
  })
}

async function evaluate(source: string, scope: string): Promise<Json | undefined> {
  if (scope.length > longestScope)
    throw new ExpressionError(`${shown(source)} reads more than ${longestScope} characters: take less with a simple path, as input.name`)
  const { json, failure } = await ask({ source, scope }).catch(error => {
    throw new ExpressionError(`${shown(source)} ${(error as Error).message}`, { cause: error })
  })
  if (failure !== undefined) throw new ExpressionError(`${shown(source)} ${failure}`)
  return json === undefined ? undefined : JSON.parse(json)
}

/** What each expression reads, or why it is none. Reading ends where several took too long: the others are not in the answer. */
export async function readExpressions(texts: ReadonlySet<string>): Promise<ReadonlyMap<string, ReadText>> {
  const found = new Map<string, ReadText>()
  let ended = 0
  const open: string[] = []
  for (const text of texts) {
    const { source } = readMark(text)
    const path = pathOf(source)
    if (path !== undefined) found.set(text, { uses: { reads: [{ path, own: 0 }], loose: [], unbound: [], whole: path } })
    else if (source.length <= longestExpression) open.push(text)
  }
  while (open.length > 0 && ended < mostEnded) {
    const some = open.splice(0, togetherRead)
    const note = (index: number, { mistake, uses }: ReadText) => {
      const text = some[index] ?? ''
      found.set(text, { uses, mistake: mistake === undefined ? undefined : `${shown(text)} ${mistake}` })
    }
    try {
      const { texts: read = [] } = await ask({ sources: some.map(text => readMark(text).source) })
      for (const [index, each] of read.entries()) note(index, each)
    } catch (error) {
      if (!(error instanceof Ended)) throw error
      note(error.index, { mistake: error.message })
      ended += 1
      open.push(...some.filter((_, index) => index !== error.index))
    }
  }
  return found
}

const shown = (source: string): string => `{{${source.length > 200 ? `${source.slice(0, 200)}…` : source}}}`

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
  value === undefined || value === null
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : typeof value === 'number'
        ? plainDecimal(value)
        : String(value)
