/**
 * GET /mcp: the stream on which a client of 2025 is told that the bots have changed. It needs no session: whoever listens is told
 * the same, by whichever gateway it reached.
 */
import { farewell, openEventStream } from '../event-stream.ts'
import { callerOf, goneSignal } from '../exchange.ts'
import type { Handle } from '../router.ts'
import type { McpDoor } from './door.ts'

const changed = `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })}\n\n`
const beat = ': still there\n\n'
/** A reader that lets more than this pile up is cut off. */
const unreadBytes = 65_536

export function changesOperation({ engine, settings, ...staying }: McpDoor): Record<'listenMcp', Handle> {
  return {
    async listenMcp(exchange) {
      const { response, method } = exchange
      if (method === 'HEAD') return void response.writeHead(200, { 'content-type': 'text/event-stream' }).end()
      const caller = callerOf(exchange)
      const signal = goneSignal(exchange, staying)
      const release = await engine.stream(caller)
      const write = openEventStream(response, unreadBytes)
      const off = engine.catalog.onChange(whose => {
        if (whose === undefined || whose === caller.tenant) write(changed)
      })
      const heart = setInterval(() => write(beat), settings.heartbeatMs)
      await ended(signal)
      clearInterval(heart)
      off()
      release()
      write(farewell(signal) ?? '')
      response.end()
    }
  }
}

const ended = (signal: AbortSignal): Promise<void> =>
  signal.aborted ? Promise.resolve() : new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
