/** Whether a secret stands in a value that leaves, also where somebody has spelled it another way so that nobody sees it. */
import { createTextFinder, type TextRange } from '../core/find-texts.ts'
import { fold, significant } from '../core/fold.ts'
import { spellings } from '../core/spellings.ts'
import type { Json } from '../core/types.ts'

/** A secret with fewer letters and digits counts only as a whole text or number of the value. */
const shortest = 4
/** A shorter one, or a number up to `longestNumber` digits, stands by chance in words and account numbers: it must stand by itself. */
const anywhereFrom = 6
const longestNumber = 7
/** Spread over several texts of the value, it must be so long. */
const spreadFrom = 8
/** A whole text that decodes may be encoded several times over. */
const mostDecodings = 3

/**
 * Also in other case, backwards, with anything between its letters, spread over a list, escaped (percent, HTML, JSON), in base64
 * (at each of its three places, with either alphabet), in hexadecimal, as character codes, and in what a whole text decodes to.
 */
export const findSecret = (value: Json, secrets: readonly string[]): boolean => createSecretFinder(secrets)(value)

/** For several values: what is looked for is prepared once. */
export function createSecretFinder(secrets: readonly string[]): (value: Json) => boolean {
  const search = searchFor(secrets)
  return value => {
    const leaves: Leaves = { names: [], texts: [] }
    collect(value, leaves)
    return [leaves.names, leaves.texts].some(
      texts => texts.some(text => holds(text, search, 0)) || (texts.length > 1 && search.spread(texts.join('')).length > 0)
    )
  }
}

type Find = ReturnType<typeof createTextFinder>

interface Search {
  readonly whole: ReadonlySet<string>
  readonly anywhere: Find
  readonly byItself: Find
  readonly spread: Find
}

function searchFor(secrets: readonly string[]): Search {
  const measured = secrets.map(secret => ({ secret, length: significant(fold(secret)) }))
  const from = (least: number) => measured.filter(({ length }) => length >= least).map(({ secret }) => secret)
  const [common, rare] = [true, false].map(which => from(shortest).filter(secret => isCommon(secret) === which)) as [string[], string[]]
  return {
    whole: new Set(measured.filter(({ secret, length }) => length < shortest && secret.trim() !== '').map(({ secret }) => plain(secret))),
    anywhere: createTextFinder([...rare, ...common.flatMap(spellings)], { shortest, spelled: 'all' }),
    byItself: createTextFinder(common, { shortest }),
    spread: createTextFinder(from(spreadFrom), { shortest, spelled: 'all' })
  }
}

function isCommon(secret: string): boolean {
  const length = significant(fold(secret))
  return length < anywhereFrom || (length <= longestNumber && /^\d+$/.test(secret.trim()))
}

const plain = (text: string): string => text.trim().normalize('NFKC').toLowerCase()

interface Leaves {
  readonly names: string[]
  readonly texts: string[]
}

function collect(value: Json, into: Leaves): void {
  if (value === null || typeof value === 'boolean') return
  if (typeof value !== 'object') return void into.texts.push(String(value))
  if (!Array.isArray(value)) into.names.push(...Object.keys(value))
  for (const member of Object.values(value)) collect(member as Json, into)
}

function holds(text: string, search: Search, depth: number): boolean {
  if (search.whole.has(plain(text)) || search.anywhere(text).length > 0) return true
  if (search.byItself(text).some(range => standsAlone(text, range))) return true
  return depth < mostDecodings && decodings(text).some(each => holds(each, search, depth + 1))
}

const inWord = /[\p{L}\p{N}]/u

const standsAlone = (text: string, { from, to }: TextRange): boolean =>
  !inWord.test(text.slice(Math.max(0, from - 1), from)) && !inWord.test(text.slice(to, to + 1))

function decodings(text: string): readonly string[] {
  const bare = text.replace(/\s/g, '')
  const all: string[] = []
  if (/^[\w+/-]{6,}={0,2}$/.test(bare)) all.push(Buffer.from(bare, 'base64').toString())
  if (/^(?:0x)?(?:[0-9a-f]{2}){4,}$/i.test(bare)) all.push(Buffer.from(bare.replace(/^0x/i, ''), 'hex').toString())
  return all
}
