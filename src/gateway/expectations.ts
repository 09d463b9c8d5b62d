/** What Node would answer by itself, without a problem document. */
import type { IncomingMessage } from 'node:http'
import { RetrofitError } from '../core/errors.ts'

/** The one expectation that HTTP knows (RFC 9110, 10.1.1). */
export const expectsContinue = ({ headers }: IncomingMessage): boolean => headers.expect?.trim().toLowerCase() === '100-continue'

export function checkExpectations(request: IncomingMessage): void {
  const { expect, host } = request.headers
  if (expect !== undefined && !expectsContinue(request))
    throw new RetrofitError('expectation_failed', { detail: `Nothing here meets the expectation ${JSON.stringify(expect.slice(0, 100))}` })
  // RFC 9112, 3.2.
  if (host === undefined && request.httpVersion === '1.1')
    throw new RetrofitError('invalid_request', { detail: 'A request of HTTP/1.1 names the service in a Host header' })
}
