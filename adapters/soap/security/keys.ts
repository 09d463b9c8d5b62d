/** Keys and certificates of the credentials, read once for each version of them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import type { Call } from '../../../src/index.ts'
import { type SignatureName, signatureAlgorithms } from './algorithms.ts'
import { memberOf, unusable } from './member.ts'
import type { SignKeys, VerifyKeys } from './shape.ts'

type Credentials = Call['credentials']

export interface SigningKey {
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

const signing = new WeakMap<Credentials, Map<string, SigningKey>>()
const trusted = new WeakMap<Credentials, Map<string, readonly X509Certificate[]>>()

function cached<T>(cache: WeakMap<Credentials, Map<string, T>>, credentials: Credentials, name: string, make: () => T): T {
  const known = cache.get(credentials) ?? new Map<string, T>()
  cache.set(credentials, known)
  const value = known.get(name) ?? make()
  known.set(name, value)
  return value
}

/** Throws RetrofitError when the credentials do not do. */
export function signingKey(keys: SignKeys, credentials: Credentials, now: number): SigningKey {
  const found = cached(signing, credentials, JSON.stringify(keys), () => readSigningKey(keys, credentials))
  if (!isValid(found.certificate, now)) throw unusable(`have "${keys.certificate}", a certificate that is not valid now`)
  return found
}

function readSigningKey({ certificate: name, key: keyName, passphrase, algorithm }: SignKeys, credentials: Credentials): SigningKey {
  const [certificate] = readCertificates(name, memberOf(credentials, name, 'the certificate that requests are signed with'))
  if (certificate === undefined) throw unusable(`have "${name}", which is not a certificate in PEM`)
  const key = readKey(keyName, credentials, passphrase)
  if (!certificate.checkPrivateKey(key)) throw unusable(`have "${keyName}", which is not the key of "${name}"`)
  if (!fits(certificate, algorithm)) throw unusable(`have "${keyName}", which is not a key for ${algorithm}`)
  return { key, certificate }
}

function readKey(name: string, credentials: Credentials, passphrase: string | undefined): KeyObject {
  const key = memberOf(credentials, name, 'the private key that requests are signed with')
  const secret = passphrase === undefined ? {} : { passphrase: memberOf(credentials, passphrase, 'the passphrase of the key') }
  try {
    return createPrivateKey({ key, ...secret })
  } catch (error) {
    throw unusable(`have "${name}", which is not a private key in PEM (${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`)
  }
}

/** The certificates that an answer may be signed with, without those whose time is over. Throws RetrofitError. */
export function trustedCertificates({ certificate: name }: VerifyKeys, credentials: Credentials, now: number): readonly X509Certificate[] {
  const all = cached(trusted, credentials, name, () =>
    readCertificates(name, memberOf(credentials, name, 'the certificates that answers are signed with'))
  )
  if (all.length === 0) throw unusable(`have "${name}", which is not a certificate in PEM`)
  const valid = all.filter(each => isValid(each, now))
  if (valid.length === 0) throw unusable(`have "${name}", a certificate that is not valid now`)
  return valid
}

function readCertificates(name: string, text: string): readonly X509Certificate[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    return found.map(each => new X509Certificate(each))
  } catch {
    throw unusable(`have "${name}", which is not a certificate in PEM`)
  }
}

const isValid = ({ validFrom, validTo }: X509Certificate, now: number): boolean =>
  Date.parse(validFrom) <= now && now <= Date.parse(validTo)

/** A key of another kind would be used as something that it is not. */
export const fits = ({ publicKey }: X509Certificate, algorithm: SignatureName): boolean =>
  publicKey.asymmetricKeyType === signatureAlgorithms[algorithm].keyType
