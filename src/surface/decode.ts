/** From what a model sent back to the action's own input. What does not look as it was asked for stays as it is. */
import { canonicalJson } from '../core/canonical-json.ts'
import { RetrofitError } from '../core/errors.ts'
import { InexactNumber, parseExactJson } from '../core/exact-json.ts'
import type { Json } from '../core/types.ts'
import { isObject } from './flatten.ts'

export type Decode = (value: Json) => Json

export const unchanged: Decode = value => value

export interface Member {
  readonly name: string
  readonly decode: Decode
  /** Null means that the property was left out: its schema admits no null. */
  readonly nullIsAbsent: boolean
}

export interface ObjectForm {
  /** By the name that the model sees. */
  readonly members: ReadonlyMap<string, Member>
  /** Values of properties that are not listed. */
  readonly rest: Decode
  /** The argument that holds properties that are not listed, as pairs. */
  readonly restName?: string | undefined
}

export function decodeObject({ members, rest, restName }: ObjectForm): Decode {
  const own = new Map([...members.values()].map(member => [member.name, member]))
  return value => {
    if (!isObject(value)) return value
    const entries: (readonly [string, Json])[] = []
    for (const [sent, inside] of Object.entries(value)) {
      const member = members.get(sent) ?? own.get(sent)
      if (sent === restName && !own.has(sent)) entries.push(...(restOf(inside, rest, own) ?? [[sent, inside] as const]))
      else if (member === undefined) entries.push([sent, within(sent, () => rest(inside))])
      else if (inside !== null || !member.nullIsAbsent) entries.push([member.name, within(sent, () => member.decode(inside))])
    }
    if (new Set(entries.map(([name]) => name)).size < entries.length) throw ambiguous('The input gives one property twice.')
    return Object.fromEntries(entries)
  }
}

/** Undefined: not what was asked for. It stays, and the check of the input refuses it. */
function restOf(value: Json, decode: Decode, own: ReadonlyMap<string, Member>): Pairs | undefined {
  if (value === null) return []
  const pairs = pairsOf(value, decode)
  return pairs?.some(([name]) => own.has(name)) ? undefined : pairs
}

type Pairs = readonly (readonly [string, Json])[]

export const decodeList =
  (first: readonly Decode[], others: Decode): Decode =>
  value =>
    Array.isArray(value) ? (value as readonly Json[]).map((item, i) => within(i, () => (first[i] ?? others)(item))) : value

function pairsOf(value: Json, decode: Decode): Pairs | undefined {
  if (isObject(value)) return Object.entries(value).map(([name, inside]) => [name, decode(inside)])
  if (!Array.isArray(value) || !value.every(isPair)) return undefined
  const pairs = (value as readonly Pair[]).map(({ name, value: inside }) => [name, decode(inside)] as const)
  return new Set(pairs.map(([name]) => name)).size < pairs.length ? undefined : pairs
}

interface Pair {
  readonly name: string
  readonly value: Json
}

const isPair = (pair: Json): boolean =>
  isObject(pair) && typeof pair.name === 'string' && !harmful.has(pair.name) && pair.value !== undefined && Object.keys(pair).length === 2

/** A map that the model sees as a list of names and values. */
export function decodePairs(decode: Decode): Decode {
  return value => {
    const pairs = pairsOf(value, decode)
    return pairs === undefined ? value : Object.fromEntries(pairs)
  }
}

/** What the door refuses in a body must not come in inside a text. */
const harmful: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const mostLevels = 32

function isTame(value: Json, level = 0): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  if (level >= mostLevels) return false
  return Object.entries(value).every(([name, inside]) => !harmful.has(name) && name.isWellFormed() && isTame(inside as Json, level + 1))
}

export const decodeText: Decode = value => {
  if (typeof value !== 'string') return value
  try {
    const parsed = parseExactJson(value)
    return isTame(parsed) ? parsed : value
  } catch (error) {
    // A number alone has all its digits in the text.
    if (error instanceof InexactNumber && error.errors.some(({ pointer }) => pointer !== '')) throw inexact(error)
    return value
  }
}

/** A text that is one of these, written as JSON; what is no such text stays as it is. */
export function decodeListed(values: readonly Json[]): Decode {
  const byText = new Map(values.map(value => [canonicalJson(value), value]))
  return value => {
    const parsed = typeof value === 'string' ? decodeText(value) : value
    return typeof parsed === 'object' && parsed !== null ? (byText.get(canonicalJson(parsed)) ?? value) : value
  }
}

/** JSON text of one of several things, one of them a text: what is no JSON of any of them is the text itself. */
export const decodeTexts =
  (readers: readonly Branch[], accepts: (value: Json) => boolean): Decode =>
  value => {
    if (typeof value !== 'string') return value
    for (const { decode, accepts: takes } of readers) {
      const reading = decode(value)
      if (reading !== value && takes(reading)) return reading
    }
    const parsed = decodeText(value)
    return accepts(parsed) ? parsed : value
  }

/** `{ value }`, where null is a value and leaving out is something else. */
export const decodeBox =
  (decode: Decode): Decode =>
  value =>
    isObject(value) && Object.keys(value).length === 1 && value.value !== undefined ? decode(value.value) : decode(value)

export interface Branch {
  readonly decode: Decode
  /** Of a decoded value. */
  accepts(value: Json): boolean
  /** Of a value as it was sent: whether it has the type of the branch. */
  looksLike?(value: Json): boolean
}

/** The branch whose reading is valid. Two that read it differently: nobody can tell what was meant, so nothing is done. */
export function decodeUnion(branches: readonly Branch[]): Decode {
  if (branches.every(({ decode }) => decode === unchanged)) return unchanged
  return value => {
    if (value === null) return value
    const near = branches.filter(({ decode, looksLike }) => looksLike?.(value) !== false || decode(value) !== value)
    const [only] = near
    if (only !== undefined && near.length === 1) return only.decode(value)
    const readings = branches.flatMap(({ decode, accepts }) => {
      const reading = decode(value)
      return accepts(reading) ? [reading] : []
    })
    const different = new Map(readings.map(reading => [canonicalJson(reading), reading]))
    if (different.size > 1) throw ambiguous('The input can be read in two ways: a null may mean null, or that the property was left out.')
    return readings[0] ?? (branches[0] as Branch).decode(value)
  }
}

const inexact = ({ message, errors }: InexactNumber): RetrofitError =>
  new RetrofitError('invalid_input', {
    detail: `In a JSON text of the input: ${message}`,
    hint: 'Send these numbers as text, in quotes, where the schema takes text; the key was not used.',
    errors
  })

/** What is wrong inside a member is told from the outside. */
function within<T>(name: string | number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof RetrofitError) || error.errors.length === 0) throw error
    const { code, message: detail, hint } = error
    const step = `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`
    throw new RetrofitError(code, { detail, hint, errors: error.errors.map(each => ({ ...each, pointer: step + each.pointer })) })
  }
}

const ambiguous = (detail: string): RetrofitError =>
  new RetrofitError('invalid_input', { detail, hint: 'Send the call without format, with the input as the action itself takes it.' })
