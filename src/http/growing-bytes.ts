/** Bytes that come in pieces, however small: in one buffer, as a million of small ones would take a hundred times their size. */
export class GrowingBytes {
  private space = Buffer.alloc(0)
  private used = 0

  get length(): number {
    return this.used
  }

  add(piece: Buffer): void {
    const needed = this.used + piece.length
    if (needed > this.space.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(2 * this.space.length, this.space.length + largestStep), 1_024))
      this.space.copy(larger, 0, 0, this.used)
      this.space = larger
    }
    piece.copy(this.space, this.used)
    this.used = needed
  }

  clear(): void {
    this.used = 0
  }

  bytes(): Buffer {
    return this.space.subarray(0, this.used)
  }
}

const largestStep = 16 * 1024 * 1024
