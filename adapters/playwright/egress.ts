/**
 * Which origins a page can reach. Everything else is sent to a proxy that does not exist: the browser's own proxy rules
 * hold for navigations, subresources, redirects, fetch, windows and WebSockets, and cost nothing per request.
 */
export const deadProxy = 'egress.invalid'

/** The name of the dead proxy is never looked up. */
export const egressFlags: readonly string[] = [
  `--host-resolver-rules=MAP ${deadProxy} ~NOTFOUND`,
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--disable-quic',
  '--dns-prefetch-disable'
]

interface Way {
  readonly url: string
  readonly egress: readonly string[]
  /** Which of them the browser may connect to by itself; absent: all. The others go through `server`. */
  readonly direct?: readonly string[] | undefined
  /** Absent: the dead one. */
  readonly server?: string | undefined
}

export function egressProxy({ url, egress, direct, server = `http://${deadProxy}:1` }: Way): { server: string; bypass: string } {
  const passed = [...originsOf(url, egress)].filter(origin => direct?.includes(origin) ?? true)
  const rules = passed.flatMap(origin => [withPort(origin), withPort(origin).replace(/^http/, 'ws')])
  return { server, bypass: rules.join(',') }
}

export const originsOf = (url: string, egress: readonly string[]): ReadonlySet<string> =>
  new Set([url, ...egress].map(each => new URL(each).origin))

/** For what does not leave through the browser and its proxy rules. */
export const isInEgress = ({ origin }: URL, target: { readonly url: string; readonly egress: readonly string[] }): boolean =>
  originsOf(target.url, target.egress).has(origin)

/** A rule without a port would let every port through. */
function withPort(origin: string): string {
  const { protocol, hostname, port } = new URL(origin)
  return `${protocol}//${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
}
