/** Tells that keys have changed, in whichever process, while somebody wants to be told. */

export interface KeyChanges {
  /** Answers how to stop listening. */
  on(listener: () => void): () => void
  /** This process has changed one itself. */
  tell(): void
}

export interface KeyChangesOptions {
  /** Another number whenever a key was made or revoked. */
  stamp(): Promise<number>
  /** Before the listeners are told. */
  forget(): void
  readonly everyMs: number
}

/** The first look counts as a change too: what happened before it is not known. A ledger that does not answer tells nothing. */
export function createKeyChanges({ stamp, forget, everyMs }: KeyChangesOptions): KeyChanges {
  const listeners = new Set<() => void>()
  let last: number | undefined
  let timer: NodeJS.Timeout | undefined
  const tell = (): void => {
    forget()
    for (const listener of [...listeners]) listener()
  }
  const look = async (): Promise<void> => {
    const now = await stamp().catch(() => last)
    if (now === last) return
    last = now
    tell()
  }
  return {
    tell,
    on(listener) {
      listeners.add(listener)
      timer ??= setInterval(() => void look(), everyMs).unref()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        clearInterval(timer)
        timer = undefined
        last = undefined
      }
    }
  }
}
