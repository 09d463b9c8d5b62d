/** The lists that an attempt says are not whole: each once, and not more than a person reads. */
import type { PartialList } from '../core/partial-list.ts'

const most = 20
const reasonCharacters = 200

export interface Partials {
  readonly partials: readonly PartialList[]
  partial(name: string, reason: string): void
}

export function notePartial(redact: (text: string) => string): Partials {
  const partials: PartialList[] = []
  const partial = (name: string, reason: string): void => {
    if (partials.length >= most || partials.some(each => each.name === name)) return
    // Cut last: half a secret would not be found.
    partials.push({ name, reason: redact(reason).slice(0, reasonCharacters) })
  }
  return { partials, partial }
}
