/** How a signature says which certificate it is to be verified with (WS-Security X.509 Certificate Token Profile 1.1, section 3.2). */
import { createHash, type X509Certificate } from 'node:crypto'
import { escapeText } from '../../../src/index.ts'
import { partIds } from './parts.ts'
import { base64Binary, thumbprintSha1, wsse, x509SubjectKeyIdentifier, x509v3 } from './uris.ts'

interface KeyInfo {
  /** Elements of the security header. */
  readonly tokens: string
  /** The content of the KeyInfo. */
  readonly reference: string
}

const reference = (content: string): string => `<wsse:SecurityTokenReference xmlns:wsse="${wsse}">${content}</wsse:SecurityTokenReference>`

const keyIdentifier = (type: string, value: Buffer): KeyInfo => ({
  tokens: '',
  reference: reference(
    `<wsse:KeyIdentifier EncodingType="${base64Binary}" ValueType="${type}">${value.toString('base64')}</wsse:KeyIdentifier>`
  )
})

export const keyInfos = {
  token: ({ raw }: X509Certificate): KeyInfo => ({
    tokens: `<wsse:BinarySecurityToken EncodingType="${base64Binary}" ValueType="${x509v3}" wsu:Id="${partIds.token}">${raw.toString('base64')}</wsse:BinarySecurityToken>`,
    reference: reference(`<wsse:Reference URI="#${partIds.token}" ValueType="${x509v3}"/>`)
  }),
  issuerSerial: ({ issuer, serialNumber }: X509Certificate): KeyInfo => {
    // RFC 2253 reads from the end.
    const name = `<ds:X509IssuerName>${escapeText(issuer.split('\n').reverse().join(','))}</ds:X509IssuerName>`
    const serial = `<ds:X509SerialNumber>${BigInt(`0x${serialNumber}`)}</ds:X509SerialNumber>`
    return { tokens: '', reference: reference(`<ds:X509Data><ds:X509IssuerSerial>${name}${serial}</ds:X509IssuerSerial></ds:X509Data>`) }
  },
  thumbprint: ({ raw }: X509Certificate): KeyInfo => keyIdentifier(thumbprintSha1, createHash('sha1').update(raw).digest()),
  subjectKeyIdentifier: ({ raw }: X509Certificate): KeyInfo => keyIdentifier(x509SubjectKeyIdentifier, subjectKeyIdentifier(raw))
} as const

/** The extension 2.5.29.14 (RFC 5280, section 4.2.1.2): an octet string in an octet string. Empty: there is none. */
function subjectKeyIdentifier(raw: Buffer): Buffer {
  const at = raw.indexOf(Buffer.from('0603551d0e04', 'hex'))
  const length = at === -1 ? 0 : (raw[at + 8] ?? 0)
  return raw.subarray(at + 9, at + 9 + length)
}
