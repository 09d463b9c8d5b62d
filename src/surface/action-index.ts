/**
 * Which actions fit what somebody wants, in words: BM25F over names, titles, descriptions and arguments. What a word is worth for an
 * action is reckoned when the index is made, so that a query only adds up.
 */
import { nearWords } from '../core/nearness.ts'
import type { Action } from '../core/types.ts'
import { type Counted, countOf, fields } from './search-fields.ts'
import { termsOf } from './search-terms.ts'

export interface ActionIndex {
  /** Best first, then by name; none when no word fits. The first 60 different words of the first 4,000 characters count. */
  search(query: string): readonly Action[]
}

const saturation = 1.2
const mostTerms = 60
const mostCharacters = 4_000
/** A word of the query counts this much for an action's word that begins with it. */
const begunWeight = 0.3
const shortestBegun = 4
const mostBegun = 20
const mostMisspelt = 5

/** Lets others have their turn, so that the index of a large catalogue holds nobody up. */
const sliceMs = 2
const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

export async function createActionIndex(actions: readonly Action[]): Promise<ActionIndex> {
  const sorted = [...actions].sort((a, b) => (a.name < b.name ? -1 : 1))
  const counted: Counted[] = []
  let since = performance.now()
  for (const action of sorted) {
    counted.push(countOf(action))
    if (performance.now() - since < sliceMs) continue
    await nextTurn()
    since = performance.now()
  }
  const postings = await postingsOf(counted)
  await nextTurn()
  return indexOf(sorted, postings)
}

/** What the index knows of a word: the places of its actions, and what it is worth for each. */
interface Posting {
  readonly places: number[]
  readonly worth: number[]
}

function indexOf(actions: readonly Action[], postings: ReadonlyMap<string, Posting>): ActionIndex {
  const known = [...postings.keys()].sort()
  const byName = new Map(actions.map((action, place) => [action.name, place]))
  function find(terms: readonly string[]): readonly Action[] {
    const scores = new Float64Array(actions.length)
    for (const term of terms) for (const { word, weight } of matches(term, known)) add(postings.get(word) as Posting, weight, scores)
    const places = [...scores.keys()].filter(place => (scores[place] ?? 0) > 0)
    return places.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b).map(place => actions[place] as Action)
  }
  return {
    search(query) {
      const said = query.slice(0, mostCharacters)
      const terms = [...new Set(termsOf(said))].slice(0, mostTerms)
      const found = find(terms)
      const all = found.length > 0 ? found : find(terms.slice(0, mostMisspelt).flatMap(term => near(term, known)))
      // Who knows the name means that one.
      const named = actions[byName.get(said.trim()) ?? -1]
      return named === undefined ? all : [named, ...all.filter(action => action !== named)]
    }
  }
}

function add({ places, worth }: Posting, weight: number, scores: Float64Array): void {
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number
    scores[place] = (scores[place] ?? 0) + (worth[i] ?? 0) * weight
  }
}

interface Match {
  readonly word: string
  readonly weight: number
}

/** The word itself, and those that begin with it: the less of them, the longer they are. */
function matches(term: string, known: readonly string[]): readonly Match[] {
  const found: Match[] = []
  let at = firstFrom(known, term)
  if (known[at] === term) {
    found.push({ word: term, weight: 1 })
    at++
  }
  if (term.length < shortestBegun) return found
  for (const most = at + mostBegun; at < most && known[at]?.startsWith(term); at++) {
    const word = known[at] as string
    found.push({ word, weight: begunWeight * (term.length / word.length) })
  }
  return found
}

/** Of the words with the same first letter. */
const near = (term: string, known: readonly string[]): readonly string[] =>
  term.length < shortestBegun
    ? []
    : nearWords(term, known.slice(firstFrom(known, term.charAt(0)), firstFrom(known, `${term.charAt(0)}\uffff`)), 2)

/** Where the first word stands that does not sort before this one. */
function firstFrom(known: readonly string[], term: string): number {
  let [low, high] = [0, known.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((known[middle] as string) < term) low = middle + 1
    else high = middle
  }
  return low
}

async function postingsOf(counted: readonly Counted[]): Promise<ReadonlyMap<string, Posting>> {
  const average = fields.map(
    (_, field) => counted.reduce((sum, { lengths }) => sum + (lengths[field] ?? 0), 0) / Math.max(1, counted.length)
  )
  const postings = new Map<string, Posting>()
  let since = performance.now()
  for (const [place, one] of counted.entries()) {
    post(one, { place, average, postings })
    if (performance.now() - since < sliceMs) continue
    await nextTurn()
    since = performance.now()
  }
  await nextTurn()
  for (const { places, worth } of postings.values()) {
    const rarity = Math.log(1 + (counted.length - places.length + 0.5) / (places.length + 0.5))
    for (let i = 0; i < worth.length; i++) worth[i] = (worth[i] ?? 0) * rarity
  }
  return postings
}

interface Posted {
  readonly place: number
  readonly average: readonly number[]
  readonly postings: Map<string, Posting>
}

/** A word counts for less in a field that is longer than usual, and the tenth time for less than the first. */
function post({ counts, lengths }: Counted, { place, average, postings }: Posted): void {
  const norms = fields.map(({ weight, b }, field) => weight / (1 - b + (b * (lengths[field] ?? 0)) / (average[field] || 1)))
  for (const [term, count] of counts) {
    const posting = postings.get(term) ?? { places: [], worth: [] }
    const often = count.reduce((sum, times, field) => sum + times * (norms[field] ?? 0), 0)
    posting.places.push(place)
    posting.worth.push((often * (saturation + 1)) / (often + saturation))
    postings.set(term, posting)
  }
}
