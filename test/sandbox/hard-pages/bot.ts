/** A bot on hard pages: its calls share a login, which no other bot has. */
import { expect } from '@jest/globals'
import type { Adapter, Call, JsonObject, RetrofitError } from '../../../src/index.ts'
import { type CallOptions, callOf, parseAction } from '../../adapters/playwright/harness.ts'
import { type HardPages, right } from './server.ts'

interface Options extends Partial<CallOptions> {
  /** Ends the session when the step of this name begins; `times`: the first so many times. */
  readonly endsAt?: string
  readonly times?: number
  readonly action?: JsonObject
  /** The probe of a run that has crossed the commit point. */
  readonly isProbe?: boolean
}

type Steps = readonly JsonObject[]
let bots = 0

export function botOf({ adapter, pages, kind, target }: { adapter: Adapter; pages: HardPages; kind: string; target: JsonObject }) {
  const digest = `bot ${bots++}`
  const before = pages.logins(kind)
  const callFor = (steps: Steps, { endsAt, times = 1, action = {}, isProbe = false, ...options }: Options = {}) => {
    const parsed = parseAction(adapter, { steps, ...action } as JsonObject, target)
    expect(parsed.issues).toEqual([])
    const call = callOf(parsed.steps, { url: pages.url, digest, credentials: right, ...options })
    let left = times
    const step: Call['step'] = (name, work) => {
      if (name === endsAt && left-- > 0) pages.expire(kind)
      return call.step(name, work)
    }
    return Object.create(call, {
      step: { value: step },
      ...(isProbe && { committed: { value: true } })
    }) as typeof call
  }
  return {
    callFor,
    run: (steps: Steps, options?: Options) => adapter.run(callFor(steps, options)),
    logins: () => pages.logins(kind) - before,
    expire: () => pages.expire(kind)
  }
}

export const failureOf = (work: Promise<unknown>): Promise<RetrofitError> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: RetrofitError) => error
  )
