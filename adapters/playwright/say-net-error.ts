/** Why a page did not come, in plain words, by the codes of Chromium's network. */

const noTls = 'its port speaks no TLS, or another version: the address may have to begin with http'
const hungUp = 'it hung up without an answer: it may want https'
const silent = 'it does not answer: it is down, or a firewall is in between'
const noWay = 'there is no way from this machine to its network'

const words: Readonly<Record<string, string>> = {
  CERT_DATE_INVALID: 'its certificate has expired, or is not valid yet',
  CERT_AUTHORITY_INVALID:
    "its certificate is signed by itself, or by one that is not trusted: let the worker's user trust it (~/.pki), or the whole machine",
  CERT_COMMON_NAME_INVALID: 'its certificate is for another name: use the name that it has',
  CERT_REVOKED: 'its certificate is revoked',
  CERT_WEAK_SIGNATURE_ALGORITHM: 'its certificate is signed in a way that is not safe any more',
  SSL_PROTOCOL_ERROR: noTls,
  SSL_VERSION_OR_CIPHER_MISMATCH: 'it has no version or cipher of TLS that the browser takes',
  BAD_SSL_CLIENT_AUTH_CERT: 'it wants a certificate of the client, which bots on pages do not have',
  SSL_CLIENT_AUTH_CERT_NEEDED: 'it wants a certificate of the client, which bots on pages do not have',
  EMPTY_RESPONSE: hungUp,
  CONNECTION_CLOSED: hungUp,
  CONNECTION_RESET: hungUp,
  INVALID_HTTP_RESPONSE: 'what it answered is no HTTP: the address may have to begin with https, or have another port',
  NAME_NOT_RESOLVED: 'its name is not known (DNS): look at the address, and whether this machine can look names up',
  CONNECTION_REFUSED: 'nobody listens at its address: it is down, or the port is wrong',
  CONNECTION_TIMED_OUT: silent,
  TIMED_OUT: silent,
  ADDRESS_UNREACHABLE: noWay,
  INTERNET_DISCONNECTED: noWay,
  NETWORK_CHANGED: 'the network of this machine changed meanwhile',
  TOO_MANY_REDIRECTS: 'it sends the browser from one address to the next without an end: often a login or a cookie that it does not get',
  INVALID_AUTH_CREDENTIALS: 'it wants an HTTP login, which bots on pages can not make',
  UNSAFE_PORT: 'browsers open no page on this port',
  ABORTED: 'it answered with a file or with nothing, not with a page'
}

/** Undefined for an error that is none of the network. */
export function sayNetError(message: string): string | undefined {
  const [, code = ''] = /net::ERR_(\w+)/.exec(message) ?? []
  const said = Object.hasOwn(words, code) ? words[code] : undefined
  return said === undefined ? undefined : `the page did not come (net::ERR_${code}): ${said}`
}

/** RFC 9110: what a status of a page means for who has to mend it. */
const meanings: Readonly<Record<number, string>> = {
  401: 'it wants an HTTP login, which bots on pages can not make',
  403: 'what this login may do, or where it comes from, is not enough',
  404: 'there is no page at this address',
  405: 'the address is not for this method',
  407: 'a proxy on the way wants a login',
  429: 'it takes no more requests for now'
}

export const sayStatus = (status: number): string => {
  const meaning = meanings[status]
  return `the target answered with status ${status}${meaning === undefined ? '' : `: ${meaning}`}`
}
