/**
 * Stand-ins for credentials while an expression is evaluated. A mark where the value may not go, as in an output, fails the run when it
 * comes out. A placeholder becomes the value when the expression is done: who wrote the expression can put a credential in, not look at it.
 */
import { randomUUID } from 'node:crypto'
import { RetrofitError } from './errors.ts'
import type { Json } from './types.ts'

type Texts = Readonly<Record<string, string>>

interface Marking {
  /** Nobody else can write such a mark: a caller's input must not become a credential. */
  readonly mark: RegExp
  /** Set for placeholders: the values that they become. */
  readonly values: Texts | undefined
}

const markings = new WeakMap<Texts, Marking>()

const markedBy = (credentials: Texts, values: Texts | undefined): Texts => {
  const nonce = randomUUID()
  const marks = Object.fromEntries(Object.keys(credentials).map(name => [name, `⟦${nonce}:${name}⟧`]))
  markings.set(marks, { mark: new RegExp(`⟦${nonce}:([^⟧]*)⟧`, 'g'), values })
  return marks
}

/** The same names, with marks that must not come out of an expression. */
export const marksOf = (credentials: Texts): Texts => markedBy(credentials, undefined)

/** The same names, with marks that become the values when an expression is done. */
export const placeholdersOf = (credentials: Texts): Texts => markedBy(credentials, credentials)

/** The value of an expression that saw these credentials, with the values in the place of placeholders. Throws credential_refused for a mark. */
export function settleMarks<Value extends Json | undefined>(value: Value, credentials: Texts): Value {
  const marking = markings.get(credentials)
  return marking === undefined ? value : (settled(value, marking) as Value)
}

function settled(value: Json | undefined, marking: Marking): Json | undefined {
  if (typeof value === 'string')
    return value.includes('⟦') ? value.replace(marking.mark, (_, name: string) => textFor(name, marking)) : value
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(item => settled(item, marking) as Json)
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, settled(member, marking) as Json]))
}

function textFor(name: string, { values }: Marking): string {
  const value = values?.[name]
  if (value !== undefined) return value
  throw new RetrofitError('credential_refused', {
    detail: `The manifest would put credentials.${name} where it may not go: only into pages and requests of the credential's own origins.`
  })
}
