/** An HTTP answer that is no SOAP message, in plain words, and who can do what about it. */
import type { Answer } from './http.ts'
import { type AuthName, auths } from './security/auth.ts'

/** The meaning of a status for a POST with a SOAP message in it. */
const meanings: Readonly<Record<number, string>> = {
  404: 'there is no service at this address',
  405: 'this address takes no POST: it is not that of the service',
  406: 'it gives no answer of this kind',
  407: 'a proxy on the way wants a login',
  411: 'it wants a length that was sent',
  413: 'the request is too large for it',
  415: 'it does not take this content type: it may want the other version of SOAP (target.soap)',
  426: 'it wants another protocol: its address may begin with https',
  429: 'it takes no more requests for now',
  502: 'what stands before it does not reach it',
  503: 'it is out of service',
  504: 'what stands before it got no answer from it'
}

/** A path that holds nothing else. */
const plainPath = /^[\w/.~-]{1,100}$/

function sayRedirect({ status, location = '' }: Answer): string {
  const path = location.split(/[?#]/, 1)[0] ?? ''
  const where = URL.canParse(location) ? new URL(location).origin : plainPath.test(path) ? path : ''
  const told = where === '' ? '' : ` to ${where}`
  return `HTTP ${status}, a redirect${told}: redirects are never followed, as a second request would be a second call; write the address of the service itself into target.url`
}

/** RFC 9110, section 11.6.1: each challenge begins with the name of its scheme, which no `=` follows. */
export function schemesOf(authenticate: string | undefined): readonly string[] {
  const bare = (authenticate ?? '').slice(0, 2_000).replace(/"(?:\\.|[^"\\])*"/g, '""')
  const names = bare.split(',').flatMap(part => /^\s*([A-Za-z][\w-]{0,30})(?=\s+[^\s=]|\s*$)/.exec(part)?.[1] ?? [])
  return [...new Set(names)].slice(0, 6)
}

function sayLogin({ status, challenges }: Answer, auth: AuthName): string {
  const known = Object.keys(auths).filter(name => name !== 'none')
  const sent = auth === 'none' ? 'none was sent' : `${auth} was sent`
  const schemes = schemesOf(challenges.join(', '))
  const usable = schemes.map(scheme => scheme.toLowerCase()).filter(scheme => known.includes(scheme))
  const wanted = schemes.length === 0 ? '' : `, it offers ${schemes.join(', ')}`
  // OAuth tokens are sent as Bearer tokens are.
  const own = auth === 'oauth' ? 'bearer' : auth
  const other = usable.filter(scheme => scheme !== own)
  const next =
    schemes.length === 0 || usable.includes(own)
      ? ''
      : other.length > 0
        ? `: write auth: ${other.join(' or ')} into target`
        : `: target.auth can be ${known.join(' or ')}`
  return `HTTP ${status}: it refused the login (${sent}${wanted})${next}`
}

export function sayStatus(answer: Answer, auth: AuthName): string {
  const { status } = answer
  if (status === 401) return sayLogin(answer, auth)
  if (status === 403) return `HTTP 403: it refused the login, or what this login may do`
  if (status < 400) return sayRedirect(answer)
  const meaning = meanings[status]
  return `HTTP ${status} without a SOAP message${meaning === undefined ? '' : `: ${meaning}`}`
}

/** Where a redirect leads, and what a page in place of a message calls itself: the target's own words. */
export function wordsOf(answer: Answer): string | undefined {
  const { status, location } = answer
  const to = status >= 300 && status < 400 && location !== undefined ? `Location: ${location.split(/[?#]/, 1)[0]}` : undefined
  const title = titleOf(answer)
  const all = [to, title].filter(text => text !== undefined)
  return all.length === 0 ? undefined : all.join('; ')
}

function titleOf({ contentType, body }: Answer): string | undefined {
  const start = body.toString('utf8', 0, 4_096)
  if (!/html/i.test(contentType) && !/^\s*<(!doctype html|html)/i.test(start)) return undefined
  return /<title[^>]*>([^<]{1,200})/i.exec(start)?.[1]?.replace(/\s+/g, ' ').trim() || undefined
}

/** The fault in an answer that says it went well. */
export const sayContent = ({ body, broken, status }: Answer, why: string): string =>
  body.length === 0 && broken === undefined ? `it is empty (HTTP ${status})` : why

export const pageHint =
  'An HTML page in place of SOAP is a login, an error or a proxy: an operator has to look at target.url and at the credentials; do not retry.'
