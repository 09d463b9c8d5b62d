/** Server-Sent Events to one reader. */
import type { ServerResponse } from 'node:http'
import { RetrofitError } from '../core/errors.ts'
import { problemOfError } from './problem.ts'

/**
 * Answers how to write. A reader that lets more than `unreadBytes` pile up is cut off, and so is one that has gone: Node tells that to
 * whoever writes before the response says it.
 */
export function openEventStream(response: ServerResponse, unreadBytes: number): (text: string) => void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  response.flushHeaders()
  return text => {
    if (response.destroyed || response.writableEnded) return
    if (response.writableLength > unreadBytes) response.destroy()
    else response.write(text, error => error && response.destroy())
  }
}

export const eventText = (event: string, data: object, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

/** The last event of a stream whose reader may read no longer; undefined where it ends for another reason. */
export const farewell = ({ reason }: AbortSignal): string | undefined =>
  reason instanceof RetrofitError ? eventText('refused', problemOfError(reason).problem) : undefined
