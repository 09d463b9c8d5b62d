/** A text of the target's credentials that the manifest names. */
import { type Call, RetrofitError } from '../../../src/index.ts'

type Credentials = Call['credentials']

/** Throws RetrofitError that names what is missing, and never a value. */
export function memberOf(credentials: Credentials, name: string, use: string): string {
  const value = Object.hasOwn(credentials, name) ? credentials[name] : undefined
  if (value !== undefined && value !== '') return value
  throw unusable(`need "${name}", ${use}`)
}

export const unusable = (what: string): RetrofitError =>
  new RetrofitError('target_failed', {
    detail: `The target's credentials ${what}. Nothing was sent.`,
    retryable: false,
    hint: 'An operator has to correct the credentials; do not retry.'
  })
