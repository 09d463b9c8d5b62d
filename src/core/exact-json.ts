/** JSON of callers, models and targets: each number is kept with all of its digits, or refused. A double that lost some is a wrong value. */
import { isExact } from './decimal.ts'
import { endOfString } from './end-of-string.ts'
import type { FieldError, Json } from './types.ts'

/** The text holds numbers that a double does not keep. */
export class InexactNumber extends Error {
  /** Where they stand, ten at most. */
  readonly errors: readonly FieldError[]
  constructor(errors: readonly FieldError[]) {
    super(errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; '))
    this.name = 'InexactNumber'
    this.errors = errors
  }
}

export const lostDigits = 'has more digits than a number keeps: send it as text, in quotes'
const tooLarge = 'is a number that is too large: send it as text, in quotes'
const most = 10

/** Throws InexactNumber, or what `JSON.parse` throws. */
export function parseExactJson(text: string): Json {
  const value = JSON.parse(text) as Json
  const errors = inexactIn(text)
  if (errors.length > 0) throw new InexactNumber(errors)
  return value
}

/** The numbers of a JSON text that a double does not keep, ten at most. Throws what `JSON.parse` throws. */
export function inexactIn(text: string): readonly FieldError[] {
  if (!holdsInexact(text)) return []
  const found: FieldError[] = []
  collect(parseWith(text, marked), '', found)
  return found
}

/** One pass over a text that is known to be JSON; the places are looked for only where there are some. */
function holdsInexact(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) at = endOfString(text, at)
    else if (isDigit(code)) {
      const end = endOfNumber(text, at)
      if (end - at > keptLength && !isExact(text.slice(at, end))) return true
      if (hasExponent(text, at, end) && !isExact(text.slice(at, end))) return true
      at = end
    }
  }
  return false
}

/** A shorter number without an exponent is exact. */
const keptLength = 15
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
const isOfNumber = (code: number): boolean =>
  isDigit(code) || code === 0x2e || code === 0x45 || code === 0x65 || code === 0x2b || code === 0x2d

function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (isOfNumber(text.charCodeAt(end))) end++
  return end
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((text.charCodeAt(at) | 0x20) === 0x65) return true
  return false
}

/** Stands for a number until its place is known. */
class Inexact {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parseWith = JSON.parse as (text: string, reviver: Reviver) => unknown

const marked: Reviver = (_, value, { source }) => {
  if (typeof value !== 'number' || source === undefined || isExact(source)) return value
  return new Inexact(Number.isFinite(value) ? lostDigits : tooLarge)
}

function collect(value: unknown, pointer: string, found: FieldError[]): void {
  if (typeof value !== 'object' || value === null || found.length >= most) return
  if (value instanceof Inexact) found.push({ pointer, message: value.message })
  else
    for (const [name, member] of Object.entries(value))
      collect(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, found)
}
