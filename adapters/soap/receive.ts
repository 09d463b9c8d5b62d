/** One request over a dispatcher, its answer collected at once: a stream in between costs a tenth of such a call. */
import type { IncomingHttpHeaders } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import type { Dispatcher } from 'undici'

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Why the body is not whole. */
  readonly broken: string | undefined
}

export interface ReceiveOptions {
  readonly signal: AbortSignal
  /** Answers beyond this are cut off, and the connection with them. */
  readonly answerBytes: number
}

/** The first bytes are all that is worth having of an answer that is too large anyway. */
export const shownBytes = 4_096

type Pieces = Omit<Received, 'body'> & { readonly chunks: readonly Buffer[] }

/** Rejects with the signal's reason, or with what undici says of the connection. */
export async function receive(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions, options: ReceiveOptions): Promise<Received> {
  const { chunks, ...received } = await new Promise<Pieces>((resolve, reject) => {
    options.signal.throwIfAborted()
    const collector = new Collector(options, resolve, reject)
    options.signal.addEventListener('abort', collector.abort, { once: true })
    dispatcher.dispatch(request, collector)
  })
  return { ...received, body: await concatenate(chunks) }
}

const largeBytes = 1_048_576

/** Memory for megabytes takes its time: others get their turn in between. */
async function concatenate(chunks: readonly Buffer[]): Promise<Buffer> {
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
  if (bytes <= largeBytes) return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
  const whole = Buffer.allocUnsafe(bytes)
  let [at, pause] = [0, largeBytes]
  for (const chunk of chunks) {
    chunk.copy(whole, at)
    at += chunk.length
    if (at < pause) continue
    pause = at + largeBytes
    await turn()
  }
  return whole
}

class Collector implements Dispatcher.DispatchHandler {
  readonly abort = () => this.end(() => this.reject(this.options.signal.reason))
  private readonly options: ReceiveOptions
  private readonly resolve: (received: Pieces) => void
  private readonly reject: (error: unknown) => void
  private readonly chunks: Buffer[] = []
  private bytes = 0
  private wanted = 0
  private head: Pick<Received, 'status' | 'headers'> | undefined
  private controller: Dispatcher.DispatchController | undefined
  private ended = false

  constructor(options: ReceiveOptions, resolve: (received: Pieces) => void, reject: (error: unknown) => void) {
    this.options = options
    this.resolve = resolve
    this.reject = reject
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller
    if (this.ended) controller.abort(this.options.signal.reason)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return
    this.head = { status, headers }
    const { answerBytes } = this.options
    this.wanted = Number(headers['content-length']) > answerBytes ? Math.min(shownBytes, answerBytes) : answerBytes
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.ended) return
    this.chunks.push(chunk)
    this.bytes += chunk.length
    if (this.bytes > this.wanted) this.whole(`it is larger than ${this.options.answerBytes} bytes`)
  }

  onResponseEnd(): void {
    this.whole(undefined)
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.end(() => this.reject(error))
  }

  private whole(broken: string | undefined): void {
    const { status, headers } = this.head ?? { status: 0, headers: {} }
    this.end(() => this.resolve({ status, headers, chunks: this.chunks, broken }), broken !== undefined)
  }

  /** Only the first end counts. `cut`: the rest of the answer is not wanted. */
  private end(tell: () => void, cut = this.options.signal.aborted): void {
    if (this.ended) return
    this.ended = true
    this.options.signal.removeEventListener('abort', this.abort)
    tell()
    if (cut) this.controller?.abort(this.options.signal.reason ?? new Error('cut off'))
  }
}
