/** In which form a client takes the answer to `POST /mcp`. */
import { qualityOf } from '../accept.ts'

/** `either`: one JSON text, or a stream where there is something to tell before the answer. */
export type AnswerForm = 'json' | 'stream' | 'either'

const stream = 'text/event-stream'

/** A client that names no stream is not surprised by one: to it the answer is plain JSON. */
export function answerFormOf(accept: string | undefined): AnswerForm {
  if (accept === undefined || !/text\/(?:event-stream|\*)/i.test(accept) || qualityOf(accept, stream) === 0) return 'json'
  return qualityOf(accept, 'application/json') === 0 ? 'stream' : 'either'
}

export const takesStream = (accept = ''): boolean => accept.trim() === '' || qualityOf(accept, stream) > 0
