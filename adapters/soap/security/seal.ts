/** Everything that stands around a request beside its body, and that makes its answer credible. */
import type { XmlElement } from '../../../src/index.ts'
import type { Extras, Version } from '../envelope.ts'
import type { Invocation } from '../invocation.ts'
import { childrenOf } from '../parse-xml.ts'
import { render } from '../scope.ts'
import { type AddressingPlan, addressingHeaders, checkRelated, messageIdOf } from './addressing.ts'
import { type CustomHeaders, writeHeaders } from './custom-headers.ts'
import { signingKey, trustedCertificates } from './keys.ts'
import { partIds } from './parts.ts'
import { securityHeader } from './security-header.ts'
import type { SecurityKeys } from './shape.ts'
import { Untrusted } from './untrusted.ts'
import { dsig, wsu } from './uris.ts'

export interface SealPlan {
  readonly version: Version
  readonly addressing: AddressingPlan | undefined
  readonly security: SecurityKeys | undefined
  readonly headers: readonly CustomHeaders[]
}

export interface Sealed {
  readonly extras: Extras
  /** The envelope as it is sent. */
  finish(envelope: string): string
  /** The part of an answer that may be believed. Throws BadXml or Untrusted. */
  open(envelope: XmlElement, message: { readonly text: string; readonly parts: number }): Promise<XmlElement>
}

/** Throws RetrofitError and Unwritable; after it nothing of the credentials can be missing. */
export async function seal({ version, addressing, security, headers }: SealPlan, invocation: Invocation): Promise<Sealed> {
  const { call, endpoint } = invocation
  const { sign, verify } = security ?? {}
  const now = Date.now()
  const messageId = messageIdOf(invocation)
  const key = sign === undefined ? undefined : signingKey(sign, call.credentials, now)
  const certificates = verify === undefined ? [] : trustedCertificates(verify, call.credentials, now)
  const signer = sign === undefined ? undefined : await import('./sign.ts')
  const addressed = addressing === undefined ? '' : addressingHeaders(addressing, { endpoint, messageId })
  const secured = security === undefined ? '' : securityHeader(security, { version, call, key, now })
  const own = headers.length === 0 ? '' : await writeHeaders(headers, template => render(template, invocation))
  return {
    extras: { header: addressed + secured + own, body: sign === undefined ? '' : ` xmlns:wsu="${wsu}" wsu:Id="${partIds.body}"` },
    finish: envelope =>
      sign === undefined || key === undefined || signer === undefined ? envelope : signer.signEnvelope(envelope, sign, key),
    open: async (envelope, { text, parts }) => {
      if (addressing !== undefined) checkRelated(headerOf(envelope), messageId)
      if (verify === undefined || (verify.unsignedFaults && isUnsignedFault(envelope))) return envelope
      if (parts > 0) throw new Untrusted('it has attachments, which its signature does not cover')
      const { verifyAnswer } = await import('./verify-answer.ts')
      const believed = await verifyAnswer(text, envelope, { keys: verify, certificates, limits: call.steps.limits, signal: call.signal })
      if (verify.parts.includes('relatesTo') && !checkRelated(headerOf(believed), messageId))
        throw new Untrusted('it does not say under its signature which request it answers (wsa:RelatesTo)')
      return believed
    }
  }
}

const named = (envelope: XmlElement, wanted: string): XmlElement | undefined =>
  childrenOf(envelope).find(({ uri, local }) => local === wanted && uri === envelope.uri)
const headerOf = (envelope: XmlElement): XmlElement | undefined => named(envelope, 'Header')

/** One that says that it is signed has to be. */
function isUnsignedFault(envelope: XmlElement): boolean {
  const body = named(envelope, 'Body')
  const fault = body !== undefined && childrenOf(body)[0]?.local === 'Fault'
  const blocks = [headerOf(envelope)].flatMap(header => (header === undefined ? [] : childrenOf(header)))
  return fault && !blocks.some(block => childrenOf(block).some(({ uri, local }) => uri === dsig && local === 'Signature'))
}
