import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below what Linux and macOS give to outgoing connections: one of these would take the port of a server that is down for a moment. */
const [lowest, highest] = [10_000, 32_000]
/** Nor is a port given away twice: whoever has it may be down for a moment too. */
const given = new Set<number>()

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (given.has(port)) continue
    given.add(port)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
}
