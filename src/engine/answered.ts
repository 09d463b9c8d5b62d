import { RetrofitError } from '../core/errors.ts'

/** A ledger that does not answer is no mistake of the caller's. */
export async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (cause instanceof RetrofitError) throw cause
    const hint =
      'Wait as long as Retry-After says and ask again. What was asked for may have been written; read the run before you decide anew.'
    throw new RetrofitError('not_ready', { detail: 'The ledger does not answer.', retryAfterMs: 2_000, hint, cause })
  }
}
