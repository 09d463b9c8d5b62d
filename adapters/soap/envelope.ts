/** SOAP envelopes, 1.1 and 1.2: what is sent around a request, and what an answer holds. */
import { Builder } from 'xml2js'
import type { Name } from './mapping.ts'
import { xsi } from './namespaces.ts'
import { childrenOf, type Element, textOf } from './parse-xml.ts'
import { attributesKey, textKey, type XmlElement } from './write-value.ts'
import { BadXml } from './xml-guard.ts'

export type Version = '1.1' | '1.2'

const uris: Readonly<Record<Version, string>> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/envelope/',
  '1.2': 'http://www.w3.org/2003/05/soap-envelope'
}
const envelopeUris: ReadonlySet<string> = new Set(Object.values(uris))

const headerTables: Readonly<Record<Version, (soapAction: string) => Readonly<Record<string, string>>>> = {
  // SOAP 1.1, section 6.1.1: the header is needed, also when it is empty.
  '1.1': soapAction => ({ 'content-type': 'text/xml; charset=utf-8', soapaction: `"${soapAction}"` }),
  // SOAP 1.2 part 2, section 6.5.3: a parameter of the media type, RFC 3902.
  '1.2': soapAction => ({ 'content-type': `application/soap+xml; charset=utf-8${soapAction === '' ? '' : `; action="${soapAction}"`}` })
}

export const headersFor = (version: Version, soapAction: string): Readonly<Record<string, string>> => headerTables[version](soapAction)

const builderOptions = { attrkey: attributesKey, charkey: textKey, renderOpts: { pretty: false } }
const builder = new Builder({ ...builderOptions, xmldec: { version: '1.0', encoding: 'UTF-8' } })
const fragmentBuilder = new Builder({ ...builderOptions, headless: true })

/** What stands around every request of an operation; written once. */
export interface Frame {
  readonly operation: Name
  readonly head: string
  readonly tail: string
}

interface FrameParts {
  readonly version: Version
  readonly operation: Name
  readonly declarations: Readonly<Record<string, string>>
}

export function compileFrame({ version, operation, declarations }: FrameParts): Frame {
  const namespaces = { 'xmlns:soapenv': uris[version], 'xmlns:xsi': xsi, ...declarations }
  const whole = builder.buildObject({ 'soapenv:Envelope': { [attributesKey]: namespaces, 'soapenv:Body': 'body' } })
  const [head = '', tail = ''] = whole.split(/(?<=<soapenv:Body>)body(?=<)/)
  return { operation, head, tail }
}

/** Throws when the content holds what XML can not carry; `writeObject` has refused that before. */
export const writeEnvelope = ({ operation, head, tail }: Frame, content: XmlElement): string =>
  head + fragmentBuilder.buildObject({ [operation.qname]: content }) + tail

export interface Fault {
  /** Without prefix, as the target wrote it: Client, Sender, Client.Authentication … */
  readonly codes: readonly string[]
  readonly text: string
  /** The elements of the detail. */
  readonly details: readonly { readonly uri: string; readonly local: string }[]
}

export type Opened = { readonly fault: Fault } | { readonly element: Element }

/** What is in the body: a fault, or the one answering element. Throws BadXml. */
export function openEnvelope(root: Element): Opened {
  if (root.local !== 'Envelope' || !envelopeUris.has(root.uri)) throw new BadXml('it is not a SOAP envelope')
  const body = childrenOf(root).find(({ uri, local }) => local === 'Body' && uri === root.uri)
  const elements = body === undefined ? [] : childrenOf(body)
  const fault = elements.find(({ uri, local }) => local === 'Fault' && uri === root.uri)
  if (fault !== undefined) return { fault: readFault(fault) }
  const [element] = elements
  if (element === undefined || elements.length > 1) throw new BadXml('the SOAP body does not have one element')
  return { element }
}

/** 1.1 has faultcode, faultstring, detail without namespace; 1.2 has Code, Reason, Detail in its own. Some targets mix the two up. */
function readFault(fault: Element): Fault {
  const parts = childrenOf(fault)
  const named = (...names: readonly string[]) => parts.find(({ local }) => names.includes(local))
  const code = named('faultcode', 'Code')
  const reason = named('faultstring', 'Reason')
  const detail = named('detail', 'Detail')
  return {
    codes: code === undefined ? [] : codesOf(code),
    text: reason === undefined ? '' : reasonOf(reason),
    details: detail === undefined ? [] : childrenOf(detail).map(({ uri, local }) => ({ uri, local }))
  }
}

function codesOf(code: Element): readonly string[] {
  const inner = childrenOf(code).flatMap(codesOf)
  const own = textOf(code).trim()
  return own === '' ? inner : [own.slice(own.indexOf(':') + 1), ...inner]
}

function reasonOf(reason: Element): string {
  const text = childrenOf(reason)[0]
  return textOf(text ?? reason).trim()
}
