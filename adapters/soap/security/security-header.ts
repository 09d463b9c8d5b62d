/** The wsse:Security header of a request (WS-Security 1.1, section 5). */
import { type Call, durationMs, escapeAttribute } from '../../../src/index.ts'
import type { Version } from '../envelope.ts'
import { keyInfos } from './key-info.ts'
import type { SigningKey } from './keys.ts'
import { partIds } from './parts.ts'
import type { SecurityKeys } from './shape.ts'
import { wsse, wsu } from './uris.ts'
import { usernameToken } from './username-token.ts'

interface Sending {
  readonly version: Version
  readonly call: Call
  readonly key: SigningKey | undefined
  readonly now: number
}

const actorAttribute: Readonly<Record<Version, string>> = { '1.1': 'actor', '1.2': 'role' }

/** '' when there is nothing to say. */
export function securityHeader(keys: SecurityKeys, { version, call, key, now }: Sending): string {
  const { actor, mustUnderstand, timestamp, usernameToken: token, sign } = keys
  const created = new Date(now).toISOString()
  const tokens = [
    timestamp === undefined ? '' : timestampOf(created, new Date(now + durationMs(timestamp)).toISOString()),
    sign === undefined || key === undefined ? '' : keyInfos[sign.keyInfo](key.certificate).tokens,
    token === undefined ? '' : usernameToken(token, call, created)
  ].join('')
  if (tokens === '' && sign === undefined) return ''
  const understood = mustUnderstand ? ' soapenv:mustUnderstand="1"' : ''
  const addressee = actor === undefined ? '' : ` soapenv:${actorAttribute[version]}="${escapeAttribute(actor)}"`
  return `<wsse:Security xmlns:wsse="${wsse}" xmlns:wsu="${wsu}"${understood}${addressee}>${tokens}</wsse:Security>`
}

const timestampOf = (created: string, expires: string): string =>
  `<wsu:Timestamp wsu:Id="${partIds.timestamp}"><wsu:Created>${created}</wsu:Created><wsu:Expires>${expires}</wsu:Expires></wsu:Timestamp>`
