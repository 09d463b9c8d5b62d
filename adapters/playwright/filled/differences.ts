/** Compares what was filled in with what the field, or the request, now has. */
import { fileText, type GivenFile } from './given-file.ts'
import type { Seen } from './read-back.ts'
import { isNumber, sameText, sameWords } from './same-value.ts'

export interface Wanted {
  readonly kind: 'fill' | 'select' | 'check' | 'upload'
  /** The text; of a drop-down list the values or labels that were asked for; of a box nothing. */
  readonly values: readonly string[]
  readonly isTicked: boolean
  readonly locale: string
  /** Present for `upload`. */
  readonly file?: GivenFile | undefined
}

type Verdict = 'same' | 'unsure' | { readonly held: string }

const isTick = (held: boolean): string => (held ? 'a tick' : 'no tick')

/** The difference that the page shows. */
export const onPage: Readonly<Record<Wanted['kind'], (wanted: Wanted, seen: Seen) => Verdict>> = {
  fill: ({ values: [text = ''], locale }, { held, isEditor }) => {
    if (held === null) return 'unsure'
    return (isEditor ? sameWords(text, held) : sameText(text, held, locale)) ? 'same' : { held }
  },
  select: ({ values }, { chosen, type }) => {
    if (!type.startsWith('select')) return 'unsure'
    const isChosen = (wanted: string) => chosen.some(({ value, label }) => value === wanted || label === tidy(wanted))
    const isSame = values.every(isChosen) && chosen.length <= new Set(values).size
    return isSame ? 'same' : { held: chosen.map(({ label }) => label).join(', ') }
  },
  check: ({ isTicked: wanted }, { isTicked }) => {
    if (isTicked === null) return 'unsure'
    return isTicked === wanted ? 'same' : { held: isTick(isTicked) }
  },
  upload: ({ values: [wanted = ''] }, { files }) => {
    const held = files?.map(fileText)
    if (held === undefined) return 'unsure'
    return held.includes(wanted) ? 'same' : { held: held.join(', ') }
  }
}

const tidy = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

export interface Shown {
  /** The values that the request has under the names of the field. */
  readonly values: readonly string[]
  /** Nothing of it has parts of its own. */
  readonly isWhole: boolean
  /** The file is in the request, wherever. */
  readonly carriesFile: boolean
}

/** The difference that the request shows; called only when the request has a value under the field's names. */
export function asSent(wanted: Wanted, seen: Seen, shown: Shown): Verdict {
  if (wanted.kind === 'fill' && seen.isEditor) return 'unsure'
  const verdict = sentAs[wanted.kind](wanted, seen, shown)
  if (typeof verdict === 'string') return verdict
  const isLost = verdict.held === '' || (wanted.values.every(isNumber) && shown.values.every(isNumber))
  // A page after it may give the name another meaning, such as that of an id that was looked up; a value that is lost is none.
  return shown.isWhole && (!seen.isGone || isLost) ? verdict : 'unsure'
}

/** In the encoding that was read without a loss, where there is one. */
function listed(values: readonly string[]): string {
  const clean = values.filter(value => !value.includes('\ufffd'))
  return [...new Set(clean.length === 0 ? values : clean)].join(', ')
}

const sentAs: Readonly<Record<Wanted['kind'], (wanted: Wanted, seen: Seen, shown: Shown) => Verdict>> = {
  fill: ({ values: [text = ''], locale }, _, { values }) => {
    const isDay = /^\d{4}-\d{2}-\d{2}/.test(text)
    const isSame = values.some(value => sameText(text, value, locale) || (isDay && value.startsWith(text)))
    return isSame ? 'same' : { held: listed(values) }
  },
  select: ({ values: wanted }, seen, { values }) => {
    const isThere = (value: string) => {
      const option = seen.wanted.find(each => each.value === value || each.label === tidy(value))
      return [value, option?.value, option?.label].some(each => each !== undefined && values.includes(each))
    }
    return wanted.length > 0 && wanted.every(isThere) ? 'same' : { held: listed(values) }
  },
  check: ({ isTicked }, { sends, type }, { values }) => {
    const said = values.includes(sends) || (type !== 'radio' && values.some(value => yes.test(value)))
    if (said === isTicked) return 'same'
    return said || type === 'radio' || values.every(value => no.test(value)) ? { held: listed(values) } : 'unsure'
  },
  // An empty file has nothing but its name.
  upload: ({ values: [wanted = ''] }, _, { values, carriesFile }) =>
    carriesFile || wantedEmpty(wanted, values) ? 'same' : { held: listed(values) }
}

const wantedEmpty = (wanted: string, values: readonly string[]): boolean => wanted.endsWith('(0 bytes)') && values.includes(wanted)

const yes = /^(true|on|yes|y|1)$/i
const no = /^(false|off|no|n|0|)$/i
