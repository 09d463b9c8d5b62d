/** The algorithms of XML signatures that are spoken and believed; all others are refused by name. */
import { dsig } from './uris.ts'

const more = 'http://www.w3.org/2001/04/xmldsig-more#'
export const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'

interface Algorithm {
  readonly uri: string
  readonly keyType: 'rsa' | 'ec'
  readonly hash: string
  readonly weak?: true
}

export const signatureAlgorithms = {
  'rsa-sha256': { uri: `${more}rsa-sha256`, keyType: 'rsa', hash: 'sha256' },
  'rsa-sha512': { uri: `${more}rsa-sha512`, keyType: 'rsa', hash: 'sha512' },
  'ecdsa-sha256': { uri: `${more}ecdsa-sha256`, keyType: 'ec', hash: 'sha256' },
  'rsa-sha1': { uri: `${dsig}rsa-sha1`, keyType: 'rsa', hash: 'sha1', weak: true }
} as const satisfies Readonly<Record<string, Algorithm>>
export type SignatureName = keyof typeof signatureAlgorithms

export const digestAlgorithms = {
  sha256: { uri: 'http://www.w3.org/2001/04/xmlenc#sha256' },
  sha512: { uri: 'http://www.w3.org/2001/04/xmlenc#sha512' },
  sha1: { uri: `${dsig}sha1`, weak: true }
} as const satisfies Readonly<Record<string, { readonly uri: string; readonly weak?: true }>>
export type DigestName = keyof typeof digestAlgorithms
