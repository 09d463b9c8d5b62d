/** Numbers and texts: whether all of some fit what another schema says of them. */
import { isMultiple } from '../decimal.ts'
import { own } from '../own.ts'
import type { Json } from '../types.ts'
import type { Effort } from './effort.ts'
import { type Gap, gapAt, type Place, type Prover } from './gap.ts'
import { findText, type TextQuery } from './pattern-language.ts'
import { isMap, mapOf, type Spot } from './spot.ts'

const numbersOf = (spots: readonly Spot[], keyword: string): readonly number[] =>
  spots.flatMap(({ schema }) => (isMap(schema) && typeof schema[keyword] === 'number' ? [schema[keyword]] : []))

const textsOf = (spots: readonly Spot[], keyword: string): readonly string[] =>
  spots.flatMap(({ schema }) => (isMap(schema) && typeof schema[keyword] === 'string' ? [schema[keyword]] : []))

interface Bound {
  readonly value: number
  readonly isExclusive: boolean
}

/** `sign` -1 for the upper one: bounds are compared as if they were lower ones. */
function boundOf(spots: readonly Spot[], sign: 1 | -1, isWhole: boolean): Bound {
  const [inclusive, exclusive] = sign === 1 ? ['minimum', 'exclusiveMinimum'] : ['maximum', 'exclusiveMaximum']
  const open = numbersOf(spots, exclusive as string).map(value => ({ value: value * sign, isExclusive: true }))
  const bounds = [...numbersOf(spots, inclusive as string).map(value => ({ value: value * sign, isExclusive: false })), ...open]
  const whole = ({ value, isExclusive }: Bound): Bound =>
    isWhole ? { value: isExclusive ? Math.floor(value) + 1 : Math.ceil(value), isExclusive: false } : { value, isExclusive }
  return bounds.map(whole).reduce((a, b) => (b.value > a.value || (b.value === a.value && b.isExclusive) ? b : a), {
    value: Number.NEGATIVE_INFINITY,
    isExclusive: false
  })
}

export function isEmptyRange(spots: readonly Spot[], isWhole: boolean): boolean {
  const [low, high] = [boundOf(spots, 1, isWhole), boundOf(spots, -1, isWhole)]
  return low.value > -high.value || (low.value === -high.value && (low.isExclusive || high.isExclusive))
}

const limits = [
  ['minimum', 1, false],
  ['exclusiveMinimum', 1, true],
  ['maximum', -1, false],
  ['exclusiveMaximum', -1, true]
] as const
/** Formats of numbers that ajv-formats checks; the others take every number. */
const ranges: Readonly<Record<string, number>> = { int32: 2 ** 31, int64: 2 ** 63 }

export function numberGaps(place: Place, kind: 'integer' | 'fraction'): readonly Gap[] {
  const { spots } = place.values
  const wanted = mapOf(place.wanted.schema)
  const isWhole = kind === 'integer'
  const gaps: Gap[] = []
  for (const [keyword, sign, isExclusive] of limits) {
    const limit = wanted[keyword]
    if (typeof limit !== 'number') continue
    const bound = boundOf(spots, sign, isWhole)
    const isKept = bound.value > limit * sign || (bound.value === limit * sign && (!isExclusive || bound.isExclusive))
    if (!isKept) gaps.push(gapAt(place, keyword, nearby(limit, spots)))
  }
  const step = wanted.multipleOf
  if (typeof step === 'number' && ![...numbersOf(spots, 'multipleOf'), ...(isWhole ? [1] : [])].some(each => isMultiple(each, step)))
    gaps.push(gapAt(place, 'multipleOf', nearby(step, spots)))
  if (typeof wanted.format === 'string' && !isNumberFormatKept(wanted.format, spots, isWhole))
    gaps.push(gapAt(place, 'format', isWhole ? [2 ** 40, -(2 ** 40), 1e300] : [0.5]))
  return gaps
}

function isNumberFormatKept(format: string, spots: readonly Spot[], isWhole: boolean): boolean {
  const range = own(ranges, format)
  if (range === undefined || textsOf(spots, 'format').some(each => (own(ranges, each) ?? Number.POSITIVE_INFINITY) <= range)) return true
  const [low, high] = [boundOf(spots, 1, isWhole), boundOf(spots, -1, isWhole)]
  return isWhole && range === ranges.int32 && low.value >= -range && -high.value < range
}

function nearby(limit: number, spots: readonly Spot[]): readonly Json[] {
  const known = limits.flatMap(([keyword]) => numbersOf(spots, keyword))
  const steps = numbersOf(spots, 'multipleOf')
  const around = [limit, 0, ...known].flatMap(each => [each, each - 1, each + 1, each - 0.5, each + 0.5])
  const multiples = steps.flatMap(step =>
    [limit, ...known].flatMap(each => [-1, 0, 1].map(more => (Math.round(each / step) + more) * step))
  )
  return [...new Set([...around, ...multiples, limit * 1.5, limit / 2, 1e6, -1e6])]
}

/** Formats that take every text. */
const anyText: ReadonlySet<string> = new Set(['binary', 'password', 'float', 'double', 'int32', 'int64'])

export const lengthsOf = (spots: readonly Spot[]): { readonly minLength: number; readonly maxLength: number } => ({
  minLength: Math.max(0, ...numbersOf(spots, 'minLength')),
  maxLength: Math.min(Number.POSITIVE_INFINITY, ...numbersOf(spots, 'maxLength'))
})

export const isEmptyText = (spots: readonly Spot[], effort: Effort): boolean => findText(asked(spots), effort) === 'none'

function asked(spots: readonly Spot[]): TextQuery {
  const { minLength, maxLength } = lengthsOf(spots)
  return { all: [...new Set(textsOf(spots, 'pattern'))], minLength, maxLength: Number.isFinite(maxLength) ? maxLength : undefined }
}

export function textGaps(place: Place, { effort }: Prover): readonly Gap[] {
  const { spots } = place.values
  const { minLength, maxLength, pattern, format } = mapOf(place.wanted.schema)
  const known = lengthsOf(spots)
  const query = asked(spots)
  const gaps: Gap[] = []
  const look = (keyword: string, more: Partial<TextQuery>) => {
    const found = findText({ ...query, ...more }, effort)
    if (found !== 'none') gaps.push(gapAt(place, keyword, typeof found === 'object' ? [found.text, ...sampleTexts] : sampleTexts))
  }
  if (typeof minLength === 'number' && known.minLength < minLength)
    look('minLength', { maxLength: Math.min(minLength - 1, known.maxLength) })
  if (typeof maxLength === 'number' && known.maxLength > maxLength)
    look('maxLength', { minLength: Math.max(maxLength + 1, known.minLength) })
  if (typeof pattern === 'string' && !query.all.includes(pattern)) look('pattern', { not: pattern })
  if (typeof format === 'string' && !anyText.has(format) && !textsOf(spots, 'format').includes(format))
    gaps.push(gapAt(place, 'format', sampleTexts))
  return gaps
}

/** One text for each usual format, and some that have none. */
export const sampleTexts: readonly string[] = [
  ...['x', '', '-', '0', 'é ', '2026-01-31', '2026-01-31T12:00:00Z', '12:00:00Z', 'P1D', 'a@b.example', 'https://a.example/b', '/a/b'],
  ...['a.example', '10.0.0.1', '::1', '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', '/a', '{a}', 'YQ==', '12.5', 'x'.repeat(300)]
]
