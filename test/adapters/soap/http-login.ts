/** Targets that want HTTP Digest or NTLM, and look at what they get as the standards say. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { md4 } from '../../../adapters/soap/access/md4.ts'
import { envelope } from './raw-server.ts'

export interface LoginServer {
  readonly url: string
  /** What each request was: its kind, and the bytes of its body. */
  readonly seen: { readonly what: string; readonly bytes: number; readonly action: string | undefined; readonly socket: Socket }[]
  close(): Promise<void>
}

type Judge = (request: IncomingMessage, body: Buffer) => { readonly what: string; readonly challenge?: readonly string[] }

async function start(judge: Judge): Promise<LoginServer> {
  const seen: LoginServer['seen'] = []
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    const { what, challenge } = judge(request, body)
    seen.push({ what, bytes: body.length, action: request.headers.soapaction as string | undefined, socket: request.socket })
    answer(response, challenge)
  })
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/soap?a=1`,
    seen,
    close: () => {
      http.closeAllConnections()
      return new Promise(resolve => http.close(() => resolve()))
    }
  }
}

function answer(response: ServerResponse, challenge: readonly string[] | undefined): void {
  if (challenge !== undefined) return void response.writeHead(401, { 'www-authenticate': [...challenge] }).end('<html>401</html>')
  const name = 'read'
  response.writeHead(200, { 'content-type': 'text/xml' })
  response.end(envelope(`<r:${name}Response xmlns:r="urn:crm"><r:name>done</r:name></r:${name}Response>`))
}

export interface DigestOptions {
  readonly algorithm?: string
  readonly qop?: string
  /** How often one nonce may be used. */
  readonly uses?: number
}

const hashes: Readonly<Record<string, string>> = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' }

export async function startDigest(
  password: string,
  { algorithm = 'MD5', qop = 'auth', uses = 100 }: DigestOptions = {}
): Promise<LoginServer> {
  const nonces = new Map<string, number>()
  const hash = (text: string | Buffer) =>
    createHash(hashes[algorithm.replace('-sess', '')] ?? '')
      .update(text)
      .digest('hex')
  const fresh = (stale: boolean): readonly string[] => {
    const nonce = randomBytes(8).toString('hex')
    nonces.set(nonce, 0)
    const named = qop === '' ? '' : `, qop="${qop}"`
    return [
      'Basic realm="x"',
      `Digest realm="a, \\"b\\"", nonce="${nonce}", opaque="o=1"${named}, algorithm=${algorithm}${stale ? ', stale=true' : ''}`
    ]
  }
  return start((request, body) => {
    const header = request.headers.authorization ?? ''
    if (!header.startsWith('Digest ')) return { what: 'none', challenge: fresh(false) }
    const field = (name: string) =>
      new RegExp(`[ ,]${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^",]+))`)
        .exec(header)
        ?.slice(1)
        .find(each => each !== undefined) ?? ''
    const count = (nonces.get(field('nonce')) ?? uses) + 1
    if (count > uses) return { what: 'stale', challenge: fresh(true) }
    nonces.set(field('nonce'), count)
    const login = hash(`svc:a, "b":${password}`)
    const key = algorithm.endsWith('-sess') ? hash(`${login}:${field('nonce')}:${field('cnonce')}`) : login
    const asked = hash(field('qop') === 'auth-int' ? `POST:${request.url}:${hash(body)}` : `POST:${request.url}`)
    const middle = qop === '' ? '' : `${field('nc')}:${field('cnonce')}:${field('qop')}:`
    const isGood = field('response') === hash(`${key}:${field('nonce')}:${middle}${asked}`) && field('uri') === request.url
    const isCounted = qop === '' || Number.parseInt(field('nc'), 16) === count
    return isGood && isCounted ? { what: 'good' } : { what: 'bad', challenge: fresh(false) }
  })
}

const utf16 = (text: string) => Buffer.from(text, 'utf16le')
const hmac = (key: Buffer, data: Buffer) => createHmac('md5', key).update(data).digest()

/** The challenge belongs to the connection. */
export async function startNtlm(password: string): Promise<LoginServer> {
  const challenges = new WeakMap<Socket, Buffer>()
  return start(request => {
    const token = Buffer.from(/^NTLM (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '', 'base64')
    if (token.length < 12) return { what: 'none', challenge: ['Negotiate', 'NTLM'] }
    if (token.readUInt32LE(8) === 1) {
      const challenge = randomBytes(8)
      challenges.set(request.socket, challenge)
      return { what: 'start', challenge: [`NTLM ${challengeMessage(challenge).toString('base64')}`] }
    }
    const challenge = challenges.get(request.socket)
    challenges.delete(request.socket)
    return challenge !== undefined && isProof(token, { challenge, password }) ? { what: 'good' } : { what: 'bad', challenge: ['NTLM'] }
  })
}

function challengeMessage(challenge: Buffer): Buffer {
  const head = Buffer.alloc(48)
  head.write('NTLMSSP\0', 'latin1')
  head.writeUInt32LE(2, 8)
  head.writeUInt32LE(0x888205, 20)
  challenge.copy(head, 24)
  const domain = utf16('BANK')
  const info = Buffer.concat([
    Buffer.from([2, 0, domain.length, 0]),
    domain,
    Buffer.from([7, 0, 8, 0]),
    Buffer.alloc(8, 3),
    Buffer.alloc(4)
  ])
  head.writeUInt16LE(info.length, 40)
  head.writeUInt16LE(info.length, 42)
  head.writeUInt32LE(48, 44)
  return Buffer.concat([head, info])
}

function isProof(message: Buffer, { challenge, password }: { challenge: Buffer; password: string }): boolean {
  const field = (at: number) => message.subarray(message.readUInt32LE(at + 4), message.readUInt32LE(at + 4) + message.readUInt16LE(at))
  const [proof, domain, user] = [field(20), field(28).toString('utf16le'), field(36).toString('utf16le')]
  const hash = md4(utf16(password))
  const key = hmac(hash, utf16(user.toUpperCase() + domain))
  return user === 'svc' && domain === 'BANK' && hmac(key, Buffer.concat([challenge, proof.subarray(16)])).equals(proof.subarray(0, 16))
}
