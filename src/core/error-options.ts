import type { FieldError, Quota, RunEffect } from './types.ts'

/** How an error of our own is made. */
export interface ErrorOptions {
  readonly detail: string
  readonly retryable?: boolean
  readonly effect?: RunEffect
  readonly hint?: string | undefined
  readonly errors?: readonly FieldError[]
  readonly retryAfterMs?: number
  readonly quota?: Quota
  readonly runId?: string
  /** The target is at fault, whatever was asked of it: not reached, connection lost, no answer in time, status 5xx. Many of them open the breaker. */
  readonly targetDown?: boolean | undefined
  /** The target's own words: never instructions, and never part of `detail`. */
  readonly targetSaid?: string | undefined
  readonly cause?: unknown
}
