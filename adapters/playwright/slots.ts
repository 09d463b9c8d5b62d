/** So many at once; the others wait in their order. */
export class Slots {
  most: number
  private taken = 0
  private readonly waiting: (() => void)[] = []

  constructor(most: number) {
    this.most = most
  }

  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.taken < this.most) {
      this.taken++
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stop = () => {
      const at = this.waiting.indexOf(resolve)
      if (at < 0) return
      this.waiting.splice(at, 1)
      reject(signal.reason)
    }
    this.waiting.push(resolve)
    signal.addEventListener('abort', stop, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', stop))
  }

  give(): void {
    const next = this.taken <= this.most ? this.waiting.shift() : undefined
    if (next === undefined) this.taken--
    else next()
  }

  /** Whoever is in stays in. */
  resize(most: number): this {
    this.most = most
    while (this.taken < this.most) {
      const next = this.waiting.shift()
      if (next === undefined) break
      this.taken++
      next()
    }
    return this
  }
}
