/** Somebody who looks on while one attempt is tried out: sees every step, and can keep the one with the effect from being taken. */
export interface Onlooker {
  /** The longest that a step may take, in milliseconds. */
  readonly stepMs: number
  /** A person decides how long the attempt takes. */
  readonly waits: boolean
  /** The attempt ends before the step that has the effect. */
  readonly isDry: boolean
  /** Around every step. `look` is asked when it is over, however it ended: what does the target show now? */
  step<T>(name: string, work: () => Promise<T>, look?: () => Promise<readonly Shot[]>): Promise<T>
  /** Something to see of the step that is at work. */
  show(shot: Shot): Promise<void>
  /** What ends the attempt in place of the step that has the effect. */
  stop(): Error
  /** The steps are over, and what they left can still be seen. */
  over(): Promise<void>
}

/** A file about a step, without anything that must not be seen. */
export interface Shot {
  /** Ends the file's name, as `.png` or `-request.xml`. */
  readonly suffix: string
  readonly content: Uint8Array | string
}
