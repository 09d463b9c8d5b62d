import type { MessagePort } from 'node:worker_threads'
import type { Uses } from './uses.ts'

/** The scope is JSON. `sources`: whether they are expressions at all. */
export type Question = { readonly source: string; readonly scope: string } | { readonly sources: readonly string[] }

export interface Answer {
  /** The value; undefined where there is none. */
  readonly json?: string | undefined
  /** Why it has no value. */
  readonly failure?: string | undefined
  /** What each of the sources reads, or why it is no expression. */
  readonly texts?: readonly ReadText[] | undefined
}

export interface ReadText {
  readonly mistake?: string | undefined
  readonly uses?: Uses | undefined
}

export interface ThreadData {
  readonly port: MessagePort
  /** When the evaluation began, in nanoseconds of `process.hrtime`, 0 between two; and which of the sources it is. */
  readonly clock: BigInt64Array
}
