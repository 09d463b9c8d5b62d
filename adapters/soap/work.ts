/** Work that makes more of itself, on a stack: what is put there last is done first. */
import { setImmediate as turn } from 'node:timers/promises'
import type { Steps } from '../../src/index.ts'

export type Work = (() => void)[] & {
  /** Values that were left out of lists, as JSON can not hold them. */
  lost?: Lost[]
}

export interface Lost {
  readonly path: string
  readonly text: string
}

/** Longer than most answers take, shorter than anybody notices. */
const pieceMs = 5

export function doAtOnce(work: Work): void {
  for (let next = work.pop(); next !== undefined; next = work.pop()) next()
}

/** The same; others get their turn in between. */
export async function doInPieces(work: Work, signal: AbortSignal): Promise<void> {
  let begun = performance.now()
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    next()
    if (performance.now() - begun < pieceMs) continue
    await turn()
    signal.throwIfAborted()
    begun = performance.now()
  }
}

/** How many things of a list one step does, and between two looks at the clock. */
const [step, together] = [500, 20]

/** `one` does what begins at an index and says how many it did; what it puts on the stack is done before the next step, `end` last. */
export function doEach(work: Work, count: number, one: (index: number) => number, end: () => void = () => undefined): void {
  const from = (first: number): void => {
    const below = work.length
    const late = performance.now() + pieceMs
    let index = first
    for (const stop = Math.min(count, first + step); index < stop; ) {
      index += one(index)
      if (index % together === 0 && performance.now() > late) break
    }
    if (index >= count) end()
    else work.splice(below, 0, () => from(index))
  }
  from(0)
}

/** The first step at once, which is all of most: the others are put on the stack. */
export function doSteps<T>(work: Work, steps: Steps<T>, end: (value: T) => void): void {
  const next = (): void => {
    const { done, value } = steps.next()
    if (done) end(value)
    else work.push(next)
  }
  next()
}
