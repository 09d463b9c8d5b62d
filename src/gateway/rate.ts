/** How many calls a key may make in a second, told with every answer (draft-ietf-httpapi-ratelimit-headers-10). */
import type { ServerResponse } from 'node:http'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'
import { RetrofitError } from '../core/errors.ts'
import { callerOf, type Exchange, retryAfterSeconds } from './exchange.ts'

interface Limit {
  readonly name: string
  readonly quota: number
  readonly windowSeconds: number
}

/** `left`: calls until the window ends, `resetMs` from now. */
export function tellRate(response: ServerResponse, { name, quota, windowSeconds }: Limit, now: { left: number; resetMs: number }): void {
  response.setHeader('ratelimit-policy', `"${name}";q=${quota};w=${windowSeconds}`)
  response.setHeader('ratelimit', `"${name}";r=${Math.max(0, now.left)};t=${retryAfterSeconds(now.resetMs)}`)
}

export function createRate(perSecond: number): (exchange: Exchange, calls?: number) => Promise<void> {
  if (perSecond === 0) return async () => {}
  const limiter = new RateLimiterMemory({ points: perSecond, duration: 1 })
  const limit = { name: 'calls', quota: perSecond, windowSeconds: 1 }
  return async (exchange, calls = 1) => {
    const { tenant, clientId } = callerOf(exchange)
    const { remainingPoints, msBeforeNext, refused } = await limiter.consume(`${tenant} ${clientId}`, calls).then(
      state => ({ remainingPoints: state.remainingPoints, msBeforeNext: state.msBeforeNext, refused: false }),
      (state: RateLimiterRes) => ({ remainingPoints: 0, msBeforeNext: state.msBeforeNext ?? 1_000, refused: true })
    )
    tellRate(exchange.response, limit, { left: remainingPoints, resetMs: msBeforeNext })
    if (refused) throw new RetrofitError('rate_limited', { detail: `More than ${perSecond} calls in a second`, retryAfterMs: msBeforeNext })
  }
}
