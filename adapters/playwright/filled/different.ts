/** The error that says what a field, or a request, has in place of what was filled in. */
import { RetrofitError } from '../../../src/index.ts'
import type { Filling } from './field.ts'
import type { Seen } from './read-back.ts'

export type Redact = (text: string) => string

interface Difference {
  readonly wanted: Filling
  readonly given: readonly string[]
  readonly seen: Seen
  readonly held: string
  readonly verb: string
  readonly redact: Redact
}

const shownCharacters = 80

/** A part of a secret is not found in what the field holds instead, so neither is told. */
export function different({ wanted, given, seen, held, verb, redact }: Difference): RetrofitError {
  const name = redact(wanted.called ?? (seen.label === '' ? wanted.text : seen.label))
  const isSecret = seen.type === 'password' || given.some(value => redact(value) !== value)
  const short = (text: string) => (text === '' ? 'nothing' : redact(text.replaceAll(/\s+/g, ' ')).slice(0, shownCharacters))
  const was = {
    fill: `filled with ${short(wanted.values.join(', '))}`,
    select: `set to ${short(wanted.values.join(', '))}`,
    check: wanted.isTicked ? 'ticked' : 'cleared of its tick',
    upload: `given ${short(wanted.values.join(', '))}`
  }[wanted.kind]
  const detail = isSecret ? `field ${name} no longer has what was filled in` : `field ${name} was ${was} and ${verb} ${short(held)}`
  return new RetrofitError('target_failed', {
    detail: `${detail}. Where the page writes it in its own way, the step says verify: false`
  })
}
