/** TLS as a target wants it: whom it trusts, and the client's own certificate. */
import { createHash } from 'node:crypto'
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import type { Call } from '../../../src/index.ts'
import { memberOf, unusable } from './member.ts'
import type { TlsKeys } from './shape.ts'

type Credentials = Call['credentials']

export interface TlsSettings {
  /** Equal for equal settings alone: connections are shared by it. */
  readonly id: string
  readonly secureContext: SecureContext
  readonly servername: string | undefined
  readonly clientCertificate: boolean
}

/** The same object of credentials comes back until its file changes. */
const known = new WeakMap<Credentials, Map<string, TlsSettings>>()

/** Throws RetrofitError when the credentials do not do. */
export function tlsSettings(keys: TlsKeys, credentials: Credentials): TlsSettings {
  const settings = known.get(credentials) ?? new Map<string, TlsSettings>()
  known.set(credentials, settings)
  const name = JSON.stringify(keys)
  const made = settings.get(name) ?? make(keys, credentials)
  settings.set(name, made)
  return made
}

const uses = {
  ca: 'the certificates that the target is trusted by',
  certificate: "the client's certificate",
  key: "the key of the client's certificate",
  pfx: "the client's certificate and key",
  passphrase: "the passphrase of the client's key"
} as const

function make(keys: TlsKeys, credentials: Credentials): TlsSettings {
  const named = (part: keyof typeof uses) => {
    const name = keys[part]
    return name === undefined ? undefined : memberOf(credentials, name, uses[part])
  }
  const { ca, certificate, key, pfx, passphrase } = {
    ca: named('ca'),
    certificate: named('certificate'),
    key: named('key'),
    pfx: named('pfx'),
    passphrase: named('passphrase')
  }
  const given = Object.entries({ ca, cert: certificate, key, passphrase }).filter(([, value]) => value !== undefined)
  const options = { ...Object.fromEntries(given), ...(pfx === undefined ? {} : { pfx: Buffer.from(pfx, 'base64') }) }
  if (ca !== undefined && !ca.includes('-----BEGIN ')) throw unusable(`have "${keys.ca}", which is not a certificate in PEM`)
  return {
    id: createHash('sha256')
      .update(JSON.stringify([ca, certificate, key, pfx, passphrase, keys.serverName]))
      .digest('base64'),
    secureContext: contextOf(options, keys),
    servername: keys.serverName,
    clientCertificate: certificate !== undefined || pfx !== undefined
  }
}

/** OpenSSL's reasons name no secret, but its texts may quote what it read. */
function contextOf(options: Parameters<typeof createSecureContext>[0], keys: TlsKeys): SecureContext {
  try {
    return createSecureContext({ minVersion: 'TLSv1.2', ...options })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = code ?? /^[\w ]{3,60}$/.exec(message)?.[0] ?? 'unreadable'
    const names = [keys.ca, keys.certificate, keys.key, keys.pfx].filter(name => name !== undefined)
    throw unusable(`can not be used for TLS (${names.join(', ')}: ${reason})`)
  }
}

const acceptanceMs = 500

/**
 * In TLS 1.3 the client is done before the server has looked at its certificate (RFC 8446, section 2): the refusal would come after
 * the request was sent. Servers tell that they are done by the tickets that follow; those that send none are waited for a moment.
 */
export function acceptance(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  if (socket.getProtocol() !== 'TLSv1.3') return Promise.resolve()
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      clearTimeout(timer)
      socket.off('session', accepted).off('error', failed).off('close', closed)
      signal.removeEventListener('abort', aborted)
      settle()
    }
    // Later: OpenSSL still reads, and what is written from inside would stay with it.
    const accepted = () => done(() => setImmediate(resolve))
    const failed = (error: unknown) => done(() => reject(error))
    const closed = () => failed(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }))
    const aborted = () => failed(signal.reason)
    const timer = setTimeout(accepted, acceptanceMs)
    socket.once('session', accepted).once('error', failed).once('close', closed)
    signal.addEventListener('abort', aborted, { once: true })
  })
}
