/** The wsse:Security header of a request (WS-Security 1.1, section 5). */
import { type Call, durationMs, escapeAttribute } from '../../../src/index.ts'
import type { Version } from '../envelope.ts'
import type { SecurityKeys } from './shape.ts'
import { wsse, wsu } from './uris.ts'
import { usernameToken } from './username-token.ts'

export type SecurityPlan = SecurityKeys

const actorAttribute: Readonly<Record<Version, string>> = { '1.1': 'actor', '1.2': 'role' }

export function securityHeader(
  { actor, mustUnderstand, timestamp, usernameToken: token }: SecurityPlan,
  version: Version,
  call: Call
): string {
  const now = Date.now()
  const created = new Date(now).toISOString()
  const understood = mustUnderstand ? ' soapenv:mustUnderstand="1"' : ''
  const addressee = actor === undefined ? '' : ` soapenv:${actorAttribute[version]}="${escapeAttribute(actor)}"`
  const tokens = [
    timestamp === undefined ? '' : timestampOf(created, now + durationMs(timestamp)),
    token === undefined ? '' : usernameToken(token, call, created)
  ]
  return `<wsse:Security xmlns:wsse="${wsse}" xmlns:wsu="${wsu}"${understood}${addressee}>${tokens.join('')}</wsse:Security>`
}

const timestampOf = (created: string, expiresAt: number): string =>
  `<wsu:Timestamp wsu:Id="Timestamp"><wsu:Created>${created}</wsu:Created><wsu:Expires>${new Date(expiresAt).toISOString()}</wsu:Expires></wsu:Timestamp>`
