/** A target that answers every request with what the test says. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface RawServer {
  readonly url: string
  readonly seen: { readonly body: string; readonly headers: IncomingHttpHeaders; readonly socket: Socket }[]
  answer: (response: ServerResponse, body: string) => void
  close(): Promise<void>
}

export async function startRawServer(): Promise<RawServer> {
  const http = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    server.seen.push({ body, headers: request.headers, socket: request.socket })
    server.answer(response, body)
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const server: RawServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/soap`,
    seen: [],
    answer: response => void response.end(),
    close: () => {
      http.closeAllConnections()
      return new Promise(resolve => http.close(() => resolve()))
    }
  }
  return server
}

export const envelope = (body: string, uri = 'http://schemas.xmlsoap.org/soap/envelope/'): string =>
  `<?xml version="1.0"?><e:Envelope xmlns:e="${uri}"><e:Body>${body}</e:Body></e:Envelope>`

export const xml =
  (text: string | Buffer, status = 200, headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'text/xml; charset=utf-8', ...headers }).end(text)
