/** HTTP Digest (RFC 7616). */
import { createHash, randomBytes } from 'node:crypto'
import type { Call } from '../../../src/index.ts'
import type { Post } from '../http.ts'
import { memberOf, unusable } from '../security/member.ts'
import type { Challenge } from './challenges.ts'

/** A challenge, and how often it was answered. */
export interface Nonce {
  readonly params: ReadonlyMap<string, string>
  readonly hash: string
  readonly session: boolean
  /** Undefined: that of RFC 2069, which knows none. */
  readonly qop: 'auth' | 'auth-int' | undefined
  /** One for all requests: the key of a session holds it. */
  readonly cnonce: string
  count: number
}

/** By the names of the standard, from the best on. */
const hashes: readonly (readonly [string, string])[] = [
  ['SHA-512-256', 'sha512-256'],
  ['SHA-256', 'sha256'],
  ['MD5', 'md5']
]

/** The best that it offers and we know. */
export function chooseDigest(challenges: readonly Challenge[]): Nonce | undefined {
  const offered = challenges.filter(({ scheme, params }) => scheme === 'digest' && params.has('nonce') && params.has('realm'))
  for (const [name, hash] of hashes)
    for (const { params } of offered) {
      const [algorithm, session] = algorithmOf(params)
      const qop = qopOf(params.get('qop'))
      if (algorithm === name && qop !== 'none') return { params, hash, session, qop, cnonce: randomBytes(16).toString('hex'), count: 0 }
    }
  return undefined
}

function algorithmOf(params: ReadonlyMap<string, string>): readonly [name: string, session: boolean] {
  const algorithm = (params.get('algorithm') ?? 'MD5').toUpperCase()
  return algorithm.endsWith('-SESS') ? [algorithm.slice(0, -5), true] : [algorithm, false]
}

function qopOf(offered: string | undefined): Nonce['qop'] | 'none' {
  if (offered === undefined || offered.trim() === '') return undefined
  const all = offered.split(',').map(each => each.trim().toLowerCase())
  return (['auth', 'auth-int'] as const).find(each => all.includes(each)) ?? 'none'
}

type Signed = Pick<Post, 'path' | 'body'> & { readonly method?: string }

/** The Authorization header of a request, a POST. Counts. */
export function digestHeader(nonce: Nonce, { path, body, method = 'POST' }: Signed, credentials: Call['credentials']): string {
  const username = memberOf(credentials, 'username', 'the name of the login')
  const password = memberOf(credentials, 'password', 'the password of the login')
  const { params, qop, cnonce } = nonce
  nonce.count += 1
  const nc = nonce.count.toString(16).padStart(8, '0')
  const realm = params.get('realm') ?? ''
  const response = responseOf(nonce, { username, password, nc, path, body, method })
  const quoted = { realm, nonce: params.get('nonce'), uri: path, response, opaque: params.get('opaque') }
  const plain = { algorithm: params.get('algorithm'), ...(qop === undefined ? {} : { qop, nc }) }
  const isHashed = params.get('userhash')?.toLowerCase() === 'true'
  const parts = [
    isHashed ? `username="${hashOf(nonce, `${username}:${realm}`)}", userhash=true` : usernameOf(username),
    ...Object.entries(quoted).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quote(value)}`])),
    ...Object.entries(plain).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
    ...(qop === undefined && !nonce.session ? [] : [`cnonce="${cnonce}"`])
  ]
  return `Digest ${parts.join(', ')}`
}

interface Answering {
  readonly username: string
  readonly password: string
  readonly nc: string
  readonly method: string
  readonly path: string
  readonly body: Buffer
}

/** Sections 3.4.1 to 3.4.3. */
function responseOf(by: Nonce, { username, password, nc, path, body, method }: Answering): string {
  const { params, session, qop, cnonce } = by
  const nonce = params.get('nonce') ?? ''
  const login = hashOf(by, `${username}:${params.get('realm') ?? ''}:${password}`)
  const key = session ? hashOf(by, `${login}:${nonce}:${cnonce}`) : login
  const request = hashOf(by, qop === 'auth-int' ? `${method}:${path}:${hashOf(by, body)}` : `${method}:${path}`)
  return hashOf(by, qop === undefined ? `${key}:${nonce}:${request}` : `${key}:${nonce}:${nc}:${cnonce}:${qop}:${request}`)
}

const hashOf = ({ hash }: Nonce, text: string | Buffer): string => createHash(hash).update(text).digest('hex')

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** Section 3.4: a name that ASCII can not write is sent in the form of RFC 8187. */
function usernameOf(username: string): string {
  if (/\p{Cc}/u.test(username)) throw unusable('have a username with a control character')
  return /^[\x20-\x7e]+$/.test(username) ? `username=${quote(username)}` : `username*=UTF-8''${extended(username)}`
}

const extended = (text: string): string =>
  encodeURIComponent(text).replace(/['()*]/g, each => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
