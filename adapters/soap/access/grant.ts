/** The result of a login. */
import type { Jar } from './jar.ts'

export interface Grant {
  /** The values that expressions see as `login`. */
  readonly values: Readonly<Record<string, string>>
  /** Texts that are masked everywhere; the same list until it changes. */
  secrets(): readonly string[]
  /** The address of later calls; undefined: that of the target. */
  readonly address?: string | undefined
  /** Cookies of later calls. */
  readonly jar?: Jar | undefined
  /** In Unix milliseconds. */
  readonly until: number
}
