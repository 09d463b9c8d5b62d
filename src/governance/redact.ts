import { createTextFinder } from '../core/find-texts.ts'
import { masked } from './sealer.ts'

/** Texts with fewer letters and digits are looked for as they are written; with fewer characters they are left: they would hit everything. */
const shortest = 3

/** Replaces the given texts wherever a reader would find them: in any case, with spaces or punctuation between, escaped, in base64. */
export function createRedactor(texts: readonly string[]): (text: string) => string {
  const find = createTextFinder(texts, { shortest, spelled: 'usual' })
  return text => {
    let clean = ''
    let behind = 0
    for (const { from, to } of find(text)) {
      clean += text.slice(behind, from) + masked
      behind = to
    }
    return behind === 0 ? text : clean + text.slice(behind)
  }
}
