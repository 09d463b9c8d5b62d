/** Callers who stay: their key may be revoked, or it or their token may expire, while they wait or listen. */
import { RetrofitError } from '../core/errors.ts'
import { type LongTimer, longTimer } from '../core/long-timer.ts'
import type { Authenticate } from '../governance/authenticate.ts'
import { callerOf, type Exchange } from './exchange.ts'

export interface AccessWatch {
  /** Aborts with a RetrofitError (`unauthenticated`) when the caller's key or token is good no longer. Looks until the response is closed. */
  follow(exchange: Exchange): AbortSignal
}

export interface AccessWatchOptions {
  readonly authenticate: Authenticate
  /** Tells of keys that were revoked. Absent: they are seen at the next heartbeat. */
  readonly onKeysChanged?: ((listener: () => void) => () => void) | undefined
  readonly heartbeatMs: number
}

export function createAccessWatch({ authenticate, onKeysChanged, heartbeatMs }: AccessWatchOptions): AccessWatch {
  return {
    follow(exchange) {
      const ended = new AbortController()
      const end = (): void => ended.abort(refusal())
      const look = (): void => void isGood(authenticate, exchange).then(good => !good && end())
      const heart = setInterval(look, heartbeatMs).unref()
      const off = onKeysChanged?.(look)
      const expiry = expiryOf(exchange, end)
      exchange.response.once('close', () => {
        clearInterval(heart)
        off?.()
        expiry?.clear()
      })
      return ended.signal
    }
  }
}

function expiryOf(exchange: Exchange, end: () => void): LongTimer | undefined {
  const { expiresAt } = callerOf(exchange)
  return expiresAt === undefined ? undefined : longTimer(end, expiresAt - Date.now()).unref()
}

/** A ledger or an issuer that can not be asked now says nothing against anybody. */
async function isGood(authenticate: Authenticate, { headers }: Exchange): Promise<boolean> {
  try {
    return (await authenticate(headers.authorization)) !== undefined
  } catch (error) {
    return !(error instanceof RetrofitError && error.status === 401)
  }
}

const refusal = (): RetrofitError =>
  new RetrofitError('unauthenticated', { detail: 'The key or token was revoked or has expired while this request was open' })
