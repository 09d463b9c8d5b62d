import type { IncomingMessage } from 'node:http'
import { RetrofitError } from '../core/errors.ts'

/** How much of a body that is too large is still taken off the wire, so that the client gets to read the answer. */
const discardBytes = 8 * 1_048_576
const discardMs = 2_000

/** The whole body, or body_too_large as soon as that is known. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  const bytes = announced > maxBytes ? undefined : await take(request, maxBytes)
  return bytes ?? refuse(request, maxBytes)
}

/** Undefined as soon as there are too many bytes; the rest is still to be read. */
function take(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
      else resolve(undefined)
    })
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
    request.once('close', () => {
      if (!request.readableEnded) reject(new RetrofitError('malformed_json', { detail: 'The body is not complete' }))
    })
  })
}

async function refuse(request: IncomingMessage, maxBytes: number): Promise<never> {
  await discard(request)
  throw new RetrofitError('body_too_large', { detail: `The body is over ${maxBytes} bytes` })
}

function discard(request: IncomingMessage): Promise<void> {
  return new Promise(resolve => {
    let bytes = 0
    const timer = setTimeout(resolve, discardMs)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > discardBytes) done()
    })
    request.once('end', done)
    request.once('close', done)
    if (request.readableEnded || request.destroyed) done()
  })
}
