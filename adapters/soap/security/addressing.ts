/** WS-Addressing: where a request goes, what it is, and which answer belongs to it. */
import { randomUUID } from 'node:crypto'
import { attribute, childElements, escapeText, textContent, type XmlElement } from '../../../src/index.ts'
import { BadXml } from '../bad-xml.ts'
import type { Invocation } from '../invocation.ts'
import { partIds } from './parts.ts'
import { type AddressingVersion, addressingVersions, wsu } from './uris.ts'

export interface AddressingPlan {
  readonly version: AddressingVersion
  readonly action: string
  /** Undefined: the address that is called. */
  readonly to: string | undefined
  readonly oneWay: boolean
}

/** A commit of a run has one id, however often it is sent; reads are messages of their own. */
export function messageIdOf({ call: { run }, role }: Invocation): string {
  const id = `urn:retrofit:${run.id}:${run.reference}`
  return role === 'commit' ? id : `${id}:${role}:${randomUUID()}`
}

export function addressingHeaders(
  { version, action, to, oneWay }: AddressingPlan,
  { endpoint, messageId }: { readonly endpoint: URL; readonly messageId: string }
): string {
  const { uri, anonymous } = addressingVersions[version]
  const block = (name: keyof typeof ids, content: string) =>
    `<wsa:${name} xmlns:wsa="${uri}" xmlns:wsu="${wsu}" wsu:Id="${ids[name]}">${content}</wsa:${name}>`
  const reply = oneWay ? '' : block('ReplyTo', `<wsa:Address>${anonymous}</wsa:Address>`)
  const address = to ?? endpoint.origin + endpoint.pathname + endpoint.search
  return `${block('Action', escapeText(action))}${block('To', escapeText(address))}${block('MessageID', messageId)}${reply}`
}

const ids = { Action: partIds.action, To: partIds.to, MessageID: partIds.messageId, ReplyTo: partIds.replyTo } as const

const uris: ReadonlySet<string> = new Set(Object.values(addressingVersions).map(({ uri }) => uri))

/** Whether the answer says that it is one to this message; many say nothing. Throws BadXml when it says that it is one to another. */
export function checkRelated(header: XmlElement | undefined, messageId: string): boolean {
  const related = header === undefined ? [] : childElements(header).filter(({ uri, local }) => local === 'RelatesTo' && uris.has(uri))
  // Another RelationshipType than the default is no answer (WS-Addressing Core, section 3.1).
  const replies = related.filter(each => /(^|[/:])[Rr]eply$/.test(attribute(each, 'RelationshipType') ?? 'reply'))
  if (replies.some(each => textContent(each).trim() !== messageId)) throw new BadXml('it is the answer to another message (wsa:RelatesTo)')
  return replies.length > 0
}
