/** Takes chunks apart (RFC 9112, section 7.1), also those of targets that write them carelessly. */

export interface Chunks {
  /** True: nothing is missing, and nothing more is read. */
  push(bytes: Buffer): boolean
  /** The last chunk was there; what follows it says nothing. */
  readonly isWhole: boolean
  /** Why they can not be read. */
  readonly broken: string | undefined
}

type State = 'size' | 'data' | 'after' | 'trailer' | 'over'

const longestLine = 16 * 1024
const longestTrailer = 256 * 1024
const lf = 10

class ChunkReader implements Chunks {
  broken: string | undefined
  private readonly take: (bytes: Buffer) => void
  private state: State = 'size'
  private left = 0
  private line = ''
  private trailerChars = 0

  constructor(take: (bytes: Buffer) => void) {
    this.take = take
  }

  get isWhole(): boolean {
    return this.broken === undefined && (this.state === 'trailer' || this.state === 'over')
  }

  push(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length && this.state !== 'over'; ) at += this.state === 'data' ? this.data(bytes, at) : this.text(bytes, at)
    return this.state === 'over'
  }

  private data(bytes: Buffer, at: number): number {
    const piece = bytes.subarray(at, at + this.left)
    this.take(piece)
    this.left -= piece.length
    if (this.left === 0) this.state = 'after'
    return piece.length
  }

  private text(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(lf, at)
    const stop = end === -1 ? bytes.length : end + 1
    this.line += bytes.toString('latin1', at, stop)
    if (this.line.length > longestLine) this.fail('one of them has no end of its line')
    else if (end !== -1) {
      const line = this.line.trim()
      this.line = ''
      this.read(line)
    }
    return stop - at
  }

  private read(line: string): void {
    if (this.state === 'trailer') this.skip(line)
    else if (this.state === 'after') {
      if (line === '') this.state = 'size'
      else this.fail('one of them is longer than its size says')
    } else this.begin(line)
  }

  private skip(line: string): void {
    this.trailerChars += line.length + 1
    if (line === '' || this.trailerChars > longestTrailer) this.state = 'over'
  }

  /** Extensions follow a semicolon. */
  private begin(line: string): void {
    const size = line.split(';', 1)[0]?.trim() ?? ''
    if (!/^0*[0-9a-f]{1,10}$/i.test(size)) this.fail('one of them does not begin with its size')
    else {
      this.left = Number.parseInt(size, 16)
      this.state = this.left === 0 ? 'trailer' : 'data'
    }
  }

  private fail(why: string): void {
    this.broken = why
    this.state = 'over'
  }
}

export const readChunks = (take: (bytes: Buffer) => void): Chunks => new ChunkReader(take)
