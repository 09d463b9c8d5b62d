/** Text off a screen, turned into a typed value. */
import { isExact, type Json } from '../../src/index.ts'

export const valueTypes = ['text', 'lines', 'number', 'integer', 'money', 'date', 'boolean'] as const
export type ValueType = (typeof valueTypes)[number]

export interface Reading {
  readonly as: ValueType
  /** The format of a date: `dd/mm/yyyy`, `d MMM yyyy`, `yyyymmdd`. */
  readonly format: string
  /** BCP 47; says which character is the decimal one and how months are called. */
  readonly locale: string
}

/** The screen shows something that the declared type can not hold. */
export class UnreadableValue extends Error {
  readonly text: string
  constructor(message: string, text: string) {
    super(message)
    this.text = text
  }
}

const yes = new Set(['true', 'yes', 'y', 'on', '1', 'x', '✓', 'ja', 'oui', 'si', 'checked'])
const no = new Set(['false', 'no', 'n', 'off', '0', '', '-', 'nein', 'non', 'unchecked'])

const readers: Readonly<Record<ValueType, (text: string, reading: Reading) => Json | undefined>> = {
  text: text => text,
  lines: text => text,
  number: (text, { locale }) => readNumber(text, locale),
  integer: (text, { locale }) => {
    const value = readNumber(text, locale)
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw lostDigits(text)
    return Number.isSafeInteger(value) ? value : undefined
  },
  money: (text, { locale }) => readMoney(text, locale),
  date: (text, { format, locale }) => readDate(text, format, locale),
  boolean: text => (yes.has(text.toLowerCase()) ? true : no.has(text.toLowerCase()) ? false : undefined)
}

/** Null for an empty place (but '' as text). Throws UnreadableValue. */
export function readValue(raw: string, reading: Reading): Json {
  if (reading.as === 'lines') return tidyLines(raw)
  const text = raw
    .replace(/\s+/g, ' ')
    .replaceAll(/['’]/g, reading.as === 'text' ? '$&' : '’')
    .trim()
  if (text === '' && reading.as !== 'text' && reading.as !== 'boolean') return null
  const value = readers[reading.as](text, reading)
  if (value === undefined) throw new UnreadableValue(`what stands there is not ${names[reading.as](reading)}`, text.slice(0, 60))
  return value
}

/** A text with its line breaks, and without space at the ends of its lines, and empty lines around it. */
export const tidyLines = (raw: string): string =>
  raw
    .replaceAll(/\r\n?/g, '\n')
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
    .replace(/^\n+/, '')
    .trimEnd()

const names: Readonly<Record<ValueType, (reading: Reading) => string>> = {
  text: () => 'a text',
  lines: () => 'a text',
  number: ({ locale }) => `a number (locale ${locale})`,
  integer: ({ locale }) => `a whole number (locale ${locale})`,
  money: ({ locale }) => `an amount (locale ${locale})`,
  date: ({ format }) => `a date (${format})`,
  boolean: () => 'a yes or no'
}

function readNumber(text: string, locale: string): number | undefined {
  const { group, decimal } = separators(locale)
  const sign = /^[-−–]/.test(text) || /[-−–]$/.test(text) ? -1 : 1
  const digits = text.replace(/^[-−–+]\s?|\s?[-−–]$/g, '')
  const [whole = '', fraction, ...more] = digits.split(decimal)
  const groups = whole.split(group)
  const grouped = groups.length === 1 || groups.every((part, index) => (index === 0 ? /^\d{1,3}$/ : /^\d{2,3}$/).test(part))
  if (more.length > 0 || !grouped || !/^\d*$/.test(groups.join('')) || !/^\d*$/.test(fraction ?? '')) return undefined
  const plain = `${groups.join('')}.${fraction ?? ''}`
  if (plain === '.') return undefined
  if (!isExact(plain)) throw lostDigits(text)
  return sign * Number(plain) || 0
}

const lostDigits = (text: string): UnreadableValue =>
  new UnreadableValue('what stands there has more digits than a number keeps: read it as text', text.slice(0, 60))

/** `1,234.56`, `(12.00)`, `12.00-`, `12.00 DR`, with or without a currency. A lone dash is how a ledger writes zero. */
function readMoney(text: string, locale: string): number | undefined {
  if (/^[-−–—]$/.test(text)) return 0
  const negative = /^\(.*\)$/.test(text) || /\bDR\.?$/i.test(text)
  const bare = text
    .replace(/^\(|\)$/g, '')
    .replace(/\s?\b(CR|DR)\.?$/i, '')
    .replace(/\p{Sc}|\b[A-Z]{3}\b/gu, '')
    .trim()
  const value = readNumber(bare, locale)
  return value === undefined ? undefined : negative ? -value || 0 : value
}

const tokens = /yyyy|yy|MMMM|MMM|MM|M|mm|m|dd|d/g

/** Names of the parts of a date format; undefined when it is none. */
export function dateParts(format: string): readonly string[] | undefined {
  const parts = format.match(tokens) ?? []
  const kinds = parts.map(part => part[0]?.toLowerCase())
  return parts.length === 3 && new Set(kinds).size === 3 ? parts : undefined
}

function readDate(text: string, format: string, locale: string): string | undefined {
  const parts = dateParts(format) ?? []
  const pattern = format.split(tokens).map(escapeRegExp)
  const source = parts.reduce((built, part, index) => built + capture(part) + (pattern[index + 1] ?? ''), pattern[0] ?? '')
  // Linear as it is: the author's text is literal, and one group at most has no fixed length.
  const found = new RegExp(`^${source}$`, 'iu').exec(text)
  if (found === null) return undefined
  const field = (letter: string) => found[parts.findIndex(part => part[0]?.toLowerCase() === letter) + 1] ?? ''
  const year = field('y').length === 2 ? 2000 + Number(field('y')) - (Number(field('y')) > 69 ? 100 : 0) : Number(field('y'))
  const month = /^\d+$/.test(field('m')) ? Number(field('m')) : monthNumber(field('m'), locale)
  return isoDate(year, month, Number(field('d')))
}

const capture = (part: string): string =>
  part.startsWith('MMM') ? '(\\p{L}+\\.?)' : part === 'yyyy' ? '(\\d{4})' : part.length === 2 ? '(\\d{2})' : '(\\d{1,2})'

function isoDate(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day))
  const real = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return real ? date.toISOString().slice(0, 10) : undefined
}

function monthNumber(name: string, locale: string): number {
  const wanted = name.replace('.', '').toLocaleLowerCase(locale)
  const months = Array.from({ length: 12 }, (_, month) =>
    new Intl.DateTimeFormat(locale, { month: 'long', timeZone: 'UTC' }).format(Date.UTC(2000, month, 15)).toLocaleLowerCase(locale)
  )
  return months.findIndex(month => month === wanted || (wanted.length >= 3 && month.startsWith(wanted))) + 1
}

const known = new Map<string, { group: string; decimal: string }>()

function separators(locale: string): { group: string; decimal: string } {
  const found = known.get(locale)
  if (found !== undefined) return found
  const parts = new Intl.NumberFormat(locale).formatToParts(1_234_567.5)
  const part = (type: string) => (parts.find(each => each.type === type)?.value ?? '').replace(/\s/, ' ').replace("'", '’')
  const made = { group: part('group') || ',', decimal: part('decimal') || '.' }
  known.set(locale, made)
  return made
}

export function isLocale(locale: string): boolean {
  try {
    return Intl.getCanonicalLocales(locale).length === 1
  } catch {
    return false
  }
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
