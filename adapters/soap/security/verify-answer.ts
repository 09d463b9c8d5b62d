/** Believes of an answer what its signature covers, and drops the rest. */
import { createHash, createVerify, type X509Certificate } from 'node:crypto'
import type { XmlElement } from '../../../src/index.ts'
import { childrenOf, parseXml } from '../parse-xml.ts'
import type { Limits } from '../shape.ts'
import { signatureAlgorithms } from './algorithms.ts'
import { canonicalize } from './canonicalize.ts'
import { checkFresh } from './freshness.ts'
import { fits } from './keys.ts'
import type { VerifyKeys } from './shape.ts'
import { type SignedParts, takeApart } from './signed-parts.ts'
import { Untrusted } from './untrusted.ts'
import { wsu } from './uris.ts'

export interface Verifying {
  readonly keys: VerifyKeys
  readonly certificates: readonly X509Certificate[]
  readonly limits: Limits
  readonly signal: AbortSignal
}

/** The envelope with its body and its signed headers alone. Throws Untrusted. */
export async function verifyAnswer(text: string, envelope: XmlElement, verifying: Verifying): Promise<XmlElement> {
  const { keys, limits, signal } = verifying
  // No signature that is made for a message has one, and they are where readers differ.
  if (/<!--|<\?(?!xml\s)/.test(text.replace(/<!\[CDATA\[[\s\S]*?(?:\]\]>|$)/g, '')))
    throw new Untrusted('it holds comments or processing instructions')
  const parts = takeApart(envelope, keys.sha1)
  await checkSignature(parts, verifying)
  const believed = new Map<XmlElement, XmlElement>()
  for (const { id, element, inclusive, digest, digestValue } of parts.references) {
    const canonical = await canonicalize(element, { inclusive, signal })
    if (!createHash(digest).update(canonical).digest().equals(digestValue))
      throw new Untrusted(`what it signs was changed on the way (the digest of ${id} does not fit)`)
    // From here on the very text that was digested is read, with no namespace that it does not say.
    believed.set(element, await parseXml(canonical, limits, signal))
  }
  return assemble(envelope, parts, believed, keys)
}

/** First, because it is cheap: whoever has no key can not make us digest much. */
async function checkSignature(
  { signedInfo, inclusive, algorithm, signatureValue }: SignedParts,
  { certificates, signal }: Verifying
): Promise<void> {
  const fitting = certificates.filter(each => fits(each, algorithm))
  if (fitting.length === 0)
    throw new Untrusted(`it is signed with ${algorithm}, which is not for the keys of the certificates that are trusted`)
  const canonical = await canonicalize(signedInfo, { inclusive, signal })
  const made = fitting.some(({ publicKey }) => {
    const verifier = createVerify(signatureAlgorithms[algorithm].hash).update(canonical)
    // XML Signature has r and s beside each other, not in DER; RSA ignores it.
    return verifier.verify({ key: publicKey, dsaEncoding: 'ieee-p1363' }, signatureValue)
  })
  if (!made) throw new Untrusted('its signature was not made with the key of a certificate that is trusted')
}

function assemble(
  envelope: XmlElement,
  { header, body, security }: SignedParts,
  believed: ReadonlyMap<XmlElement, XmlElement>,
  keys: VerifyKeys
): XmlElement {
  const signedBody = believed.get(body)
  if (signedBody === undefined) throw new Untrusted('its body is not signed')
  const timestamps = childrenOf(security).filter(({ uri, local }) => uri === wsu && local === 'Timestamp')
  if (timestamps.length > 1) throw new Untrusted('it has more than one Timestamp')
  const [timestamp] = timestamps
  const signedTimestamp = timestamp && believed.get(timestamp)
  if (keys.parts.includes('timestamp') && signedTimestamp === undefined)
    throw new Untrusted(timestamp === undefined ? 'it has no Timestamp' : 'its Timestamp is not signed')
  if (signedTimestamp !== undefined) checkFresh(signedTimestamp, keys, Date.now())
  const headers = childrenOf(header).flatMap(each => believed.get(each) ?? [])
  return { ...envelope, children: [{ ...header, children: headers }, signedBody] }
}
