/** Tokens as OpenAI's newer models count them (o200k); other providers come near it. */
export type CountTokens = (text: string) => number

/** The table is over 2 MB and takes half a second to read: only who asks loads it. */
export async function loadTokenCounter(): Promise<CountTokens> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base')
  // What looks like a special token in a manifest is text like any other.
  return text => countTokens(text, { disallowedSpecial: new Set() })
}
