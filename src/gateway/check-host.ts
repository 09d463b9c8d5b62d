/**
 * Against DNS rebinding, by which a page makes a browser reach a server on its own machine or network: the names in Host and Origin must
 * be ours. A page needs a name of its own for that, so an address, or a name that nobody can register, is no danger.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { RetrofitError } from '../core/errors.ts'
import { isListed } from './pages.ts'
import type { GatewaySettings } from './settings.ts'

type Names = Pick<GatewaySettings, 'host' | 'publicUrl' | 'mcpHosts'> & Partial<Pick<GatewaySettings, 'corsOrigins'>>

export type CheckHost = (request: { readonly headers: IncomingHttpHeaders; readonly url?: string | undefined }) => void

/** Old load balancers ask these in HTTP/1.0, which has no Host; a browser always sends one. */
const probes = /^\/(?:healthz|readyz)(?:\?|$)/

export function createCheckHost({ host, publicUrl, mcpHosts, corsOrigins = [] }: Names): CheckHost {
  const own = [host, ...mcpHosts, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])]
  const known = new Set(own.map(name => hostnameOf(name) ?? name.toLowerCase()))
  const suffixes = mcpHosts.filter(name => name.startsWith('*.')).map(name => name.slice(1).toLowerCase())
  const isOurs = (name: string): boolean => isLoopback(name) || known.has(name) || suffixes.some(suffix => name.endsWith(suffix))
  const isHarmless = isLoopback(hostnameOf(host) ?? host) ? () => false : nobodyCanRegister
  return ({ headers, url = '/' }) => {
    if (headers.host === undefined && headers.origin === undefined && probes.test(url)) return
    const asked = hostnameOf(headers.host ?? '')
    if (asked === undefined || !(isOurs(asked) || isHarmless(asked))) throw refused('Host', headers.host ?? '')
    if (headers.origin === undefined || isListed(corsOrigins, headers.origin)) return
    const page = hostnameOf(headers.origin.replace(/^https?:\/\//i, ''))
    // The page at /docs, by whatever address a person reached it.
    if (page === undefined || !(isOurs(page) || page === asked)) throw refused('Origin', headers.origin)
  }
}

/** In lower case and without a port; an IPv6 address in brackets. Undefined: nothing that a Host header may hold (RFC 9110, 7.2). */
function hostnameOf(text: string): string | undefined {
  const bracketed = isIP(text) === 6 ? `[${text}]` : text
  if (!/^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.test(bracketed) || !URL.canParse(`http://${bracketed}`)) return undefined
  return new URL(`http://${bracketed}`).hostname
}

const isLoopback = (name: string): boolean => name === 'localhost' || name === '[::1]' || (isIP(name) === 4 && name.startsWith('127.'))

/** An address; a name of one label, as Docker and Kubernetes give them; names that are kept for networks of one's own (RFC 6762, RFC 8375). */
const nobodyCanRegister = (name: string): boolean =>
  name.startsWith('[') ||
  isIP(name) !== 0 ||
  !name.includes('.') ||
  /\.(?:svc|cluster\.local|internal|local|localhost|home\.arpa)$/.test(name)

const refused = (header: string, value: string): RetrofitError =>
  new RetrofitError('origin_not_allowed', {
    detail: `${header} names ${JSON.stringify(value.slice(0, 100))}, which is none of this service's names.`
  })
