/** Slows down those who try keys: after so many refused ones an address has to wait, whatever it sends then. */
import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { RetrofitError } from '../core/errors.ts'
import type { Caller } from '../core/types.ts'
import type { Exchange } from './exchange.ts'
import { tellRate } from './rate.ts'
import type { GatewaySettings } from './settings.ts'

type Settings = Pick<GatewaySettings, 'maxFailedAuthentications' | 'proxies'>
type Authenticate = (exchange: Exchange) => Promise<Caller | undefined>

const windowMs = 60_000
/** Beyond this many addresses, the longest known ones are forgotten. */
const mostAddresses = 10_000
/** Keys that were good lately: whoever shares an address with a guesser, behind one proxy, goes on. */
const mostKnown = 10_000

/** Refuses without a look at the key, so that nobody learns whether it is right. */
export function guarded(
  authenticate: Authenticate,
  { maxFailedAuthentications: most, proxies }: Settings,
  now = () => performance.now()
): Authenticate {
  if (most === 0) return authenticate
  const failures = new Map<string, { count: number; readonly until: number }>()
  const known = new Set<string>()

  function failed(address: string): void {
    const before = failures.get(address)
    if (before !== undefined && before.until > now()) {
      before.count++
      return
    }
    failures.delete(address)
    failures.set(address, { count: 1, until: now() + windowMs })
    if (failures.size > mostAddresses) failures.delete(failures.keys().next().value ?? '')
  }

  function refuseBlocked({ response }: Exchange, address: string): void {
    const { count, until } = failures.get(address) ?? { count: 0, until: 0 }
    if (count < most || until <= now()) return
    tellRate(
      response,
      { name: 'failed-authentications', quota: most, windowSeconds: windowMs / 1_000 },
      { left: 0, resetMs: until - now() }
    )
    throw new RetrofitError('rate_limited', {
      detail: `${count} keys from this address were refused within a minute, and ${most} may be.`,
      hint: 'Correct the key, then wait as long as Retry-After says.',
      quota: { name: 'failed_authentications', used: count, allowed: most },
      retryAfterMs: until - now()
    })
  }

  return async exchange => {
    const { authorization } = exchange.headers
    if (authorization === undefined) return authenticate(exchange)
    const digest = createHash('sha256').update(authorization).digest('base64')
    const address = addressOf(exchange, proxies)
    if (!known.has(digest)) refuseBlocked(exchange, address)
    const caller = await authenticate(exchange).catch(error => {
      if (error instanceof RetrofitError && error.status === 401) failed(address)
      throw error
    })
    known.delete(digest)
    if (caller === undefined) failed(address)
    else known.add(digest)
    if (known.size > mostKnown) known.delete(known.values().next().value ?? '')
    return caller
  }
}

/** The client's own, as the last of so many proxies in front saw it; of IPv6 the network that one client has. */
export function addressOf({ request, headers }: Pick<Exchange, 'request' | 'headers'>, proxies: number): string {
  const seen = [...forwarded(headers['x-forwarded-for']), request.socket.remoteAddress ?? '']
  const address = (seen.at(-1 - proxies) ?? seen[0] ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
  return isIPv6(address) ? networkOf(address) : address
}

const forwarded = (header: string | readonly string[] | undefined): readonly string[] =>
  header === undefined
    ? []
    : String(header)
        .split(',')
        .map(part => part.trim())

/** The first 64 bits. */
function networkOf(address: string): string {
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const groups = head.split(':').filter(group => group !== '')
  const rest = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(group => group !== '').length
  return [...groups, ...Array.from({ length: Math.max(0, rest) }, () => '0'), ...(tail ?? '').split(':')]
    .slice(0, 4)
    .map(group => group.replace(/^0+(?=.)/, ''))
    .join(':')
}
