/** The longest time for which the event loop gave nobody else a turn while the work went on, in milliseconds. */
export async function loopLag(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  let next: NodeJS.Immediate
  const turn = () => {
    look()
    next = setImmediate(turn)
  }
  next = setImmediate(turn)
  try {
    await work()
  } finally {
    clearImmediate(next)
    look()
  }
  return longest
}
