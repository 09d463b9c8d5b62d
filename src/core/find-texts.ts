/** Where a text shows one of many values, to a reader: in any case, with anything between the letters, escaped or backwards. */
import { decoded } from './decoded.ts'
import { Finder } from './finder.ts'
import { endOf, type Folded, fold, significant } from './fold.ts'
import { spellings, usualSpellings } from './spellings.ts'

/** Offsets in the text. */
export interface TextRange {
  readonly from: number
  readonly to: number
}

export interface TextOptions {
  /** Values with fewer letters and digits would be found everywhere; they are looked for as they are written, and not at all when shorter still. */
  readonly shortest: number
  /** Also in other spellings: `usual` are base64 and hexadecimal, `all` those that somebody may have chosen so that nobody sees it. */
  readonly spelled?: 'usual' | 'all' | undefined
}

interface Pattern {
  /** A part of a long value. */
  readonly isWindow?: boolean
  readonly units: Uint16Array
  /** The characters beside letters and digits that the value begins and ends with. */
  readonly before: string
  readonly behind: string
}

/** A value up to this length, in letters and digits, is found as a whole; a longer one also in parts, as screens cut it. */
const wholeUpTo = 64
const partLength = 32
const mostUnits = 65_536
/** With so few letters, spaces and punctuation between them make another text: 1:00 is not 100. */
const strictUpTo = 3
const visibleGap = /[\p{Z}\p{P}\p{S}\p{Cc}]/u

/** Ranges are in order and do not touch. Linear in the text, whatever the values. */
export function createTextFinder(values: readonly string[], options: TextOptions): (text: string) => TextRange[] {
  let search: Search | undefined
  return text => {
    search ??= searchFor([...new Set(values)], options)
    const ranges = found(text, search)
    const once = decoded(text)
    const twice = once && decoded(once.text)
    if (once !== undefined) ranges.push(...found(once.text, search).map(range => written(range, once)))
    if (once !== undefined && twice !== undefined)
      ranges.push(...found(twice.text, search).map(range => written(written(range, twice), once)))
    return merged(ranges)
  }
}

const written = ({ from, to }: TextRange, { starts, ends }: { starts: readonly number[]; ends: readonly number[] }): TextRange => ({
  from: starts[from] ?? 0,
  to: ends[to - 1] ?? 0
})

interface Search {
  readonly patterns: readonly Pattern[]
  readonly loose: Finder
  /** By length: one must not hide a shorter one. */
  readonly strict: readonly { readonly patterns: readonly Pattern[]; readonly finder: Finder }[]
  readonly exact: Finder
}

function searchFor(values: readonly string[], { shortest, spelled }: TextOptions): Search {
  const patterns: Pattern[] = []
  const strict = new Map<number, Pattern[]>()
  const exact: string[] = []
  for (const value of values) {
    const folded = fold(value.slice(0, mostUnits))
    const count = significant(folded)
    if (count <= strictUpTo && value.length >= shortest) exact.push(value)
    if (count >= shortest && count <= strictUpTo)
      strict.set(folded.units.length, [...(strict.get(folded.units.length) ?? []), patternOf(value, folded)])
    if (count < shortest || count <= strictUpTo) continue
    patterns.push(...parts(value, folded), ...backwards(folded))
    if (spelled === 'usual') patterns.push(...usualSpellings(value).flatMap(each => parts('', fold(each))))
    if (spelled === 'all') for (const each of spellings(value).map(fold)) patterns.push(...parts('', each), ...backwards(each))
  }
  return {
    patterns,
    loose: new Finder(patterns.map(({ units }) => units)),
    strict: [...strict.values()].map(of => ({ patterns: of, finder: new Finder(of.map(({ units }) => units)) })),
    exact: new Finder(exact.map(unitsOf))
  }
}

const patternOf = (value: string, { units, starts }: Folded): Pattern => ({
  units,
  before: value.slice(0, starts[0] ?? 0),
  behind: starts.length === 0 ? '' : value.slice(endOf(value, starts[starts.length - 1] ?? 0))
})

/** The whole, or windows that cover it. */
function parts(value: string, folded: Folded): Pattern[] {
  const { units } = folded
  if (units.length <= wholeUpTo) return [patternOf(value, folded)]
  const windows: Pattern[] = []
  for (let at = 0; at < units.length; at += partLength) {
    const from = Math.min(at, units.length - partLength)
    windows.push({ units: units.subarray(from, from + partLength), before: '', behind: '', isWindow: true })
  }
  return windows
}

const backwards = (folded: Folded): Pattern[] => parts('', { ...folded, units: folded.units.toReversed() })

const unitsOf = (text: string): Uint16Array => Uint16Array.from({ length: text.length }, (_, at) => text.charCodeAt(at))

function found(text: string, { patterns, loose, strict, exact }: Search): TextRange[] {
  const folded = fold(text)
  const hits = loose.find(folded.units)
  const isWindow = ({ which }: { readonly which: number }) => patterns[which]?.isWindow === true
  const wide = hits.filter(each => !isWindow(each)).map(each => widened(text, folded, each, patterns[each.which]))
  const narrow = strict.flatMap(each =>
    each.finder
      .find(folded.units)
      .map(one => widened(text, folded, one, each.patterns[one.which]))
      .filter(({ from, to }) => !visibleGap.test(text.slice(from, to)))
  )
  // Windows of one long value stand beside each other.
  const joined = merged(hits.filter(isWindow)).map(range => original(text, folded, range))
  return merged([...joined, ...wide, ...narrow, ...(exact.isEmpty ? [] : exact.find(unitsOf(text)))])
}

const original = (text: string, { starts }: Folded, { from, to }: TextRange): TextRange => ({
  from: starts[from] ?? 0,
  to: endOf(text, starts[to - 1] ?? 0)
})

/** With what the value itself begins and ends with. */
function widened(text: string, folded: Folded, range: TextRange, pattern: Pattern | undefined): TextRange {
  const { from, to } = original(text, folded, range)
  const { before = '', behind = '' } = pattern ?? {}
  return {
    from: text.endsWith(before, from) ? from - before.length : from,
    to: text.startsWith(behind, to) ? to + behind.length : to
  }
}

function merged(ranges: readonly TextRange[]): TextRange[] {
  const whole: { from: number; to: number }[] = []
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = whole.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else whole.push({ from, to })
  }
  return whole
}
