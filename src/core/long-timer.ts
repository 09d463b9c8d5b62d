/** Timers of Node hold 2^31-1 ms, some 24 days; a longer one would fire at once. */

/** In milliseconds. */
export const longestTimerMs = 2_147_483_647

export interface LongTimer {
  clear(): void
  /** Keeps no process alive. */
  unref(): this
}

/** Calls `work` after `ms`, however long that is: in pieces. Infinity: never. */
export function longTimer(work: () => void, ms: number): LongTimer {
  let left = Math.max(0, ms)
  let isHeld = true
  let timer: NodeJS.Timeout
  const next = (): void => {
    const piece = Math.min(left, longestTimerMs)
    timer = setTimeout(() => {
      left -= piece
      if (left > 0) next()
      else work()
    }, piece)
    if (!isHeld) timer.unref()
  }
  next()
  return {
    clear: () => clearTimeout(timer),
    unref() {
      isHeld = false
      timer.unref()
      return this
    }
  }
}

/** `AbortSignal.timeout`, which throws beyond 2^32-1 ms and fires at once beyond 2^31-1. */
export const timeoutSignal = (ms: number): AbortSignal => AbortSignal.timeout(Math.min(longestTimerMs, Math.ceil(Math.max(0, ms))))
