import { createServer } from 'node:net'
import { promisify } from 'node:util'

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await promisify(server.close.bind(server))()
  return port
}
