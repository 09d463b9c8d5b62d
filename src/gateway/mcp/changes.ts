/**
 * GET /mcp: the stream on which a client of 2025 is told that the bots have changed. It needs no session: whoever listens is told
 * the same, by whichever gateway it reached.
 */
import { callerOf, goneSignal } from '../exchange.ts'
import type { Handle } from '../router.ts'
import type { McpDoor } from './door.ts'
import { checkOrigin } from './guard.ts'

const changed = `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })}\n\n`
const beat = ': still there\n\n'
/** A reader that lets more than this pile up is cut off. */
const unreadBytes = 65_536

export function changesOperation({ engine, settings, leaving }: McpDoor): Record<'listenMcp', Handle> {
  return {
    async listenMcp(exchange) {
      const { response, method, headers } = exchange
      checkOrigin(headers, settings)
      const gone = goneSignal(exchange, leaving)
      const release = method === 'HEAD' ? undefined : await engine.stream(callerOf(exchange))
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      if (method === 'HEAD') return void response.end()
      response.flushHeaders()
      const write = (text: string) => void (response.writableLength > unreadBytes ? response.destroy() : response.write(text))
      const off = engine.catalog.onChange(() => write(changed))
      const heart = setInterval(() => write(beat), settings.heartbeatMs)
      await ended(gone)
      clearInterval(heart)
      off()
      release?.()
      response.end()
    }
  }
}

const ended = (signal: AbortSignal): Promise<void> =>
  signal.aborted ? Promise.resolve() : new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
