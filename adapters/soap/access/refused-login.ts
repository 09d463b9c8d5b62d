import { RetrofitError } from '../../../src/index.ts'

interface Said {
  readonly detail: string
  readonly targetSaid?: string | undefined
}

/** The target does not take the credentials. They are not tried again for a while, so that no account is locked. */
export class RefusedLogin extends RetrofitError {
  constructor({ detail, targetSaid }: Said) {
    super('target_failed', {
      detail,
      targetSaid,
      retryable: false,
      hint: 'An operator has to look at what the target said, and correct the credentials or the manifest; the login is not tried again for a minute.'
    })
  }
}
