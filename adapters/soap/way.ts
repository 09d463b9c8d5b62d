/** Where a request goes, by which right and with what TLS. */
import { RetrofitError } from '../../src/index.ts'
import { proxyOf, type TargetProxy } from './access/proxy.ts'
import type { Way } from './http.ts'
import type { Invocation } from './invocation.ts'
import { type TlsSettings, tlsSettings } from './security/tls.ts'

export const wayOf = (invocation: Invocation): Way => ({
  origin: invocation.endpoint.origin,
  proxy: throughProxy(invocation.call, invocation.endpoint.origin),
  reach: invocation.call.target.reach,
  tls: tlsOf(invocation)
})

export function throughProxy(call: Invocation['call'], origin: string): TargetProxy | undefined {
  const { proxy } = call.steps
  return proxy === undefined ? undefined : proxyOf(call, proxy, origin)
}

function tlsOf({ call, endpoint }: Invocation): TlsSettings | undefined {
  const { tls } = call.steps
  if (tls === undefined) return undefined
  if (endpoint.protocol === 'https:') return tlsSettings(tls, call.credentials)
  const detail = 'The target is to be reached with TLS (target.tls), and its address does not start with https. Nothing was sent.'
  throw new RetrofitError('target_failed', { detail, retryable: false })
}
