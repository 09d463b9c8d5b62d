/** The words of a text as a search compares them: folded, split where a name is put together, without endings and filler. */
import { stemmer } from 'stemmer'

/** Stands in every second request and description, and says nothing about which action is meant. */
const filler: ReadonlySet<string> = new Set(
  [
    'a about all am an and any are as at be been but by can could did do does for from had has have her here his how i if in into is it its',
    'just like me my need of on or our out please she should so some such tell than that the their them then there these they this those to',
    'use used want was we were what when where which who will with would you your'
  ].flatMap(line => line.split(' '))
)

/** Verbs that say the same of an action: whoever asks to look something up means the action that lists it. */
const alike: readonly (readonly [string, string])[] = [
  ['get', 'browse check discover display fetch find get list locate look lookup query read retrieve search see show view'],
  ['create', 'add create insert new register'],
  ['delete', 'delete remove'],
  ['update', 'alter change edit modify set update'],
  ['book', 'book reserve'],
  ['buy', 'buy purchase']
]
const verbs: ReadonlyMap<string, string> = new Map(alike.flatMap(([verb, words]) => words.split(' ').map(word => [stemmer(word), verb])))

/** Where a name is put together of several: `accountNo`, `GetAccount`, `PDFFile`. */
const humps = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu
const marks = /\p{Mn}/gu
const words = /[\p{L}\p{N}]+/gu
/** Scripts that put no space between words, or glue to a word what others write as one of its own. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u
/** What needs more than lower case to be compared. */
const beyondAscii = /[^\0-\x7f]/

/** In their order, and as often as they stand there. */
export function termsOf(text: string): readonly string[] {
  const apart = text.replace(humps, ' ')
  const plain = beyondAscii.test(apart) ? apart.normalize('NFKD').replace(marks, '').toLowerCase().normalize('NFC') : apart.toLowerCase()
  return (plain.match(words) ?? []).flatMap(termsOfWord)
}

/** The same words stand in many descriptions, and a stem costs more than all the rest. */
const known = new Map<string, readonly string[]>()
const mostKnown = 20_000
const longestKept = 40

function termsOfWord(word: string): readonly string[] {
  const before = known.get(word)
  if (before !== undefined) return before
  const made = termsMade(word)
  if (known.size >= mostKnown) known.clear()
  if (word.length <= longestKept) known.set(word, made)
  return made
}

function termsMade(word: string): readonly string[] {
  if (filler.has(word)) return []
  if (unspaced.test(word)) return pairsOf(word)
  if (word.length > longestKept) return [word]
  const stem = stemmer(word)
  return [verbs.get(stem) ?? stem]
}

/** What stands side by side: without a dictionary the best that can be compared. */
function pairsOf(word: string): readonly string[] {
  const characters = [...word]
  return characters.length < 3 ? [word] : characters.slice(1).map((character, i) => `${characters[i]}${character}`)
}
