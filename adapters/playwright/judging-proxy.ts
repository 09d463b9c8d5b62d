/**
 * The way out of the pages of a bot that came over HTTP. A browser resolves names by itself, and one name may lead to a portal now and to
 * this machine a moment later: so it hands us the name (SOCKS 5, RFC 1928), and we connect to an address that we have judged. One for each
 * login, on loopback: whose connection it is, its port tells. Bots from files do without.
 */
import { lookup } from 'node:dns'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type LookupFunction, type Server, type Socket } from 'node:net'
import { type Destination, judgedLookup, type Reach, whyNotThere } from '../../src/index.ts'

export interface JudgingProxy {
  /** For the browser. */
  readonly server: string
  close(): void
}

interface Way {
  readonly reach: Reach
  /** Origins. */
  readonly egress: readonly string[]
}

const patienceMs = 15_000
const version = 5
/** RFC 1928, section 6. */
const replies = { succeeded: 0, notAllowed: 2, unreachable: 4, unknownCommand: 7, unknownAddress: 8 } as const
const reply = (code: number): Buffer => Buffer.from([version, code, 0, 1, 0, 0, 0, 0, 0, 0])

export async function openJudgingProxy(way: Way): Promise<JudgingProxy> {
  const sockets = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, client => {
    sockets.add(client)
    client.once('close', () => sockets.delete(client))
    serve(client, way).catch(() => client.destroy())
  })
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  // It keeps no process alive.
  server.unref()
  return {
    server: `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    }
  }
}

async function serve(client: Socket, way: Way): Promise<void> {
  const late = setTimeout(() => client.destroy(), patienceMs)
  client.on('error', () => client.destroy())
  const asked = await askedOf(client)
  const destination = typeof asked === 'number' ? undefined : destinationOf(asked, way)
  if (typeof asked === 'number' || destination === undefined || whyNotThere(destination) !== undefined) {
    clearTimeout(late)
    return void client.end(reply(typeof asked === 'number' ? asked : replies.notAllowed))
  }
  const target = connect({
    host: asked.host,
    port: asked.port,
    lookup: judgedLookup(lookup as LookupFunction, destination),
    allowHalfOpen: true,
    noDelay: true
  })
  client.once('close', () => target.destroy())
  target.once('close', () => client.destroy())
  target.once('error', error =>
    client.end(reply((error as NodeJS.ErrnoException).code === 'ERR_NOT_REACHABLE' ? replies.notAllowed : replies.unreachable))
  )
  await once(target, 'connect')
  clearTimeout(late)
  client.write(reply(replies.succeeded))
  client.pipe(target)
  target.pipe(client)
}

interface Asked {
  readonly host: string
  readonly port: number
}

/** The destination that the browser asks for; a number is the code of the refusal. */
async function askedOf(client: Socket): Promise<Asked | number> {
  const [, methods = 0] = await take(client, 2)
  await take(client, methods)
  client.write(Buffer.from([version, 0]))
  const [, command, , kind] = await take(client, 4)
  if (command !== 1) return replies.unknownCommand
  const host = await hostOf(client, kind)
  const port = (await take(client, 2)).readUInt16BE()
  return host === undefined ? replies.unknownAddress : { host, port }
}

async function hostOf(client: Socket, kind: number | undefined): Promise<string | undefined> {
  if (kind === 1) return (await take(client, 4)).join('.')
  if (kind === 3) return (await take(client, (await take(client, 1))[0] ?? 0)).toString('latin1')
  if (kind !== 4) return undefined
  const bytes = await take(client, 16)
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':')
}

/** The scheme is not told; two origins of one port differ in nothing else. */
function destinationOf({ host, port }: Asked, { reach, egress }: Way): Destination | undefined {
  const written = host.includes(':') ? `[${host}]` : host
  const origins = ['http', 'https'].map(scheme => new URL(`${scheme}://${written}:${port}`).origin)
  const origin = origins.find(each => egress.includes(each))
  return origin === undefined ? undefined : { origin, reach }
}

async function take(socket: Socket, bytes: number): Promise<Buffer> {
  if (bytes === 0) return Buffer.alloc(0)
  for (;;) {
    const got = socket.read(bytes) as Buffer | null
    if (got?.length === bytes) return got
    if (got !== null || socket.readableEnded || socket.destroyed) throw new Error('it ended in the middle of its words')
    await Promise.race([once(socket, 'readable'), once(socket, 'end'), once(socket, 'close')])
  }
}
