/** Which actions fit what somebody wants, in words: for catalogues that are too large to be read. */
import type { Action } from '../core/types.ts'

const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

/** Where a word stands says how much it means. */
const weights: readonly (readonly [(action: Action) => string, number])[] = [
  [({ name }) => name, 4],
  [({ title }) => title, 3],
  [({ description }) => description, 2],
  [({ input }) => Object.keys((input.properties ?? {}) as object).join(' '), 1]
]

/** Best first, then by name; a word counts also when it only begins like one of the action's. Rare words count more. */
export function searchActions(actions: readonly Action[], query: string): readonly Action[] {
  const wanted = [...new Set(wordsOf(query))].slice(0, 30)
  const hits = actions.map(action => ({ action, marks: wanted.map(word => markOf(action, word)) }))
  const found = wanted.map((_, i) => hits.filter(({ marks }) => (marks[i] ?? 0) > 0).length)
  return hits
    .map(({ action, marks }) => ({
      action,
      score: marks.reduce((sum, mark, i) => sum + mark / (1 + Math.log(Math.max(1, found[i] ?? 1))), 0)
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.action.name < b.action.name ? -1 : 1))
    .map(({ action }) => action)
}

function markOf(action: Action, word: string): number {
  return weights.reduce((sum, [read, weight]) => {
    const words = wordsOf(read(action).replaceAll('_', ' '))
    if (words.includes(word)) return sum + weight
    return words.some(one => one.startsWith(word) || (one.length > 3 && word.startsWith(one))) ? sum + weight / 2 : sum
  }, 0)
}
