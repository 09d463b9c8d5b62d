/** The cookies of one login (RFC 6265). */
import { parseCookie } from 'undici'

export interface Jar {
  /** The Set-Cookie headers of an answer from there. */
  take(headers: readonly string[], from: URL): void
  /** The Cookie header of a request to there. */
  headerFor(to: URL): string | undefined
  /** Values that open something. */
  secrets(): readonly string[]
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly host: string
  /** Whether hosts below that one get it too. */
  readonly below: boolean
  readonly path: string
  readonly secure: boolean
  readonly until: number
}

const [mostCookies, longest] = [50, 4_096]
/** A shorter value is a language or a colour; an output may hold it. */
const secretFrom = 12

export function createJar(): Jar {
  const cookies = new Map<string, Cookie>()
  let secrets: readonly string[] = []
  return {
    take: (headers, from) => {
      for (const header of headers) keep(cookies, readCookie(header, from))
      if (headers.length > 0) secrets = [...cookies.values()].flatMap(({ value }) => (value.length < secretFrom ? [] : [value]))
    },
    headerFor: to => {
      const sent = [...cookies.values()].filter(cookie => goesTo(cookie, to)).sort((a, b) => b.path.length - a.path.length)
      return sent.length === 0 ? undefined : sent.map(({ name, value }) => `${name}=${value}`).join('; ')
    },
    secrets: () => secrets
  }
}

function keep(cookies: Map<string, Cookie>, cookie: Cookie | undefined): void {
  if (cookie === undefined) return
  const name = `${cookie.host} ${cookie.path} ${cookie.name}`
  if (cookie.until <= Date.now()) cookies.delete(name)
  else if (cookies.has(name) || cookies.size < mostCookies) cookies.set(name, cookie)
}

/** Section 5.3; undefined where it is none, or is for another host. */
function readCookie(header: string, { hostname, pathname }: URL): Cookie | undefined {
  const read = header.length > longest ? null : parseCookie(header)
  if (read === null || !/^[\x21-\x3a\x3c\x3e-\x7e]+$/.test(read.name) || !/^[\x20-\x3a\x3c-\x7e]*$/.test(read.value)) return undefined
  const domain = (read.domain ?? '').replace(/^\./, '').toLowerCase()
  if (domain !== '' && domain !== hostname && !(domain.includes('.') && isBelow(hostname, domain))) return undefined
  const expires = read.expires === undefined ? Number.POSITIVE_INFINITY : new Date(read.expires).getTime()
  return {
    name: read.name,
    value: read.value,
    host: domain === '' ? hostname : domain,
    below: domain !== '',
    path: read.path?.startsWith('/') === true ? read.path : pathname.replace(/\/[^/]*$/, '') || '/',
    secure: read.secure === true,
    until: read.maxAge === undefined ? expires : Date.now() + read.maxAge * 1_000
  }
}

const isBelow = (host: string, domain: string): boolean => host.endsWith(`.${domain}`) && !/^[\d.]+$|:/.test(host)

function goesTo({ host, below, path, secure, until }: Cookie, { hostname, pathname, protocol }: URL): boolean {
  const isThere = hostname === host || (below && isBelow(hostname, host))
  const isUnder = pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
  return isThere && isUnder && (!secure || protocol === 'https:') && until > Date.now()
}
