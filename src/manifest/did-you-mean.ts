import { nearestWord } from '../core/nearness.ts'

/** The nearest of the known words, when it is near enough to be meant. */
export const didYouMean = nearestWord

/** `did you mean x?`, or the list of what is known. */
export function suggestion(word: string, known: readonly string[]): string {
  const meant = didYouMean(word, known)
  if (meant !== undefined) return `did you mean ${meant}?`
  return known.length === 0 ? 'leave it out' : `write ${known.length === 1 ? '' : 'one of '}${listOf(known, 'or')}`
}

export function listOf(words: readonly string[], conjunction: 'or' | 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`
}
