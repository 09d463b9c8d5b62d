/** Against DNS rebinding (a page that makes a browser reach a server on its own machine): the names in Host and Origin must be ours. */
import type { IncomingHttpHeaders } from 'node:http'
import { RetrofitError } from '../../core/errors.ts'
import type { GatewaySettings } from '../settings.ts'

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

export function checkOrigin(headers: IncomingHttpHeaders, { publicUrl, mcpHosts }: GatewaySettings): void {
  const known = new Set([...loopback, ...mcpHosts, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])])
  const names = { Host: `http://${headers.host ?? ''}`, ...(headers.origin === undefined ? {} : { Origin: headers.origin }) }
  for (const [header, url] of Object.entries(names)) {
    if (URL.canParse(url) && known.has(new URL(url).hostname)) continue
    throw new RetrofitError('origin_not_allowed', {
      detail: `${header} names ${JSON.stringify(url.replace(/^http:\/\//, '').slice(0, 100))}, which is none of this service's names.`
    })
  }
}
