/** The text of an element or attribute → one JSON value. */
import type { Json } from '../../src/index.ts'
import type { ScalarMapping, ScalarType } from './mapping.ts'

/** The answer does not hold what the mapping says. */
export class Unreadable extends Error {}

export function readText({ type, token, format, allowed, orText }: ScalarMapping, raw: string, path: string): Json | undefined {
  const text = token ? raw.trim() : raw
  // Old services write <amount/> for "no amount".
  if (type === 'string' ? text === '' && token && !allowed?.has('') : text === '') return undefined
  const value = readers[type](format === 'date' ? withoutZone(text) : text)
  if (value === undefined && orText && decimal.test(text)) return text
  if (value === undefined)
    throw new Unreadable(`${path} is not ${type === 'integer' ? 'an integer' : `a ${type}`} that JSON can hold exactly`)
  return value
}

/** xs:date may end with a time zone, JSON Schema's `date` may not. */
const withoutZone = (text: string): string => text.replace(/^(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)$/, '$1')

const decimal = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/
const booleans: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false }

const readers: Readonly<Record<ScalarType, (text: string) => Json | undefined>> = {
  string: text => text,
  boolean: text => (Object.hasOwn(booleans, text) ? booleans[text] : undefined),
  integer: text => (/^[+-]?[0-9]+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) + 0 : undefined),
  number: text => (decimal.test(text) ? exactNumber(text) : undefined)
}

/** Refuses what would lose digits: money with more than a number can hold is declared as a string. */
function exactNumber(text: string): number | undefined {
  const value = Number(text)
  const digits = significant(text)
  return Number.isFinite(value) && (digits.length <= 15 || digits === significant(String(value))) ? value + 0 : undefined
}

/** Without the zeros on both sides; in loops, because a pattern for zeros at the end takes forever when they do not end the text. */
function significant(text: string): string {
  const digits = text.replace(/[eE].*$/, '').replace(/[+\-.]/g, '')
  let [from, to] = [0, digits.length]
  while (digits[from] === '0') from += 1
  while (to > from && digits[to - 1] === '0') to -= 1
  return digits.slice(from, to)
}
