/** A small site for one test file: pages by path, and a record of every request. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export type Page = string | ((request: IncomingMessage, response: ServerResponse, body: string) => string | undefined)

export interface Site {
  readonly url: string
  readonly requests: string[]
  readonly pages: Record<string, Page>
  close(): Promise<void>
}

export async function startSite(pages: Record<string, Page>): Promise<Site> {
  const requests: string[] = []
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://site').pathname
    requests.push(`${request.method} ${path}`)
    let body = ''
    for await (const chunk of request.setEncoding('latin1')) body += chunk
    const page = pages[path]
    const text = typeof page === 'function' ? page(request, response, body) : page
    if (response.writableEnded || text === undefined) return page === undefined ? void response.writeHead(404).end() : undefined
    response
      .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      .end(`<!doctype html><meta charset=utf-8><title>Site</title>${text}`)
  })
  server.on('upgrade', (request, socket) => {
    requests.push(`UPGRADE ${request.url}`)
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    requests,
    pages,
    close: async () => {
      const closed = new Promise<void>(resolve => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    }
  }
}
