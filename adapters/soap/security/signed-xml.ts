/** xml-crypto, narrowed to what is spoken here. Imported when a manifest signs or verifies, and not before: it is large. */
import { createSign, createVerify, type KeyLike } from 'node:crypto'
import { ExclusiveCanonicalization, SignedXml, type SignedXmlOptions } from 'xml-crypto'
import { exclusive, signatureAlgorithms } from './algorithms.ts'

/** RFC 4050 as XML Signature 1.1 has it: r and s beside each other, not in DER. */
class EcdsaSha256 {
  readonly getSignature = (material: string, key: KeyLike): string =>
    createSign('sha256')
      .update(material)
      .sign({ key: key as string, dsaEncoding: 'ieee-p1363' }, 'base64')
  readonly verifySignature = (material: string, key: KeyLike, signature: string): boolean =>
    createVerify('sha256')
      .update(material)
      .verify({ key: key as string, dsaEncoding: 'ieee-p1363' }, signature, 'base64')
  readonly getAlgorithmName = () => signatureAlgorithms['ecdsa-sha256'].uri
}

/** Exclusive XML Canonicalization sorts prefixes by code point; the library's own order depends on the language. */
class Exclusive extends ExclusiveCanonicalization {
  override nsCompare(a: { prefix: string }, b: { prefix: string }): number {
    return a.prefix < b.prefix ? -1 : Number(a.prefix > b.prefix)
  }
}

/** An instance that knows the algorithms above alone: no HMAC, no other transform. */
export function createSignedXml(options: SignedXmlOptions): SignedXml {
  const signed = new SignedXml(options)
  const { uri } = signatureAlgorithms['ecdsa-sha256']
  signed.CanonicalizationAlgorithms = { [exclusive]: Exclusive } as typeof signed.CanonicalizationAlgorithms
  signed.SignatureAlgorithms = { ...signed.SignatureAlgorithms, [uri]: EcdsaSha256 } as unknown as typeof signed.SignatureAlgorithms
  return signed
}
