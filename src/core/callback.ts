/** Who is told of the end of a run. It stands in the run's row: the write that ends the run makes the message due, so that none is lost. */
import type { Json, Run, RunStatus } from './types.ts'

export type CallbackState = 'waiting' | 'pending' | 'delivered' | 'failed'

/** One try to send it. */
export interface CallbackTry {
  readonly at: number
  /** Of HTTP; absent: there was no answer, and `error` says why. */
  readonly status?: number | undefined
  readonly error?: string | undefined
}

export interface Callback {
  /** From 1, within the run. */
  readonly number: number
  /** The key that allows the address and signs the message. */
  readonly clientId: string
  /** The address without its query, which may hold a secret. */
  readonly address: string
  /** `CallbackTo`, sealed. Absent: the record has expired. */
  readonly to?: Json | undefined
  /** A keyed hash over run, client and `to`: the same asked for twice is one, and what somebody else put there is not sent. */
  readonly proof: string
  /** `waiting`: the run has not ended. */
  readonly state: CallbackState
  /** When the message became due first, or was to be sent again. */
  readonly since?: number | undefined
  /** When it is sent next; while it is being sent, when it counts as lost. */
  readonly nextAt?: number | undefined
  readonly tries: number
  /** The last ones. */
  readonly log: readonly CallbackTry[]
}

/** Where the message goes, and what is sent back with it. */
export interface CallbackTo {
  readonly url: string
  readonly token?: string | undefined
}

export const mostCallbacks = 5
const triesKept = 10
/** How long a run is kept for somebody who wants a message sent again that was given up. */
export const keptAfterFailureMs = 3 * 24 * 3_600_000

/** The run has come to an end: whatever was to be told before is out of date. */
export const armed = (callbacks: readonly Callback[] | undefined, now: number): readonly Callback[] | undefined =>
  callbacks?.map(callback => ({ ...callback, state: 'pending', since: now, nextAt: now, tries: 0, log: [] }))

/** When the first message is due; undefined: none is to be sent. */
export function callbackDueAt({ callbacks = [] }: Pick<Run, 'callbacks'>): number | undefined {
  const times = callbacks.flatMap(({ state, nextAt }) => (state === 'pending' && nextAt !== undefined ? [nextAt] : []))
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Whether a message was due or is. */
export const hasCalledBack = ({ callbacks = [] }: Pick<Run, 'callbacks'>): boolean => callbacks.some(({ state }) => state !== 'waiting')

export const withTry = (callback: Callback, tried: CallbackTry): Callback => ({
  ...callback,
  log: [...callback.log, tried].slice(-triesKept)
})

/** A tombstone says what became of it, and no more. */
export const buried = (callbacks: readonly Callback[] | undefined): readonly Callback[] | undefined =>
  callbacks?.map(({ to: _, ...callback }) => ({ ...callback, log: [] }))

export const callbackIdOf = (runId: string, number: number): string => `cb_${runId.slice('run_'.length)}_${number}`

/** The run and the number behind an id; undefined: it is none. */
export function parseCallbackId(id: string): { readonly runId: string; readonly number: number } | undefined {
  const [, run, number] = /^cb_([0-9a-hjkmnp-tv-z]{21})_([1-9])$/.exec(id) ?? []
  return run === undefined ? undefined : { runId: `run_${run}`, number: Number(number) }
}

/** The same for every try to tell of this end of the run. No full stop in it: it is signed as `id.time.body`. */
export const messageIdOf = (runId: string, number: number, status: RunStatus): string =>
  `msg_${runId.slice('run_'.length)}_${number}_${status}`
