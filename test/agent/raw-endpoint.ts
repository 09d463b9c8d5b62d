/** An endpoint that writes its chunks as some real ones do, which no well-behaved model server would. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface RawEndpoint {
  readonly url: string
  readonly bodies: Record<string, unknown>[]
  close(): void
}

/** Each request gets the chunks of the next stream; `null` ends it as it should be, without one it just ends. */
export async function openRawEndpoint(...streams: readonly (readonly (object | null)[])[]): Promise<RawEndpoint> {
  const bodies: Record<string, unknown>[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    bodies.push(JSON.parse(text))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const chunk of streams[bodies.length - 1] ?? []) response.write(`data: ${chunk === null ? '[DONE]' : JSON.stringify(chunk)}\n\n`)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    close: () => {
      server.closeAllConnections()
      server.close()
    }
  }
}
