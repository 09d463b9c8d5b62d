/** Signs an envelope (XML Signature 1.1 as WS-Security 1.1, section 8, uses it). */
import { digestAlgorithms, exclusive, signatureAlgorithms } from './algorithms.ts'
import { keyInfos } from './key-info.ts'
import type { SigningKey } from './keys.ts'
import { partIds, signableParts } from './parts.ts'
import type { SignKeys } from './shape.ts'
import { createSignedXml } from './signed-xml.ts'
import { wsu } from './uris.ts'

const closing = '</wsse:Security>'

/** The same text with a signature at the end of its security header, which is the first one. */
export function signEnvelope(envelope: string, { parts, algorithm, digest, keyInfo }: SignKeys, { key, certificate }: SigningKey): string {
  const signed = createSignedXml({
    idMode: 'wssecurity',
    privateKey: key,
    signatureAlgorithm: signatureAlgorithms[algorithm].uri,
    canonicalizationAlgorithm: exclusive,
    getKeyInfoContent: () => keyInfos[keyInfo](certificate).reference
  })
  const inBody = prefixesOf(envelope)
  for (const part of parts.flatMap(name => signableParts[name])) {
    const id = partIds[part]
    if (!envelope.includes(`wsu:Id="${id}"`)) continue
    signed.addReference({
      xpath: `//*[@*[local-name()='Id' and namespace-uri()='${wsu}']='${id}']`,
      transforms: [exclusive],
      digestAlgorithm: digestAlgorithms[digest].uri,
      // Values such as xsi:type use prefixes that no name shows.
      inclusiveNamespacesPrefixList: part === 'body' ? inBody : []
    })
  }
  signed.computeSignature(envelope, { prefix: 'ds', location: { reference: "//*[local-name()='Security']", action: 'append' } })
  return envelope.replace(closing, () => signed.getSignatureXml() + closing)
}

/** Those that the envelope's own tag declares. */
function prefixesOf(envelope: string): string[] {
  const tag = /<soapenv:Envelope[^>]*>/.exec(envelope)?.[0] ?? ''
  return [...tag.matchAll(/\sxmlns:([\w.-]+)=/g)].map(found => found[1] as string)
}
