/**
 * Logins that failed. A target that refuses credentials again and again may lock their account: what was refused is not asked again for a
 * minute, and what failed for a reason that nobody knows is tried once more; whichever tenant asks.
 */
import { RetrofitError } from '../../src/index.ts'

const pauseMs = 60_000

interface Failure {
  readonly at: number
  readonly error: Error
  readonly isClosed: boolean
}

export class Lockout {
  private readonly failures = new Map<string, Failure>()

  /** Throws while no login is to be tried. */
  check(login: string): void {
    const failure = this.recent(login)
    if (failure?.isClosed === true) throw paused(failure)
  }

  failed(login: string, { error, isRefused }: { readonly error: Error; readonly isRefused: boolean }): void {
    const isSecond = this.recent(login) !== undefined
    this.failures.set(login, { at: Date.now(), error, isClosed: isRefused || isSecond })
  }

  succeeded(login: string): void {
    this.failures.delete(login)
  }

  sweep(): void {
    for (const login of this.failures.keys()) if (this.recent(login) === undefined) this.failures.delete(login)
  }

  private recent(login: string): Failure | undefined {
    const failure = this.failures.get(login)
    return failure !== undefined && failure.at + pauseMs > Date.now() ? failure : undefined
  }
}

function paused({ at, error }: Failure): RetrofitError {
  const { hint, targetSaid } = error instanceof RetrofitError ? error : {}
  const seconds = Math.max(1, Math.ceil((at + pauseMs - Date.now()) / 1_000))
  const detail = `no login was tried: the last one failed, and the next is made in ${seconds} s, so that no account is locked; it said: ${error.message}`
  return new RetrofitError('target_failed', { detail, hint, targetSaid, retryable: false })
}
