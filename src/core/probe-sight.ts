/** What the probes of a run saw. */
import type { Json } from './types.ts'

/** What a probe saw when it looked last; for people. */
export interface ProbeSight {
  /** In Unix milliseconds. */
  readonly at: number
  /** The version of the bot that looked. */
  readonly botDigest: string
  /** `secret`: found, and what was read holds a credential. `unclear`: it could not look. */
  readonly seen: 'found' | 'absent' | 'weak' | 'secret' | 'unclear'
  /** Of a run whose effect is known: whether the probe says the same. */
  readonly agrees?: boolean | undefined
  readonly detail: string
  /** What it read, masked. */
  readonly extracted?: Json | undefined
}

/** Members of a run. */
export interface Looked {
  readonly probed?: ProbeSight | undefined
  /** Somebody wants a probe to look, with the manifest of today. */
  readonly lookFor?: { readonly at: number; readonly by: string } | undefined
}
