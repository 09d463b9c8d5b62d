/** How far a word is from another that may be meant. */

/** Longer words are no words: comparing them takes the product of their lengths. */
const longest = 100

/** Letters to change, leave out, put in or swap. `maxBackoff`, `max_backoff` and `max-backoff` are one word. Infinity where a word is too long. */
export function wordDistance(a: string, b: string): number {
  return a.length > longest || b.length > longest ? Number.POSITIVE_INFINITY : distance(fold(a), fold(b))
}

const fold = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, '')

/** Levenshtein, with neighbours swapped counted once. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const change = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(change, cell(i - 1, j) + 1, (row[j - 1] ?? 0) + 1, swapped))
    }
  }
  return cell(a.length, b.length)
}

/** Comparing takes time: of many words those are compared that begin most like it. */
const mostCompared = 100

/** The words that may be meant, nearest first. */
export function nearWords(word: string, known: readonly string[], most: number): readonly string[] {
  if (word.length > longest) return []
  const alike = (other: string) => {
    let at = 0
    while (at < other.length && other[at] === word[at]) at++
    return at
  }
  const begun = known.map(candidate => ({ candidate, alike: alike(candidate) }))
  const some = begun.sort((a, b) => b.alike - a.alike).slice(0, mostCompared)
  const ranked = some.map(({ candidate }) => ({ candidate, distance: wordDistance(word, candidate) }))
  const near = ranked.filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(candidate.length / 3)))
  return near
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate)
}

/** The nearest of the known words, when it is near enough to be meant. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const ranked = known.map(candidate => ({ candidate, distance: wordDistance(word, candidate) })).sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined
}
