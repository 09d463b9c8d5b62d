/** Asked before a login opens: an address that its bot may not go to is told of at once, in words. Later ones the proxy refuses. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { RetrofitError, reachHint, type Target, whyNotThere, whyNotTo } from '../../src/index.ts'
import { within } from './failure.ts'

const lookupMs = 5_000

/** Throws RetrofitError. */
export async function checkReachable({ egress, reach }: Pick<Target, 'egress' | 'reach'>): Promise<void> {
  const found = await Promise.all(egress.map(async origin => whyNotThere({ origin, reach }) ?? (await whyNotByName(origin, reach))))
  const why = found.find(each => each !== undefined)
  if (why !== undefined) throw notReachable(why)
}

export const notReachable = (why: string): RetrofitError =>
  new RetrofitError('target_failed', { detail: `nothing was sent: ${why}`, retryable: false, hint: reachHint })

/** A name that leads nowhere is left to the browser, which tells. */
async function whyNotByName(origin: string, reach: Target['reach']): Promise<string | undefined> {
  const { hostname } = new URL(origin)
  if (isIP(hostname) !== 0 || hostname.startsWith('[')) return undefined
  const addresses = await within(lookup(hostname, { all: true }), lookupMs).catch(() => [])
  const reasons = addresses.map(({ address }) => whyNotTo(address, { origin, reach }))
  return reasons.includes(undefined) ? undefined : reasons[0]
}
