import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a server that a test can cut or clog. */
export interface TcpProxy {
  readonly port: number
  /** Resets every connection. */
  cut(): void
  /** Lets nothing through, and closes nothing. */
  pause(): void
  resume(): void
  close(): Promise<void>
}

/** `target`: asked for each new connection. */
export async function startProxy(target: number | (() => number)): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  let paused = false
  const track = (socket: Socket, other: Socket) => {
    sockets.add(socket)
    socket.on('data', chunk => other.write(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
    if (paused) socket.pause()
  }
  const server = createServer(client => {
    const upstream = connect(typeof target === 'number' ? target : target(), '127.0.0.1')
    track(client, upstream)
    track(upstream, client)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    port,
    cut,
    pause() {
      paused = true
      for (const socket of sockets) socket.pause()
    },
    resume() {
      paused = false
      for (const socket of sockets) socket.resume()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
