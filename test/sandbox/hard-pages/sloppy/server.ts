/** Answers each request with the bytes that its path stands for, and notes it. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Answer } from './answers.ts'

export interface SloppyServer {
  readonly url: string
  /** Paths, decoded. */
  readonly requests: string[]
  close(): Promise<void>
}

export async function startSloppyServer(answerOf: (path: string, method: string) => Answer | undefined): Promise<SloppyServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    let sent = ''
    socket.on('data', piece => {
      sent += piece.toString('latin1')
      const request = requestOf(sent)
      if (request === undefined) return
      sent = ''
      requests.push(request.path)
      reply(socket, answerOf(request.path, request.method))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise(resolve => server.close(() => resolve()))
    }
  }
}

/** Undefined: not all of it is there. */
function requestOf(sent: string): { readonly method: string; readonly path: string } | undefined {
  const end = sent.indexOf('\r\n\r\n')
  if (end === -1 || sent.length < end + 4 + Number(/content-length: (\d+)/i.exec(sent)?.[1] ?? 0)) return undefined
  const [, method = '', path = ''] = /^(\w+) (\S+)/.exec(sent) ?? []
  return { method, path: path.replace(/%([2-7]\w)/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16))) }
}

function reply(socket: Socket, answer: Answer | undefined): void {
  const { bytes, afterwards } = answer ?? { bytes: Buffer.from('HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n') }
  if (afterwards === 'stay') socket.write(bytes)
  else if (afterwards === 'reset') socket.write(bytes, () => socket.resetAndDestroy())
  else socket.end(bytes)
}
