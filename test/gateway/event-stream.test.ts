import type { ServerResponse } from 'node:http'
import { expect, test } from '@jest/globals'
import { openEventStream } from '../../src/gateway/event-stream.ts'

/** Some versions of Node refuse what is written to a client that has gone before the response knows that it is closed. */
test('a stream whose writing is refused is ended, though the response does not say that it is destroyed', async () => {
  let ends = 0
  const response = {
    destroyed: false,
    writableEnded: false,
    writableLength: 0,
    writeHead: () => undefined,
    flushHeaders: () => undefined,
    write: (_text: string, done: (error?: Error) => void) => done(new Error('ECONNRESET')),
    destroy: () => void ends++
  }
  openEventStream(response as unknown as ServerResponse, 1_000)('x')
  expect(ends).toBe(1)
})
