import { masked } from './sealer.ts'

/** Replaces every occurrence of the given texts, longest first. Texts under 3 characters are left: they would hit everything. */
export function createRedactor(texts: readonly string[]): (text: string) => string {
  const known = [...new Set(texts)].filter(text => text.length >= 3).sort((a, b) => b.length - a.length)
  return text => known.reduce((clean, secret) => clean.replaceAll(secret, masked), text)
}
