/** NTLM version 2 (MS-NLMP): the three messages of a login that belongs to one connection. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Call } from '../../../src/index.ts'
import { memberOf } from '../security/member.ts'
import { md4 } from './md4.ts'

const signature = Buffer.from('NTLMSSP\0', 'latin1')
/** Section 2.2.2.5: UNICODE, REQUEST_TARGET, NTLM, ALWAYS_SIGN, EXTENDED_SESSIONSECURITY, TARGET_INFO. */
const flags = { unicode: 0x1, requestTarget: 0x4, ntlm: 0x200, alwaysSign: 0x8000, extended: 0x80000, targetInfo: 0x800000 } as const
const wanted = Object.values(flags).reduce((all, flag) => all | flag, 0)

/** NEGOTIATE_MESSAGE, section 2.2.1.1. */
export function startNtlm(): Buffer {
  const message = Buffer.alloc(32)
  signature.copy(message)
  message.writeUInt32LE(1, 8)
  message.writeUInt32LE(wanted, 12)
  return message
}

export interface NtlmChallenge {
  readonly flags: number
  readonly server: Buffer
  /** AV_PAIRs. */
  readonly info: Buffer
}

/** CHALLENGE_MESSAGE, section 2.2.1.2; undefined where there is none that can be read. */
export function ntlmChallenge(headers: readonly string[]): NtlmChallenge | undefined {
  const [token] = headers.flatMap(header => /(?:^|,)\s*NTLM\s+([A-Za-z0-9+/]+=*)/i.exec(header)?.[1] ?? [])
  const message = Buffer.from(token ?? '', 'base64')
  if (message.length < 48 || !message.subarray(0, 8).equals(signature) || message.readUInt32LE(8) !== 2) return undefined
  const [length, at] = [message.readUInt16LE(40), message.readUInt32LE(44)]
  if (at + length > message.length) return undefined
  return { flags: message.readUInt32LE(20), server: message.subarray(24, 32), info: message.subarray(at, at + length) }
}

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le')
const hmac = (key: Buffer, ...data: readonly Buffer[]): Buffer => createHmac('md5', key).update(Buffer.concat(data)).digest()

/** NTOWFv2, section 3.3.2. */
export const ntlmKey = ({ user, domain, password }: NtlmLogin): Buffer => hmac(md4(utf16(password)), utf16(user.toUpperCase() + domain))

export interface NtlmLogin {
  readonly user: string
  readonly domain: string
  readonly password: string
}

interface Proving {
  readonly login: NtlmLogin
  readonly challenge: Pick<NtlmChallenge, 'server' | 'info'>
  readonly client: Buffer
  /** As FILETIME. */
  readonly time: Buffer
}

/** NtChallengeResponse and LmChallengeResponse, section 3.3.2. A target that tells its time wants no LM response (section 3.1.5.1.2). */
export function ntlmProof({ login, challenge: { server, info }, client, time }: Proving): { readonly nt: Buffer; readonly lm: Buffer } {
  const key = ntlmKey(login)
  const blob = Buffer.concat([Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]), time, client, Buffer.alloc(4), info, Buffer.alloc(4)])
  const nt = Buffer.concat([hmac(key, server, blob), blob])
  const lm = pairOf(info, avTimestamp) === undefined ? Buffer.concat([hmac(key, server, client), client]) : Buffer.alloc(24)
  return { nt, lm }
}

/** AUTHENTICATE_MESSAGE, section 2.2.1.3, for `username` (as DOMAIN\user, or with a `domain` beside it) and `password`. */
export function ntlmResponse(challenge: NtlmChallenge, credentials: Call['credentials'], endpoint: URL): Buffer {
  const login = loginOf(credentials)
  const info = withTarget(challenge.info, endpoint.hostname)
  const time = pairOf(challenge.info, avTimestamp) ?? now()
  const { nt, lm } = ntlmProof({ login, challenge: { ...challenge, info }, client: randomBytes(8), time })
  const fields = [lm, nt, utf16(login.domain), utf16(login.user), utf16(''), Buffer.alloc(0)]
  const head = Buffer.alloc(64)
  signature.copy(head)
  head.writeUInt32LE(3, 8)
  let at = head.length
  for (const [index, field] of fields.entries()) {
    head.writeUInt16LE(field.length, 12 + index * 8)
    head.writeUInt16LE(field.length, 14 + index * 8)
    head.writeUInt32LE(at, 16 + index * 8)
    at += field.length
  }
  head.writeUInt32LE((challenge.flags & wanted) | flags.unicode, 60)
  return Buffer.concat([head, ...fields])
}

export function loginOf(credentials: Call['credentials']): NtlmLogin {
  const username = memberOf(credentials, 'username', 'the name of the login')
  const password = memberOf(credentials, 'password', 'the password of the login')
  const [, domain, user] = /^([^\\]+)\\(.+)$/s.exec(username) ?? []
  return { user: user ?? username, domain: domain ?? credentials.domain ?? '', password }
}

const [avEnd, avTimestamp, avTargetName] = [0, 7, 9]

function pairOf(info: Buffer, wantedId: number): Buffer | undefined {
  for (let at = 0; at + 4 <= info.length; ) {
    const [id, length] = [info.readUInt16LE(at), info.readUInt16LE(at + 2)]
    if (id === avEnd) return undefined
    if (id === wantedId) return info.subarray(at + 4, at + 4 + length)
    at += 4 + length
  }
  return undefined
}

/** MsvAvTargetName: for which service the login is meant. */
function withTarget(info: Buffer, host: string): Buffer {
  const name = utf16(`HTTP/${host}`)
  const pair = Buffer.alloc(4)
  pair.writeUInt16LE(avTargetName, 0)
  pair.writeUInt16LE(name.length, 2)
  const end = info.length >= 4 && info.readUInt32LE(info.length - 4) === 0 ? info.length - 4 : info.length
  return Buffer.concat([info.subarray(0, end), pair, name, Buffer.alloc(4)])
}

/** In tenths of a microsecond since 1601. */
function now(): Buffer {
  const time = Buffer.alloc(8)
  time.writeBigUInt64LE((BigInt(Date.now()) + 11_644_473_600_000n) * 10_000n)
  return time
}
