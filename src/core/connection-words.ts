/** Why there is no connection, or none that can be used, in plain words: what an operator looks at next. */

const nobody = 'nobody listens at its address: it is down, or the port is wrong'
const silent = 'its address does not answer: it is down, or a firewall is in between'
const noTls = 'its port speaks no TLS: the address may have to begin with http, or have another port'
const noHttp = 'what it answered is no HTTP: the address may have to begin with https, or have another port'
const hungUp = 'it hung up without an answer; a port that wants TLS does so, too: then the address has to begin with https'
const noName = 'its name is not known (DNS): look at the address, and whether this machine can look names up'
const noWay = 'there is no way from this machine to its network'
const untrusted = 'its certificate comes from one that this machine does not trust'
const oldTls = 'the two have no version or cipher of TLS in common'

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: nobody,
  ETIMEDOUT: silent,
  UND_ERR_CONNECT_TIMEOUT: silent,
  ENOTFOUND: noName,
  EAI_AGAIN: 'its name can not be looked up now (DNS)',
  EHOSTUNREACH: noWay,
  EHOSTDOWN: noWay,
  ENETUNREACH: noWay,
  ECONNRESET: hungUp,
  UND_ERR_SOCKET: hungUp,
  ERR_NO_HTTP: noHttp,
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  ERR_SSL_HTTP_REQUEST: noTls,
  ERR_SSL_UNSUPPORTED_PROTOCOL: oldTls,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: oldTls,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: oldTls,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: look at the clocks of both machines',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself, and not among those that this machine trusts',
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted
}

/** By the code of Node, OpenSSL, llhttp or undici; undefined for one that says nothing. */
export function connectionWords(error: unknown): string | undefined {
  const { code: given, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown }
  const code = String(given ?? '')
  // Undici gives its parser's errors a name alone.
  if (code.startsWith('HPE_') || name === 'HTTPParserError') return noHttp
  return Object.hasOwn(words, code) ? words[code] : undefined
}
