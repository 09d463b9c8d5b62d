/** The texts of an action that a search looks at, and how often each word stands in them. */
import type { Action } from '../core/types.ts'
import { argumentWords } from './argument-words.ts'
import { termsOf } from './search-terms.ts'

interface Field {
  /** How much a word says by standing here. */
  readonly weight: number
  /** How much less it says in a long text, from 0 to 1. */
  readonly b: number
  words(action: Action): string
}

export const fields: readonly Field[] = [
  { weight: 2, b: 0.7, words: ({ name }) => name },
  { weight: 2, b: 0.7, words: ({ title }) => title },
  { weight: 1, b: 0.7, words: ({ description }) => description },
  { weight: 0.5, b: 0.7, words: ({ input }) => argumentWords(input) }
]

export interface Counted {
  /** Word → how often in each field. */
  readonly counts: ReadonlyMap<string, readonly number[]>
  /** Words of each field. */
  readonly lengths: readonly number[]
}

/** By version of an action: most of a catalogue stays when a bot changes. */
const known = new WeakMap<Action, Counted>()

export function countOf(action: Action): Counted {
  const before = known.get(action)
  if (before !== undefined) return before
  const counts = new Map<string, number[]>()
  const lengths = fields.map(({ words }, field) => {
    const terms = termsOf(words(action))
    for (const term of terms) {
      const count = counts.get(term) ?? fields.map(() => 0)
      count[field] = (count[field] ?? 0) + 1
      counts.set(term, count)
    }
    return terms.length
  })
  const counted = { counts, lengths }
  known.set(action, counted)
  return counted
}
