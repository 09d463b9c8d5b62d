/** The bytes of one connection → the answer to one request. Anything behind the answer is not looked at. */
import { type AnswerHead, type AnswerHeaders, emptyLines, headEnd, NoHttp, noBegin, readHead } from './answer-head.ts'
import { type Chunks, readChunks } from './chunks.ts'
import { type Framing, framingOf } from './framing.ts'
import { GrowingBytes } from './growing-bytes.ts'

export interface HttpAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  /** As it came, still encoded. */
  readonly body: Buffer
  /** Why it is not whole, as a sentence about the target. */
  readonly missing: string | undefined
  /** It has more bytes than it may, and was not read further. */
  readonly tooLarge: boolean
}

export interface AnswerLimits {
  readonly headBytes: number
  readonly bodyBytes: number
  /** The first bytes of a body that says at once that it is larger, for a person to look at. */
  readonly shownBytes?: number | undefined
}

const closedText = 'closed the connection'
/** Answers before the answer; more make no sense. */
const mostInterim = 100

export class AnswerReader {
  private readonly method: string
  private readonly limits: AnswerLimits
  private readonly start = new GrowingBytes()
  private readonly body = new GrowingBytes()
  /** The place in `start`: empty lines end here, and no head ends before there. */
  private from = 0
  private looked = 0
  private interim = 0
  private head: AnswerHead | undefined
  private framing: Framing = { kind: 'none' }
  private chunks: Chunks | undefined
  private tooLarge = false
  private over = false

  constructor(method: string, limits: AnswerLimits) {
    this.method = method
    this.limits = limits
  }

  /** True: the answer is there. Throws NoHttp. */
  push(bytes: Buffer): boolean {
    if (this.over) return true
    if (this.head !== undefined) this.take(bytes)
    else {
      this.start.add(bytes)
      this.readStart()
    }
    return this.over
  }

  /** The answer as far as it came. `how` says what became of the connection. */
  answer(how = closedText): HttpAnswer {
    if (this.head === undefined) throw new NoHttp(this.beforeHead(how))
    const { status, headers } = this.head
    return { status, headers, body: this.body.bytes(), missing: this.missing(how), tooLarge: this.tooLarge }
  }

  /** Says what is missing when the time is over. */
  late(): string {
    const how = 'let the time run out'
    return this.head === undefined ? this.beforeHead(how) : (this.missing(how) ?? 'the time was over')
  }

  /** Bytes came, and they do not begin as an answer of HTTP does. */
  get isForeign(): boolean {
    const begin = this.start
      .bytes()
      .subarray(this.from, this.from + 5)
      .toString('latin1')
    return this.head === undefined && begin !== '' && !'HTTP/'.startsWith(begin)
  }

  private beforeHead(how: string): string {
    if (this.isForeign) return noBegin
    if (this.start.length > this.from) return `the target ${how} within the head of its answer`
    return this.interim > 0 ? `the target said that it goes on and ${how} without an answer` : `the target ${how} without an answer`
  }

  private missing(how: string): string | undefined {
    const { framing, chunks, over } = this
    if (this.tooLarge) return `its answer has more than ${this.limits.bodyBytes} bytes`
    if (chunks?.broken !== undefined) return `its chunks can not be read: ${chunks.broken}`
    if (over || chunks?.isWhole) return undefined
    if (framing.kind === 'close') return how === closedText ? framing.doubt : `the target ${how} after ${this.body.length} bytes`
    if (framing.kind === 'length') return `the target ${how} after ${this.body.length} of ${framing.bytes} bytes`
    return `the target ${how} after ${this.body.length} bytes, before the last chunk of its answer`
  }

  private readStart(): void {
    const all = this.start.bytes()
    this.from = emptyLines(all, this.from)
    const { from } = this
    const end = headEnd(all, Math.max(from, this.looked))
    this.looked = Math.max(0, all.length - 3)
    if ((end ?? all.length) > this.limits.headBytes) throw new NoHttp(`the head of its answer has more than ${this.limits.headBytes} bytes`)
    if (end === undefined) return
    const head = readHead(all.subarray(from, end))
    if (head.status === 101) throw new NoHttp('the target switched to another protocol, which nobody asked for')
    if (head.status < 200) this.skip(all.subarray(end))
    else this.begin(head, all.subarray(end))
  }

  /** 100 Continue and its like announce the answer, also unasked. */
  private skip(rest: Buffer): void {
    this.interim += 1
    if (this.interim > mostInterim) throw new NoHttp('the target announces its answer without end')
    const next = Buffer.from(rest)
    this.start.clear()
    this.from = 0
    this.looked = 0
    this.push(next)
  }

  private begin(head: AnswerHead, rest: Buffer): void {
    this.head = head
    this.framing = framingOf(head, this.method)
    if (this.framing.kind === 'chunked') this.chunks = readChunks(piece => this.keep(piece))
    if (this.framing.kind === 'none' || (this.framing.kind === 'length' && this.framing.bytes === 0)) this.over = true
    else this.take(rest)
  }

  private take(bytes: Buffer): void {
    const { framing, chunks } = this
    if (chunks?.push(bytes)) this.over = true
    else if (chunks !== undefined) return
    else this.keep(framing.kind === 'length' ? bytes.subarray(0, framing.bytes - this.body.length) : bytes)
    if (framing.kind === 'length' && this.body.length === framing.bytes) this.over = true
  }

  private keep(piece: Buffer): void {
    const { bodyBytes, shownBytes = bodyBytes } = this.limits
    const isTold = this.framing.kind === 'length' && this.framing.bytes > bodyBytes
    const most = isTold ? Math.min(shownBytes, bodyBytes) : bodyBytes
    const fits = piece.subarray(0, most - this.body.length)
    this.body.add(fits)
    if (fits.length === piece.length && !(isTold && this.body.length >= most)) return
    this.tooLarge = true
    this.over = true
  }
}
