/** WS-Security UsernameToken Profile 1.1, section 3.1. */
import { createHash, randomBytes } from 'node:crypto'
import { type Call, escapeText } from '../../../src/index.ts'
import { legalText } from '../write-scalar.ts'
import { memberOf, unusable } from './member.ts'
import { partIds } from './parts.ts'
import type { UsernameTokenKeys } from './shape.ts'
import { base64Binary, passwordTypes } from './uris.ts'

/** Base64(SHA-1(nonce + created + password)). The profile knows no other digest. */
export const passwordDigest = (nonce: Buffer, created: string, password: string): string =>
  createHash('sha1').update(nonce).update(created).update(password, 'utf8').digest('base64')

function legal(credentials: Call['credentials'], name: string, use: string): string {
  const text = memberOf(credentials, name, use)
  try {
    return legalText(text, name)
  } catch {
    throw unusable(`have a ${name} with a character that XML can not carry`)
  }
}

export function usernameToken({ password, nonce: withNonce }: UsernameTokenKeys, { credentials }: Call, created: string): string {
  const nonce = randomBytes(16)
  const fresh = `<wsse:Nonce EncodingType="${base64Binary}">${nonce.toString('base64')}</wsse:Nonce><wsu:Created>${created}</wsu:Created>`
  const username = escapeText(legal(credentials, 'username', 'the name of the login'))
  const secret = password === 'none' ? '' : legal(credentials, 'password', 'the password of the login')
  const said = {
    none: () => '',
    text: () => `<wsse:Password Type="${passwordTypes.text}">${escapeText(secret)}</wsse:Password>`,
    digest: () => `<wsse:Password Type="${passwordTypes.digest}">${passwordDigest(nonce, created, secret)}</wsse:Password>`
  }[password]()
  const rest = withNonce || password === 'digest' ? fresh : ''
  return `<wsse:UsernameToken wsu:Id="${partIds.usernameToken}"><wsse:Username>${username}</wsse:Username>${said}${rest}</wsse:UsernameToken>`
}
