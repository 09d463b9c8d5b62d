export interface Lag {
  readonly ms: number
  /** Of this thread's own time: what others took of the machine meanwhile is not in it. */
  readonly cpuMs: number
}

/** The longest time for which the event loop gave nobody else a turn while the work went on. */
export async function loopLag(work: () => Promise<unknown>): Promise<Lag> {
  const longest = { ms: 0, cpuMs: 0 }
  let last = now()
  const look = () => {
    const next = now()
    longest.ms = Math.max(longest.ms, next.ms - last.ms)
    longest.cpuMs = Math.max(longest.cpuMs, next.cpuMs - last.cpuMs)
    last = next
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

function now(): Lag {
  const { user, system } = process.threadCpuUsage()
  return { ms: performance.now(), cpuMs: (user + system) / 1_000 }
}
