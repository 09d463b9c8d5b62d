/** Mistakes in how a manifest wants its target secured. */
import type { ActionSource } from '../../../src/index.ts'
import type { TargetKeys } from '../shape.ts'
import { authNeeds } from './auth.ts'

export function checkTargetSecurity({ auth, tls, security, addressing, login, oauth }: TargetKeys, { target, issue }: ActionSource): void {
  const needing: [string, string][] = []
  if (auth !== 'none') needing.push(['auth', authNeeds[auth]])
  if (login !== undefined) needing.push(['login', 'what it sends'])
  if (tls !== undefined) needing.push(['tls', 'the texts that it names'])
  if (security?.usernameToken !== undefined) needing.push(['security', authNeeds.basic])
  else if (security?.sign !== undefined || security?.verify !== undefined) needing.push(['security', 'the texts that it names'])
  if (security?.verify?.parts.includes('relatesTo') && addressing === undefined)
    issue(['target', 'security', 'verify', 'parts'], 'needs target.addressing for relatesTo')
  if (auth === 'oauth' && oauth === undefined) issue(['target', 'auth'], 'needs target.oauth: { tokenUrl: … }')
  if (auth !== 'oauth' && oauth !== undefined) issue(['target', 'oauth'], 'does nothing without auth: oauth')
  if (target.credentials === undefined)
    for (const [key, needs] of needing) issue(['target', key], `needs credentials: name them in target.credentials, with ${needs} in them`)
  if (tls !== undefined && typeof target.url === 'string' && /^http:/i.test(target.url))
    issue(['target', 'tls'], 'needs a target.url that starts with https://')
}
