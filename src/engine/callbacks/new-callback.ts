/** A call names an address that is told of the end of its run. */
import { armed, type Callback, type CallbackTo, mostCallbacks } from '../../core/callback.ts'
import { canonicalJson } from '../../core/canonical-json.ts'
import { RetrofitError } from '../../core/errors.ts'
import { whyNotThere } from '../../core/reach.ts'
import { hasEnded, withCallbacks } from '../../core/run.ts'
import type { Caller, Run } from '../../core/types.ts'
import { isAllowedAddress } from '../../governance/callback-addresses.ts'
import type { Sealer } from '../../governance/sealer.ts'
import type { Parts } from '../parts.ts'

const whole = { 'x-sensitive': 'secret' } as const

/** Throws `callback_refused`. The address is asked for again when the message is sent: the key may have changed, and so may what its name leads to. */
export function checkCallback({ settings }: Parts, caller: Caller, { url }: CallbackTo): void {
  if (!isAllowedAddress(caller.callbacks ?? [], url))
    throw refused(`${shownAddress(url)} is not among the addresses that this key may have called back.`)
  const why = whyNotCalled(url, settings.callbackOrigins)
  if (why !== undefined) throw refused(why)
}

const refused = (detail: string): RetrofitError => new RetrofitError('callback_refused', { detail })

/** As far as the name tells. */
export function whyNotCalled(url: string, origins: readonly string[] = []): string | undefined {
  const { origin } = new URL(url)
  return whyNotThere({ origin, reach: { origins } }) === undefined ? undefined : notPublic(origin)
}

export const notPublic = (origin: string): string =>
  `${origin} is no public address: an operator adds it to CALLBACK_ORIGINS, where it is none of a cloud's metadata service.`

/** Its query may hold a secret. */
const shownAddress = (url: string): string => {
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

interface NewCallback {
  readonly runId: string
  readonly number: number
  readonly caller: Caller
  readonly to: CallbackTo
}

export function newCallback({ sealer }: Parts, { runId, number, caller, to }: NewCallback): Callback {
  const { tenant, clientId } = caller
  const { url, token } = to
  return {
    number,
    clientId,
    address: shownAddress(url),
    to: sealer.seal(whole, token === undefined ? { url } : { url, token }),
    proof: proofOf(sealer, { runId, tenant, clientId, to }),
    state: 'waiting',
    tries: 0,
    log: []
  }
}

interface Proven {
  readonly runId: string
  readonly tenant: string
  readonly clientId: string
  readonly to: CallbackTo
}

const proofOf = (sealer: Sealer, { runId, tenant, clientId, to }: Proven): string =>
  sealer.fingerprint(canonicalJson(['callback', runId, tenant, clientId, to.url, to.token ?? null]))

/** Where it goes; undefined: its record has expired, or this service did not write it. */
export function openedTo(sealer: Sealer, { id, tenant }: Run, { clientId, to, proof }: Callback): CallbackTo | undefined {
  if (to === undefined) return undefined
  try {
    const opened = sealer.open(whole, to) as unknown as CallbackTo
    return proofOf(sealer, { runId: id, tenant, clientId, to: opened }) === proof ? opened : undefined
  } catch {
    return undefined
  }
}

/** A key that has its run already: the caller is told of its end too. The same asked for twice is one callback. */
export async function attachCallback(parts: Parts, run: Run, { caller, to }: Pick<NewCallback, 'caller' | 'to'>): Promise<Run> {
  for (let at = run; ; ) {
    const known = at.callbacks ?? []
    const added = newCallback(parts, { runId: at.id, number: known.length + 1, caller, to })
    if (known.some(({ proof }) => proof === added.proof)) return at
    if (known.length >= mostCallbacks) throw tooMany(at)
    const now = parts.store.now()
    const next = withCallbacks(at, [...known, ...(hasEnded(at) ? (armed([added], now) ?? []) : [added])], { now })
    if (await parts.store.updateRun(next)) return next
    at = (await parts.store.getRun(at.id)) ?? gone(at)
  }
}

const tooMany = (run: Run): RetrofitError =>
  new RetrofitError('callback_refused', {
    detail: `Run ${run.id} of this key calls back ${mostCallbacks} addresses already.`,
    hint: `Leave the callback out, or look at the run ${run.id}.`,
    effect: run.effect,
    runId: run.id
  })

function gone({ id }: Run): never {
  throw new RetrofitError('run_not_found', { detail: `There is no run ${id}.` })
}
