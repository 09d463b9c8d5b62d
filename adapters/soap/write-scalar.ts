/** One JSON value → the text of an element or attribute. */
import { isDecimal, type Json, plainDecimal } from '../../src/index.ts'
import { isBinary, type Limits, type ScalarMapping } from './mapping.ts'

/** The value can not be written as the mapping says; nothing was sent. */
export class Unwritable extends Error {
  /** JSON Pointer into the request. */
  readonly pointer: string
  constructor(pointer: string, message: string) {
    super(message)
    this.pointer = pointer
  }
}

// Everything but the Char production of XML 1.0, section 2.2; with the u flag a lone surrogate matches too.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\ud800-\udfff]/u

export function textOfScalar(mapping: ScalarMapping, value: Json, pointer: string): string {
  const text = scalarTexts[mapping.type](value, mapping)
  if (text === undefined) throw new Unwritable(pointer, `must be ${/^[aeiou]/.test(mapping.type) ? 'an' : 'a'} ${mapping.type}`)
  if (mapping.allowed !== undefined && !mapping.allowed.has(value) && !mapping.allowed.has(text))
    throw new Unwritable(pointer, 'is not one of the values that the schema allows')
  if (mapping.limits !== undefined && typeof value === 'string' && isDecimal(text) && !isWithin(mapping.limits, Number(text)))
    throw new Unwritable(pointer, 'is outside of the limits of the schema')
  return legalText(text, pointer)
}

const isWithin = ({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Limits, value: number): boolean =>
  value >= minimum &&
  value <= maximum &&
  (value > exclusiveMinimum || exclusiveMinimum === Number.NEGATIVE_INFINITY) &&
  (value < exclusiveMaximum || exclusiveMaximum === Number.POSITIVE_INFINITY)

/** The text, when XML can carry it. */
export function legalText(text: string, pointer: string): string {
  const found = illegal.exec(text)
  if (found === null) return text
  const code = found[0].codePointAt(0) ?? 0
  throw new Unwritable(pointer, `holds the character U+${code.toString(16).toUpperCase().padStart(4, '0')}, which XML can not carry`)
}

/** Section 3.2.5.1 of XML Schema, part 2. */
const double = /^(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|-?INF|NaN)$/
const decimal = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$/

/** Undefined: not a value of this type. A template may give a number for a text, and the other way round. */
const scalarTexts: Readonly<Record<ScalarMapping['type'], (value: Json, mapping: ScalarMapping) => string | undefined>> = {
  string: value =>
    typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined,
  number: (value, mapping) =>
    typeof value === 'number' && Number.isFinite(value) ? plainDecimal(value) : textOf(value, isBinary(mapping) ? double : decimal),
  integer: value => (typeof value === 'number' && Number.isInteger(value) ? plainDecimal(value) : textOf(value, /^[+-]?[0-9]+$/)),
  boolean: value => (typeof value === 'boolean' ? String(value) : textOf(value, /^(true|false)$/))
}

const textOf = (value: Json, pattern: RegExp): string | undefined => (typeof value === 'string' && pattern.test(value) ? value : undefined)
