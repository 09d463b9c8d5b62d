/** GET /mcp: the stream on which a client of 2025 is told that its tools have changed. It needs no session: any gateway tells the same. */
import { farewell, openEventStream } from '../event-stream.ts'
import { callerOf, goneSignal } from '../exchange.ts'
import type { Handle } from '../router.ts'
import type { McpDoor } from './door.ts'
import { watchList } from './watch-list.ts'

const changed = `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })}\n\n`
const beat = ': still there\n\n'
/** A reader that lets more than this pile up is cut off. */
const unreadBytes = 65_536

export function changesOperation(door: McpDoor): Record<'listenMcp', Handle> {
  const { engine, settings, ...staying } = door
  return {
    async listenMcp(exchange) {
      const { response, method } = exchange
      if (method === 'HEAD') return void response.writeHead(200, { 'content-type': 'text/event-stream' }).end()
      const caller = callerOf(exchange)
      const signal = goneSignal(exchange, staying)
      const release = await engine.stream(caller)
      const write = openEventStream(response, unreadBytes)
      const off = watchList(door, { caller, tell: () => write(changed) })
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
