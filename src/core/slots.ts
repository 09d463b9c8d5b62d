/** Places within one process, taken in turn. */
export interface Slots {
  /** Resolves to true when a place is free; to false when `signal` ended the wait. */
  take(signal: AbortSignal): Promise<boolean>
  free(): void
}

export function slots(limit: () => number): Slots {
  const waiting = new Set<() => void>()
  let busy = 0
  const wakeNext = () => {
    const [next] = waiting
    next?.()
  }
  return {
    async take(signal) {
      while (!signal.aborted && busy >= limit()) {
        await new Promise<void>(resolve => {
          const wake = () => {
            waiting.delete(wake)
            signal.removeEventListener('abort', wake)
            resolve()
          }
          waiting.add(wake)
          signal.addEventListener('abort', wake)
        })
      }
      // It may have been woken for a free place, which is now the next one's.
      if (signal.aborted) {
        wakeNext()
        return false
      }
      busy++
      return true
    },
    free() {
      busy--
      wakeNext()
    }
  }
}
