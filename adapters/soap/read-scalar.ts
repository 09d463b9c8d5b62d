/** The text of an element or attribute → one JSON value. */
import { isDecimal, isExact, isWholeDouble, type Json } from '../../src/index.ts'
import { isBinary, type ScalarMapping, type ScalarType } from './mapping.ts'

/** The answer does not hold what the mapping says. */
export class Unreadable extends Error {}

/** Undefined: as good as absent. */
export function readText(mapping: ScalarMapping, raw: string, path: string): Json | undefined {
  const { type, token, format, allowed, orText } = mapping
  const text = token ? raw.trim() : raw
  // Old services write <amount/> for "no amount".
  if (type === 'string' ? text === '' && token && !allowed?.has('') : text === '') return undefined
  const value = readers[type](format === 'date' ? withoutZone(text) : text, mapping)
  if (value !== undefined) return value
  if (orText && (isDecimal(text) || isNoNumber(mapping, text))) return text
  if (isNoNumber(mapping, text)) return mapping.nillable ? null : undefined
  throw new Unreadable(`${path} is not ${type === 'integer' ? 'an integer' : `a ${type}`} that JSON can hold exactly`)
}

/** INF, -INF and NaN of xs:double: JSON has no such numbers, and one of them shall not cost the whole answer. */
export const isNoNumber = ({ type }: ScalarMapping, raw: string): boolean => type === 'number' && /^\s*(?:[+-]?INF|NaN)\s*$/.test(raw)

/** xs:date may end with a time zone, JSON Schema's `date` may not. */
const withoutZone = (text: string): string => text.replace(/^(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)$/, '$1')

const booleans: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false }

type Read = (text: string, mapping: ScalarMapping) => Json | undefined

const readers: Readonly<Record<ScalarType, Read>> = {
  string: text => text,
  boolean: text => (Object.hasOwn(booleans, text) ? booleans[text] : undefined),
  integer: text => (/^[+-]?[0-9]+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) + 0 : undefined),
  number: (text, mapping) => (isDecimal(text) && isKept(text, mapping) ? Number(text) + 0 : undefined)
}

/**
 * A binary number is the nearest double, however many digits are written of it. Any other would lose digits: it is kept as text
 * or refused. Where nobody says which it is, the 17 digits that C prints of a double are taken for one.
 */
function isKept(text: string, mapping: ScalarMapping): boolean {
  if (isBinary(mapping)) return Number.isFinite(Number(text))
  return isExact(text) || (!mapping.orText && /[.eE]/.test(text) && isWholeDouble(text))
}
