/** What stands around a request beside its body: WS-Addressing, WS-Security, headers of the manifest's own. */
import type { XmlElement } from '../../../src/index.ts'
import type { Extras, Version } from '../envelope.ts'
import type { Invocation } from '../invocation.ts'
import { childrenOf } from '../parse-xml.ts'
import { scopeOf } from '../scope.ts'
import { type AddressingPlan, addressingHeaders, checkRelated, messageIdOf } from './addressing.ts'
import { type CustomHeaders, writeHeaders } from './custom-headers.ts'
import { type SecurityPlan, securityHeader } from './security-header.ts'

export interface SealPlan {
  readonly version: Version
  readonly addressing: AddressingPlan | undefined
  readonly security: SecurityPlan | undefined
  readonly headers: readonly CustomHeaders[]
}

export interface Sealed {
  readonly extras: Extras
  /** The envelope of an answer, or throws BadXml. */
  open(envelope: XmlElement): XmlElement
}

/** Throws RetrofitError and Unwritable. */
export async function seal(plan: SealPlan, invocation: Invocation): Promise<Sealed> {
  const { addressing, security, headers } = plan
  const messageId = addressing === undefined ? undefined : messageIdOf(invocation)
  const addressed =
    addressing === undefined || messageId === undefined ? '' : addressingHeaders(addressing, { endpoint: invocation.endpoint, messageId })
  const secured = security === undefined ? '' : securityHeader(security, plan.version, invocation.call)
  const own = headers.length === 0 ? '' : await writeHeaders(headers, scopeOf(invocation.call))
  return {
    extras: { header: addressed + secured + own, body: '' },
    open: envelope => {
      if (messageId !== undefined) checkRelated(headerOf(envelope), messageId)
      return envelope
    }
  }
}

const headerOf = (envelope: XmlElement): XmlElement | undefined =>
  childrenOf(envelope).find(({ uri, local }) => local === 'Header' && uri === envelope.uri)
