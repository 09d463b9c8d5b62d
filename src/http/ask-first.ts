/** A request before the one that matters, on the same connection, as a login that belongs to a connection needs it. */
import type { Socket } from 'node:net'
import { type AnswerLimits, AnswerReader, type HttpAnswer } from './answer-reader.ts'
import { NoAnswer, type WrittenRequest } from './exchange.ts'
import { type Idle, watchIdle } from './idle.ts'

export interface Asked {
  readonly answer: HttpAnswer
  /** Nothing else was sent since. */
  readonly idle: Idle
}

/** Leaves the connection open. Rejects with the signal's reason, or with NoAnswer where no whole answer came. */
export function askFirst(
  socket: Socket,
  { method, head, body }: WrittenRequest,
  { signal, ...limits }: AnswerLimits & { readonly signal: AbortSignal }
): Promise<Asked> {
  const reader = new AnswerReader(method, limits)
  return new Promise<Asked>((resolve, reject) => {
    signal.throwIfAborted()
    const done = (settle: () => void) => {
      socket.off('data', take).off('error', lost).off('end', lost).off('close', lost)
      signal.removeEventListener('abort', abort)
      settle()
    }
    const fail = (error: unknown) => done(() => reject(error))
    const lost = (error?: Error) => fail(new NoAnswer('the target closed the connection while it was asked', 'ECONNRESET', error))
    const abort = () => fail(signal.reason)
    const take = (bytes: Buffer) => {
      try {
        if (!reader.push(bytes)) return
        const answer = reader.answer()
        if (answer.missing === undefined) done(() => resolve({ answer, idle: watchIdle(socket) }))
        else fail(new NoAnswer(answer.missing, 'ECONNRESET'))
      } catch (error) {
        fail(new NoAnswer((error as Error).message, 'ERR_NO_HTTP', error))
      }
    }
    socket.on('data', take).on('error', lost).on('end', lost).on('close', lost)
    signal.addEventListener('abort', abort, { once: true })
    socket.write(head)
    if (body !== undefined && body.length > 0) socket.write(body)
  })
}
