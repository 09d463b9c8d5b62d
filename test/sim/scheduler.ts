/** Virtual time: one heap of everything that is still to come. Between two events every microtask runs, so that an event is atomic. */

/** Whose code an event runs. A dead owner's events never come; a paused one's come when it goes on. */
export interface Owner {
  readonly name: string
  alive: boolean
  pausedUntil: number
  /** How far its wall clock is off. In milliseconds. */
  readonly skewMs: number
}

export interface Scheduled {
  at: number
  order: number
  readonly owner: Owner | undefined
  /** Undefined: cancelled. */
  run: (() => void) | undefined
}

/** Runs the microtasks that wait, and those that they queue. V8's own, by its name in `--allow-natives-syntax`. */
const drainMicrotasks = new Function('%PerformMicrotaskCheckpoint()') as () => void

export class Scheduler {
  /** Virtual milliseconds since the world began. */
  now = 0
  current: Owner | undefined
  steps = 0
  private readonly heap: Scheduled[] = []
  private order = 0

  after(delayMs: number, owner: Owner | undefined, run: () => void): Scheduled {
    const event: Scheduled = { at: this.now + delayMs, order: this.order++, owner, run }
    this.push(event)
    return event
  }

  /** Runs the next event at or before `until`; false when there is none. */
  step(until: number): boolean {
    for (;;) {
      const event = this.heap[0]
      if (event === undefined || event.at > until) return false
      this.pop()
      if (event.run === undefined || event.owner?.alive === false) continue
      if (event.owner !== undefined && event.owner.pausedUntil > event.at) {
        event.at = event.owner.pausedUntil
        event.order = this.order++
        this.push(event)
        continue
      }
      this.perform(event, event.run)
      return true
    }
  }

  /** When the next event comes; Infinity when nothing will. */
  get nextAt(): number {
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  private perform(event: Scheduled, run: () => void): void {
    this.now = Math.max(this.now, event.at)
    this.current = event.owner
    this.steps++
    run()
    drainMicrotasks()
    this.current = undefined
  }

  private push(event: Scheduled): void {
    const { heap } = this
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = heap[above] as Scheduled
      if (!before(event, other)) break
      heap[at] = other
      at = above
    }
    heap[at] = event
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop() as Scheduled
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && before(heap[below + 1] as Scheduled, heap[below] as Scheduled)) below++
      if (!before(heap[below] as Scheduled, last)) break
      heap[at] = heap[below] as Scheduled
      at = below
    }
    heap[at] = last
  }
}

const before = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
