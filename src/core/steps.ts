/** Work in steps: where it yields, others may get their turn. */
export type Steps<T> = Generator<undefined, T>

export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/** Longer than most work takes, shorter than anybody notices. */
const pieceMs = 5
/** How many steps are made between two looks at the clock. */
const together = 4

/** The same; others get their turn in between. */
export async function inPieces<T>(steps: Steps<T>, signal: AbortSignal): Promise<T> {
  let begun = performance.now()
  for (let count = 1; ; count += 1) {
    const { done, value } = steps.next()
    if (done) return value
    if (count % together !== 0 || performance.now() - begun < pieceMs) continue
    await turn(signal)
    begun = performance.now()
  }
}

/** After every step, however short. */
export async function oneByOne<T>(steps: Steps<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await turn(signal)
  }
}

async function turn(signal: AbortSignal): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
  signal.throwIfAborted()
}
