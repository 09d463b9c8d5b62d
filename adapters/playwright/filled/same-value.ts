/** Whether a field, or a request, holds what was filled in: to the letter, but for what browsers and pages do that changes no value. */

/** Line breaks are one character here (HTML, "textarea": the API value), and a space at an end is none. */
const plain = (text: string): string => text.replaceAll(/\r\n?/g, '\n').replaceAll('\u00a0', ' ').trim()

/** `12.50` is `12.5`, and in their locale `1,234.50` and `£1234.5` are one amount; `007` is no number. */
export function sameText(wanted: string, held: string, locale: string): boolean {
  if (plain(wanted) === plain(held)) return true
  const [left, right] = [readings(wanted, locale), readings(held, locale)]
  return left.some(each => right.includes(each))
}

/** An editor makes elements of lines, so that its line breaks and spaces are its own. */
export const sameWords = (wanted: string, held: string): boolean =>
  wanted.replaceAll(/[\s\u200b\ufeff]+/g, '') === held.replaceAll(/[\s\u200b\ufeff]+/g, '')

/** Other ways to write the same number without losing a digit. */
const readings = (text: string, locale: string): readonly string[] =>
  [decimalOf(text, { group: '', decimal: '.' }), decimalOf(text, separatorsOf(locale))].filter(each => each !== undefined)

interface Separators {
  readonly group: string
  readonly decimal: string
}

function decimalOf(text: string, { group, decimal }: Separators): string | undefined {
  const bare = text.replaceAll(/[\s\p{Sc}]/gu, '').replace('−', '-')
  const [whole = '', fraction = '', ...more] = bare.split(decimal)
  const [, sign = '', digits = ''] = /^([+-]?)(.+)$/.exec(whole) ?? []
  const groups = group === '' ? [digits] : digits.split(group)
  const isGrouped = groups.length === 1 || groups.every((part, index) => (index === 0 ? /^\d{1,3}$/ : /^\d{3}$/).test(part))
  const joined = groups.join('')
  if (more.length > 0 || !isGrouped || !/^(0|[1-9]\d*)$/.test(joined) || !/^\d*$/.test(fraction)) return undefined
  const rest = fraction.replace(/(?<!0)0+$/, '')
  const value = rest === '' ? joined : `${joined}.${rest}`
  return sign === '-' && value !== '0' ? `-${value}` : value
}

const known = new Map<string, Separators>()

function separatorsOf(locale: string): Separators {
  const found = known.get(locale)
  if (found !== undefined) return found
  const parts = new Intl.NumberFormat(locale).formatToParts(1_234_567.5)
  const part = (type: string) => parts.find(each => each.type === type)?.value ?? ''
  // Spaces have been taken out by then.
  const made = { group: part('group').trim(), decimal: part('decimal') || '.' }
  known.set(locale, made)
  return made
}

export const isNumber = (text: string): boolean => decimalOf(text, { group: '', decimal: '.' }) !== undefined
