/** The nearest of the known words, when it is near enough to be meant. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  if (word.length > 100) return undefined
  const ranked = known
    .map(candidate => ({ candidate, distance: distance(fold(word), fold(candidate)) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3)) ? best.candidate : undefined
}

/** `did you mean x?`, or the list of what is known. */
export function suggestion(word: string, known: readonly string[]): string {
  const meant = didYouMean(word, known)
  if (meant !== undefined) return `did you mean ${meant}?`
  return known.length === 0 ? 'leave it out' : `write ${known.length === 1 ? '' : 'one of '}${listOf(known, 'or')}`
}

export function listOf(words: readonly string[], conjunction: 'or' | 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`
}

/** `maxBackoff`, `max_backoff` and `max-backoff` are one word here. */
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
