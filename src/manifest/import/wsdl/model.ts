/** What a WSDL says about its operations, before any schema is looked at. */
import type { JsonObject } from '../../../core/types.ts'
import type { QName } from './qname.ts'

export interface Part {
  readonly name: string
  readonly element: QName | undefined
  readonly type: QName | undefined
}

export interface Attachment {
  readonly name: string
  /** '' when it may be of several. */
  readonly mediaType: string
}

export interface Message {
  /** Parts of the SOAP body, in its order. */
  readonly parts: readonly Part[]
  readonly headers: readonly Part[]
  /** Parts that travel beside the envelope (MIME). */
  readonly attachments: readonly Attachment[]
  /** Of the wrapper, in rpc style. */
  readonly namespace: string
  readonly encoded: boolean
}

export interface Fault {
  readonly name: string
  readonly part: Part | undefined
  readonly encoded: boolean
  readonly documentation: string
}

export interface Endpoint {
  readonly service: string
  readonly port: string
  /** '' when the file has none. */
  readonly address: string
}

export interface Operation {
  readonly name: string
  readonly portType: string
  readonly documentation: string
  readonly soap: '1.1' | '1.2'
  readonly style: 'document' | 'rpc'
  readonly soapAction: string
  /** wsa:Action of the request. */
  readonly wsaAction: string
  readonly input: Message
  /** Undefined: one-way. */
  readonly output: Message | undefined
  readonly faults: readonly Fault[]
  readonly endpoint: Endpoint | undefined
  /** The binding says that bytes travel beside the envelope (WS-MTOMPolicy). */
  readonly mtom: boolean
}

/** What the policies of the service mean for a manifest. */
export interface PolicyFindings {
  /** Keys of the target. */
  readonly keys: JsonObject
  /** Texts that the target's credentials need. */
  readonly credentials: readonly string[]
  readonly warnings: readonly string[]
}

export interface Wsdl {
  readonly policy: PolicyFindings
  readonly name: string
  readonly documentation: string
  readonly uri: string
  readonly operations: readonly Operation[]
  /** What was left out and why, and what is strange. */
  readonly warnings: readonly string[]
  readonly services: readonly { readonly name: string; readonly ports: readonly string[] }[]
}
