const untrusted: ReadonlySet<unknown> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE'
])
const hints: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'use the name that its certificate has',
  CERT_HAS_EXPIRED: 'its certificate has to be renewed',
  CERT_NOT_YET_VALID: 'look at the clocks of both machines'
}

/** The reason why a connection failed and, where it is about the certificate, what to do. `setting` names the file of the CA. */
export function tlsHint(error: Error & { readonly code?: unknown }, setting: string): string {
  const code = String(error.code ?? '')
  const text = error.message || code
  if (untrusted.has(code)) return `${text}; set ${setting} to a PEM file with the certificate of the CA that signed its certificate`
  const hint = Object.hasOwn(hints, code) ? hints[code] : undefined
  return hint === undefined ? text : `${text}; ${hint}`
}
