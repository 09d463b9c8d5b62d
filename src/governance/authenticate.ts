/** Who a request comes from. */
import type { Caller } from '../core/types.ts'

/** The caller behind an Authorization header; undefined when nobody knows it. */
export type Authenticate = (authorization: string | undefined) => Promise<Caller | undefined>

/** Asks one after the other. */
export const firstOf =
  (...ways: readonly Authenticate[]): Authenticate =>
  async authorization => {
    for (const authenticate of ways) {
      const caller = await authenticate(authorization)
      if (caller !== undefined) return caller
    }
    return undefined
  }
