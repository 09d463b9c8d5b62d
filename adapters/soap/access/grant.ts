/** What a login gave. */
import type { Jar } from './jar.ts'

export interface Grant {
  /** What expressions see as `login`. */
  readonly values: Readonly<Record<string, string>>
  /** What no text shows; the same list until it changes. */
  secrets(): readonly string[]
  /** Of later calls; undefined: that of the target. */
  readonly address?: string | undefined
  /** Cookies of later calls. */
  readonly jar?: Jar | undefined
  /** In Unix milliseconds. */
  readonly until: number
}
