/** Sends what is due for as long as the process lives. Any number of gateways may: each try is claimed in the ledger. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Callback, callbackIdOf } from '../../core/callback.ts'
import { hasEnded } from '../../core/run.ts'
import type { RunEvent } from '../../core/run-event.ts'
import type { Run } from '../../core/types.ts'
import { type CallbackTimes, usualTimes } from './back-off.ts'
import { isDue, postpone, type Sending, sendCallback } from './send-callback.ts'

const batch = 100
/** At once, from this process: in all, and to one origin, so that a slow receiver does not keep others waiting. */
const mostAtOnce = 32
const mostToOrigin = 8
const lookMs = 25

export interface CallbackOptions extends Omit<Sending, 'times'> {
  readonly times?: Partial<CallbackTimes> | undefined
}

interface Under {
  readonly origin: string
  readonly work: Promise<void>
}

/** Answers how to stop. */
export function startCallbacks(options: CallbackOptions): () => Promise<void> {
  const { parts } = options
  const sending: Sending = { ...options, times: { ...usualTimes, ...options.times } }
  const stopping = new AbortController()
  const under = new Map<string, Under>()
  let wake = () => {}
  const off = parts.store.watch(event => tellsOfEnd(event) && wake())

  const pass = async (): Promise<void> => {
    const now = parts.store.now()
    const due = await parts.store.dueCallbacks(now, batch)
    for (const run of due)
      for (const callback of run.callbacks ?? []) {
        if (!isDue(callback, now) || under.has(callbackIdOf(run.id, callback.number))) continue
        if (hasRoom(under, callback)) begin(run, callback)
        // Else they would fill every look, and nobody would see the others.
        else if (due.length === batch) await postpone(sending, run, callback.number)
      }
  }
  const begin = (run: Run, callback: Callback): void => {
    const id = callbackIdOf(run.id, callback.number)
    const work = sendCallback(sending, run, { number: callback.number, stop: stopping.signal })
      .catch(error => parts.telemetry.log.warn({ runId: run.id, err: error }, 'a callback could not be noted; it is sent again'))
      .finally(() => {
        under.delete(id)
        if (under.size === mostAtOnce - 1) wake()
      })
    under.set(id, { origin: new URL(callback.address).origin, work })
  }
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const woken = new Promise<void>(resolve => {
        wake = resolve
        setTimeout(resolve, parts.settings.sweepMs * (0.75 + Math.random() / 2)).unref()
      })
      await pass().catch(error => parts.telemetry.log.warn({ err: error }, 'could not look for callbacks; it tries again'))
      // Each write of its own wakes it: many at once are one look.
      await Promise.all([woken, sleep(lookMs)])
    }
  })()
  return async () => {
    off()
    stopping.abort()
    wake()
    await loop
    await Promise.all([...under.values()].map(({ work }) => work))
  }
}

function hasRoom(under: ReadonlyMap<string, Under>, { address }: Callback): boolean {
  const { origin } = new URL(address)
  const there = [...under.values()].filter(one => one.origin === origin).length
  return under.size < mostAtOnce && there < mostToOrigin
}

/** One whose row is too large for the event is found by looking. */
const tellsOfEnd = (event: RunEvent): boolean => event.type === 'status' && hasEnded(event) && event.run?.callbacks !== undefined
