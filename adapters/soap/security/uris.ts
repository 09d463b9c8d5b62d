/** Namespaces and names of the WS-* specifications. */
const wss = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss'

export const wsse = `${wss}-wssecurity-secext-1.0.xsd`
export const wsu = `${wss}-wssecurity-utility-1.0.xsd`
export const base64Binary = `${wss}-soap-message-security-1.0#Base64Binary`
/** X.509 Certificate Token Profile 1.1, section 3.2. */
export const x509v3 = `${wss}-x509-token-profile-1.0#X509v3`
export const x509SubjectKeyIdentifier = `${wss}-x509-token-profile-1.0#X509SubjectKeyIdentifier`
export const thumbprintSha1 = 'http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1'
/** UsernameToken Profile 1.1, section 3.1. */
export const passwordTypes = {
  text: `${wss}-username-token-profile-1.0#PasswordText`,
  digest: `${wss}-username-token-profile-1.0#PasswordDigest`
} as const

/** WS-Addressing: the recommendation, and what older services speak. */
export const addressingVersions = {
  '2005/08': { uri: 'http://www.w3.org/2005/08/addressing', anonymous: 'http://www.w3.org/2005/08/addressing/anonymous' },
  '2004/08': {
    uri: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
    anonymous: 'http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous'
  }
} as const
export type AddressingVersion = keyof typeof addressingVersions

export const dsig = 'http://www.w3.org/2000/09/xmldsig#'
