/**
 * One request and its answer on a connection that is used for nothing else, and closed. The answer is read as browsers read it; no byte
 * behind it can be taken for the answer to another request.
 */
import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { Socket } from 'node:net'
import { type AnswerLimits, AnswerReader, type HttpAnswer } from './answer-reader.ts'

export interface HttpRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** With its port, where it is not that of the scheme. */
  readonly host: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | undefined
}

/** A request as it goes over the wire. */
export interface WrittenRequest {
  readonly method: string
  readonly head: Buffer
  readonly body: Buffer | undefined
}

/** Throws a TypeError where a header can not be written. */
export function writeRequest(
  { method, path, host, headers, body }: HttpRequest,
  connection: 'close' | 'keep-alive' = 'close'
): WrittenRequest {
  const length = body === undefined ? {} : { 'content-length': String(body.length) }
  const lines = Object.entries({ host, ...headers, ...length, connection })
  for (const [name, value] of lines) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
  }
  const head = `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return { method, head: Buffer.from(head, 'latin1'), body }
}

/** Nothing of an answer came that could be used. */
export class NoAnswer extends Error {
  readonly code: string

  constructor(message: string, code: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** Rejects with the signal's reason, or with NoAnswer, which also tells how far the answer had come when a time was over. The socket is connected, and is destroyed in the end. */
export function exchangeOn(
  socket: Socket,
  request: WrittenRequest,
  options: AnswerLimits & { readonly signal: AbortSignal }
): Promise<HttpAnswer> {
  const { signal } = options
  const reader = new AnswerReader(request.method, options)
  return new Promise<HttpAnswer>((resolve, reject) => {
    signal.throwIfAborted()
    const end = (how?: string, cause?: unknown) => {
      try {
        resolve(reader.answer(how))
      } catch (error) {
        reject(new NoAnswer((error as Error).message, reader.isForeign ? noHttp : codeOf(cause), cause))
      }
    }
    const abort = () => reject(isTimeout(signal.reason) ? new NoAnswer(reader.late(), 'ETIMEDOUT', signal.reason) : signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    socket.once('close', () => signal.removeEventListener('abort', abort))
    socket.on('error', error => end(`broke the connection (${codeOf(error)})`, error))
    socket.on('end', () => end())
    socket.on('close', () => end())
    socket.on('data', bytes => {
      try {
        if (reader.push(bytes)) end()
      } catch (error) {
        reject(new NoAnswer((error as Error).message, noHttp))
      }
    })
    send(socket, request)
  }).finally(() => socket.destroy())
}

const isTimeout = (reason: unknown): boolean => (reason as Error | undefined)?.name === 'TimeoutError'

const noHttp = 'ERR_NO_HTTP'
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? 'ECONNRESET'

function send(socket: Socket, { head, body }: WrittenRequest): void {
  socket.cork()
  socket.write(head)
  if (body !== undefined) socket.write(body)
  socket.uncork()
}
