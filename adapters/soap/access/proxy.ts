/** The way to a target through a proxy (RFC 9110, section 9.3.6): a tunnel, so that it sees nothing of what is encrypted. */
import { lookup } from 'node:dns'
import type { LookupFunction, Socket } from 'node:net'
import { buildConnector } from 'undici'
import { askFirst, type Call, judgedLookup, type Reach, RetrofitError, writeRequest } from '../../../src/index.ts'
import { basicToken } from '../security/auth.ts'

export interface TargetProxy {
  readonly url: URL
  /** Proxy-Authorization. */
  readonly authorization: string | undefined
}

/** Throws where a bot that was registered over HTTP may not use it: the proxy looks the target up, so nobody here can judge the address. */
export function proxyOf(call: Call, address: string, origin: string): TargetProxy {
  const url = new URL(address)
  const { reach } = call.target
  for (const each of [url.origin, origin])
    if (reach !== undefined && !reach.origins.includes(each))
      throw new RetrofitError('target_failed', {
        detail: `${each} is not in TARGET_ORIGINS: a bot that is registered over HTTP reaches only listed targets through a listed proxy. Nothing was sent.`,
        retryable: false
      })
  const { proxy_username: name, proxy_password: secret = '' } = call.credentials
  const isOurs = name !== undefined && call.credentialOrigins.includes(url.origin)
  if (name !== undefined && !isOurs)
    throw new RetrofitError('credential_refused', {
      detail: `${url.origin}, the proxy, is not among the origins that the credentials may go to. Nothing was sent.`
    })
  return { url, authorization: isOurs ? `Basic ${basicToken(name, secret)}` : undefined }
}

interface Tunnel {
  readonly proxy: TargetProxy
  /** The target's. */
  readonly origin: string
  readonly reach: Reach | undefined
  /** To the target itself, over the tunnel where it is given one. */
  readonly direct: buildConnector.connector
}

const timeout = 10_000
const headBytes = 65_536

export function tunnelTo({ proxy, origin, reach, direct }: Tunnel): buildConnector.connector {
  const { url } = proxy
  const toProxy = buildConnector({ timeout, lookup: judgedLookup(lookup as LookupFunction, { origin: url.origin, reach }) })
  return (options, callback) =>
    toProxy({ protocol: url.protocol, hostname: bare(url.hostname), port: url.port || '80', host: url.hostname }, (error, socket) => {
      if (error !== null) return callback(unreached(error), null)
      open(socket, proxy, new URL(origin)).then(
        () => (options.protocol === 'https:' ? direct({ ...options, httpSocket: socket }, callback) : callback(null, socket)),
        refusal => {
          socket.destroy()
          callback(refusal, null)
        }
      )
    })
}

const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')

async function open(socket: Socket, { authorization }: TargetProxy, { hostname, port, protocol }: URL): Promise<void> {
  const host = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
  const headers: Record<string, string> = authorization === undefined ? {} : { 'proxy-authorization': authorization }
  const request = writeRequest({ method: 'CONNECT', path: host, host, headers, body: undefined }, 'keep-alive')
  const signal = AbortSignal.timeout(timeout)
  const { answer, idle } = await askFirst(socket, request, { signal, headBytes, bodyBytes: headBytes }).catch(error => {
    throw unreached(error)
  })
  const { status } = answer
  if (status < 200 || status > 299) throw failed(`it answered HTTP ${status}`, status >= 500)
  idle.end()
}

const unreached = (error: Error): RetrofitError =>
  failed(`it can not be reached (${(error as NodeJS.ErrnoException).code ?? error.name})`, true, error)

const failed = (why: string, retryable: boolean, cause?: Error): RetrofitError =>
  new RetrofitError('target_failed', {
    detail: `The proxy (target.proxy) gives no way to the target: ${why}. Nothing was sent.`,
    retryable,
    targetDown: retryable,
    cause
  })
