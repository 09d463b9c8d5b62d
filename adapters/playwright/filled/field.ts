/** A field that an attempt has filled in. */
import type { ElementHandle, Frame, Locator } from 'playwright-core'
import type { Wanted } from './differences.ts'
import type { Seen } from './read-back.ts'

export interface Filling extends Wanted {
  /** The field's name in the manifest, if it has one that is a plain text. */
  readonly called: string | undefined
  /** The locator, for people. */
  readonly text: string
  /** False: the page writes it in its own way. */
  readonly isVerified: boolean
}

export interface Filled {
  wanted: Filling
  /** Notes what the step has written. */
  readonly given: readonly string[]
  handle: ElementHandle<Element> | undefined
  /** Absent: it had the focus. */
  readonly locator: Locator | undefined
  readonly frame: Frame
  /** It was written, and no step that may send it has come since. */
  isPending: boolean
  /** Left to the step that is at work: what it sends shows it. */
  isLeaving: boolean
  isDone: boolean
  /** A request has taken the file along, so the page may empty the field. */
  isTaken?: boolean
  seen: Seen | undefined
}
