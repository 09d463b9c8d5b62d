/** The last attempts on one target, from the first failure on: who failed by the target's fault, and who did not. */

interface Attempt {
  readonly caller: string
  readonly at: number
  readonly down: boolean
}

interface Counts {
  down: number
  up: number
}

export class AttemptsWindow {
  private readonly failures: number
  private readonly longestMs: number
  private readonly attempts: Attempt[] = []
  private readonly callers = new Map<string, Counts>()

  /** `failures`: how many open it; it looks at twice as many attempts, and never at older ones than `longestMs`. */
  constructor(failures: number, longestMs: number) {
    this.failures = failures
    this.longestMs = longestMs
  }

  add(attempt: Attempt): void {
    this.attempts.push(attempt)
    this.count(attempt, 1)
    while (this.attempts.length > 2 * this.failures || (this.attempts[0]?.at ?? attempt.at) < attempt.at - this.longestMs)
      this.count(this.attempts.shift() as Attempt, -1)
  }

  /** The caller's attempts count no more. */
  forget(caller: string): void {
    for (let i = this.attempts.length - 1; i >= 0; i--) if (this.attempts[i]?.caller === caller) this.attempts.splice(i, 1)
    this.callers.delete(caller)
  }

  /** Enough failures of several callers, none of whom counts for more than half of them, and at least half of all attempts. */
  get isDownForAll(): boolean {
    const each = [...this.callers.values()]
    const failing = each.filter(({ down }) => down > 0)
    const most = Math.ceil(this.failures / 2)
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
    const enough = sum(failing.map(({ down }) => Math.min(down, most))) >= this.failures
    return failing.length > 1 && enough && sum(each.map(({ down }) => down)) >= sum(each.map(({ up }) => up))
  }

  /** The same for one caller, whatever the others see. */
  isDownFor(caller: string): boolean {
    const { down, up } = this.callers.get(caller) ?? { down: 0, up: 0 }
    return down >= this.failures && down >= up
  }

  /** Nobody has failed lately. */
  get isQuiet(): boolean {
    return [...this.callers.values()].every(({ down }) => down === 0)
  }

  private count({ caller, down }: Attempt, by: 1 | -1): void {
    const counts = this.callers.get(caller) ?? { down: 0, up: 0 }
    counts[down ? 'down' : 'up'] += by
    if (counts.down + counts.up === 0) this.callers.delete(caller)
    else this.callers.set(caller, counts)
  }
}
