/** One try: claimed through the ledger, so that no two processes send at once, then noted. A crash in between sends it again, with the same id. */
import { type Callback, callbackIdOf, keptAfterFailureMs, messageIdOf, withTry } from '../../core/callback.ts'
import { withCallbacks } from '../../core/run.ts'
import type { Run } from '../../core/types.ts'
import { openedTo } from '../../engine/callbacks/new-callback.ts'
import { isOrdered } from '../../engine/order.ts'
import type { Parts } from '../../engine/parts.ts'
import { isAllowedAddress } from '../../governance/callback-addresses.ts'
import { signatureOf } from '../../governance/callback-secret.ts'
import type { KeyCallbacks, KeyInfo } from '../../governance/keys.ts'
import { type CallbackTimes, waitMs } from './back-off.ts'
import { messageOf } from './message.ts'
import { type Posted, post } from './post.ts'

export interface Sending {
  readonly parts: Parts
  readonly dataKey: string
  /** The key that the run was started with. */
  keyOf(clientId: string): Promise<KeyInfo | undefined>
  readonly publicUrl: string
  readonly times: CallbackTimes
}

/** How it went: `final` is not tried again. */
interface Tried extends Posted {
  readonly final?: boolean | undefined
}

export async function sendCallback(
  sending: Sending,
  run: Run,
  { number, stop }: { readonly number: number; readonly stop: AbortSignal }
): Promise<void> {
  const { parts, times } = sending
  const found = run.callbacks?.find(one => one.number === number)
  if (found === undefined) return
  const now = parts.store.now()
  const claimed = replaced(run, { ...found, tries: found.tries + 1, nextAt: now + times.leaseMs }, { now })
  if (!(await parts.store.updateRun(claimed))) return
  const tried = await attempt(sending, claimed, { callback: found, stop })
  await note(sending, claimed, { number, tried: stop.aborted && tried.status === undefined ? { error: 'the process stopped' } : tried })
}

const replaced = (run: Run, callback: Callback, at: { readonly now: number; readonly keptUntil?: number | undefined }): Run =>
  withCallbacks(
    run,
    (run.callbacks ?? []).map(one => (one.number === callback.number ? callback : one)),
    at
  )

async function attempt(
  sending: Sending,
  run: Run,
  { callback, stop }: { readonly callback: Callback; readonly stop: AbortSignal }
): Promise<Tried> {
  const { parts, times, publicUrl } = sending
  const to = openedTo(parts.sealer, run, callback)
  if (to === undefined || !isOrdered(parts.sealer, run)) return { final: true, error: 'its row does not show that this service wrote it' }
  const key = await sending.keyOf(callback.clientId)
  if (key === undefined || key.tenant !== run.tenant) return { final: true, error: 'the key that asked for it is gone' }
  if (key.callbacks === undefined || !isAllowedAddress(key.callbacks.addresses, to.url))
    return { final: true, error: 'the key may not have this address called back any more' }
  const body = messageOf({ run, action: await parts.catalog.actionOf(run), token: to.token, base: publicUrl })
  const signal = AbortSignal.any([stop, AbortSignal.timeout(times.tryMs)])
  const headers = headersOf(sending, run, { callback, body, callbacks: key.callbacks })
  const posted = await post({ url: to.url, headers, body, origins: parts.settings.callbackOrigins ?? [], signal })
  // 410: the receiver is gone for good, and wants no more.
  return { ...posted, final: posted.status === 410 }
}

interface Signing {
  readonly callback: Callback
  readonly body: string
  readonly callbacks: KeyCallbacks
}

const rotationMs = 24 * 3_600_000

/** Standard Webhooks. After the secret was replaced both sign for a day, so that a receiver can change over. */
function headersOf({ dataKey }: Sending, run: Run, { callback, body, callbacks }: Signing): Record<string, string> {
  const now = Date.now()
  const message = { id: messageIdOf(run.id, callback.number, run.status), timestamp: Math.floor(now / 1_000), body }
  const { generation, rotatedAt } = callbacks
  const isFresh = rotatedAt !== undefined && rotatedAt > now - rotationMs
  const signing = (of: number) => signatureOf({ dataKey, tenant: run.tenant, clientId: callback.clientId, generation: of }, message)
  return {
    'content-type': 'application/json',
    'user-agent': 'retrofit',
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
    'webhook-signature': [generation, ...(isFresh ? [generation - 1] : [])].map(signing).join(' ')
  }
}

/** Into the run as it is by now: where its end is another one by now, that has its own message. */
async function note(
  { parts, times }: Sending,
  claimed: Run,
  { number, tried }: { readonly number: number; readonly tried: Tried }
): Promise<void> {
  for (let at: Run | undefined = claimed; at !== undefined; at = await parts.store.getRun(claimed.id)) {
    const callback = at.callbacks?.find(one => one.number === number)
    const mine = claimed.callbacks?.find(one => one.number === number)
    if (callback?.state !== 'pending' || at.status !== claimed.status || callback.nextAt !== mine?.nextAt) return
    const now = parts.store.now()
    const next = outcomeOf(times, callback, { tried, now })
    const keptUntil = next.state === 'failed' ? now + keptAfterFailureMs : 0
    if (!(await parts.store.updateRun(replaced(at, next, { now, keptUntil })))) continue
    if (next.state === 'failed')
      parts.telemetry.log.warn(
        { runId: at.id, callbackId: callbackIdOf(at.id, number), tries: next.tries, ...tried },
        'a callback was given up'
      )
    return
  }
}

function outcomeOf(times: CallbackTimes, callback: Callback, { tried, now }: { readonly tried: Tried; readonly now: number }): Callback {
  const { status, error, final, retryAfterMs } = tried
  const noted = withTry(callback, { at: now, ...(status === undefined ? {} : { status }), ...(error === undefined ? {} : { error }) })
  const { nextAt: _, ...rest } = noted
  if (status !== undefined && status >= 200 && status < 300) return { ...rest, state: 'delivered' }
  const nextAt = now + waitMs(times, callback.tries, retryAfterMs)
  const isOver = final === true || nextAt > (callback.since ?? now) + times.forMs
  return isOver ? { ...rest, state: 'failed' } : { ...rest, nextAt: Math.ceil(nextAt) }
}

export const isDue = (callback: Callback, now: number): boolean =>
  callback.state === 'pending' && (callback.nextAt ?? Number.POSITIVE_INFINITY) <= now

/** For a while: others than those of a jammed receiver come first. */
export async function postpone({ parts }: Sending, run: Run, number: number): Promise<void> {
  const callback = run.callbacks?.find(one => one.number === number)
  const now = parts.store.now()
  if (callback !== undefined)
    await parts.store.updateRun(replaced(run, { ...callback, nextAt: now + Math.ceil(10_000 + Math.random() * 50_000) }, { now }))
}
