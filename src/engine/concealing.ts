/** Secrets that come to be known while an attempt runs, beside those of the credentials. */
import type { Json } from '../core/types.ts'
import { createSecretFinder } from '../governance/find-secret.ts'
import { createRedactor } from '../governance/redact.ts'

export interface Concealing {
  redact(text: string): string
  /** Whether a value that leaves holds a secret, also encoded. */
  isIn(value: Json): boolean
}

/** Prepared once for each list. */
const prepared = new WeakMap<readonly string[], Concealing>()

function prepare(texts: readonly string[]): Concealing {
  const made = prepared.get(texts) ?? { redact: createRedactor(texts), isIn: createSecretFinder(texts) }
  prepared.set(texts, made)
  return made
}

/** `known` is what is a secret from the beginning. */
export function createConcealing(known: Concealing): Concealing & { conceal(texts: readonly string[]): void } {
  const all = new Set([known])
  return {
    conceal: texts => void (texts.length > 0 && all.add(prepare(texts))),
    redact: text => [...all].reduce((clean, each) => each.redact(clean), text),
    isIn: value => [...all].some(each => each.isIn(value))
  }
}
