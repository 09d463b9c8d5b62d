import type { Run, RunEffect, RunStatus, StepRecord } from './types.ts'

/** An event for watchers; best effort, may be missed. */
export type RunEvent =
  | {
      readonly type: 'status'
      readonly runId: string
      readonly revision: number
      readonly status: RunStatus
      readonly effect: RunEffect
      /** The row as it was written, when the run has ended and is small: saves the look-up. */
      readonly run?: Run
    }
  | { readonly type: 'step'; readonly runId: string; readonly step: StepRecord }
  /** Begun already, by a worker that is gone: for whoever serves the bot, past the line of those that wait for their first attempt. */
  | { readonly type: 'again'; readonly runId: string; readonly bot: string }
  /** For the worker that has this screen. */
  | { readonly type: 'handover'; readonly runId: string; readonly bot: string; readonly screen: string }
