/** A run keeps what its probes saw. */
import type { Json } from './types.ts'

/** The last look of a probe, for people. */
export interface ProbeSight {
  /** In Unix milliseconds. */
  readonly at: number
  /** The version of the bot that looked. */
  readonly botDigest: string
  /** `secret`: found, and what was read holds a credential. `unclear`: it could not look. */
  readonly seen: 'found' | 'absent' | 'weak' | 'secret' | 'unclear'
  /** Whether the probe says what is known of the run; absent where nothing is. */
  readonly agrees?: boolean | undefined
  readonly detail: string
  /** The values that it read, masked. */
  readonly extracted?: Json | undefined
}

/** Members of a run. */
export interface Looked {
  readonly probed?: ProbeSight | undefined
  /** Somebody wants a probe to look, with the manifest of today. */
  readonly lookFor?: { readonly at: number; readonly by: string } | undefined
}
