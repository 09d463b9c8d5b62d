/** Tokens as OpenAI's newer models count them (o200k); other providers come near it. */
export type CountTokens = (text: string) => number

/** The table is over 2 MB and takes half a second to read: only who asks loads it. */
export async function loadTokenCounter(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  // What looks like a special token in a manifest is text like any other.
  const count: CountTokens = text => countTokens(text, { disallowedSpecial: new Set() })
  return text => {
    const runs = text.match(longRuns)
    if (runs === null) return count(text)
    return runs.flatMap(run => run.match(pieces) ?? []).reduce((sum, piece) => sum + count(piece), count(text.replaceAll(longRuns, ' ')))
  }
}

/** The table is searched in a time that grows with the square of a word: what is no word of any language is counted in pieces. */
const longRuns = /[\p{L}\p{M}]{200,}|[^\s\p{L}\p{N}\p{M}]{200,}|\s{200,}/gu
const pieces = /[\s\S]{1,100}/gu

/** Whether a text has no more tokens than that; a long one is not counted to its end. A token has at least one byte. */
export function hasAtMost(text: string, most: number, count: CountTokens): boolean {
  if (text.length * 3 <= most) return true
  let left = most
  for (let at = 0; at < text.length && left >= 0; at += pieceLength) left -= count(text.slice(at, at + pieceLength))
  return left >= 0
}

const pieceLength = 10_000
