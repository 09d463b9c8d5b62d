/** The reason why two certificates did not come together, by the codes of Node and OpenSSL. */

/** Why the target's certificate is not believed. */
const distrust: Readonly<Record<string, string>> = {
  CERT_REJECTED: 'its certificate is rejected',
  CERT_REVOKED: 'its certificate is revoked',
  CERT_SIGNATURE_FAILURE: 'its certificate has a wrong signature',
  CERT_UNTRUSTED: 'its certificate comes from one that is not trusted',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself and not among those that are trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  INVALID_CA: 'its certificate comes from one that may not issue any',
  INVALID_PURPOSE: 'its certificate is not for servers',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from one that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from one that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from one that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from one that is not trusted'
}

/** The target's own words about the client's certificate (RFC 8446, section 6.2). */
const refused = /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)$/

export type TlsFailure = { readonly by: 'us' | 'target'; readonly why: string }

export function tlsFailure(error: unknown): TlsFailure | undefined {
  const code = String((error as NodeJS.ErrnoException | undefined)?.code)
  const why = Object.hasOwn(distrust, code) ? distrust[code] : undefined
  if (why !== undefined) return { by: 'us', why: `${why} (${code})` }
  return refused.test(code) ? { by: 'target', why: `it refused the client's certificate, or wants one (${code})` } : undefined
}
