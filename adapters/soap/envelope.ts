/** SOAP envelopes, 1.1 and 1.2: what is sent around a request, and what an answer holds. */
import { atOnce, escapeAttribute, type Json, type JsonObject, own, type Steps } from '../../src/index.ts'
import { BadXml } from './bad-xml.ts'
import { headerOf, type Name, type ObjectMapping, type VariantsMapping } from './mapping.ts'
import { xsi } from './namespaces.ts'
import { childrenOf, type Element, textOf } from './parse-xml.ts'
import { element, writeObject } from './write-value.ts'

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

const encodings: Readonly<Record<Version, string>> = {
  '1.1': 'http://schemas.xmlsoap.org/soap/encoding/',
  '1.2': 'http://www.w3.org/2003/05/soap-encoding'
}

/** The text around every request of an operation; written once. */
export interface Frame {
  /** Undefined: the content stands in the body itself. */
  readonly operation: Name | undefined
  readonly head: string
  /** The attributes of the operation's element, beside its own. */
  readonly attributes: string
}

interface FrameParts {
  readonly version: Version
  readonly operation: Name | undefined
  readonly declarations: Readonly<Record<string, string>>
  readonly encoded: boolean
}

export function compileFrame({ version, operation, declarations, encoded }: FrameParts): Frame {
  const encoding: Record<string, string> = encoded ? { 'xmlns:soapenc': encodings[version] } : {}
  const namespaces = { 'xmlns:soapenv': uris[version], 'xmlns:xsi': xsi, ...encoding, ...declarations }
  const declared = Object.entries(namespaces).map(([name, uri]) => ` ${name}="${escapeAttribute(uri)}"`)
  return {
    operation,
    head: `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope${declared.join('')}>`,
    attributes: encoded ? ` soapenv:encodingStyle="${encodings[version]}"` : ''
  }
}

/** The parts of an envelope beside the value. */
export interface Extras {
  /** Elements of the SOAP header. */
  readonly header: string
  /** Attributes of the body. */
  readonly body: string
}
const noExtras: Extras = { header: '', body: '' }

/** The value must have the shape of the mapping; throws Unwritable. */
export function* writeEnvelopeInSteps(
  { operation, head, attributes }: Frame,
  mapping: ObjectMapping | VariantsMapping,
  value: Json,
  extras: Extras = noExtras
): Steps<string> {
  const header = headerOf(mapping)
  const headers = header === undefined || !isMap(value) ? undefined : own(value, header.property)
  const headerContent =
    headers === undefined || headers === null || header === undefined || header.mapping.kind !== 'object'
      ? ''
      : (yield* writeObject(header.mapping, headers, `/${header.property}`)).content
  const above = extras.header + headerContent === '' ? '' : `<soapenv:Header>${extras.header}${headerContent}</soapenv:Header>`
  const inside = yield* writeObject(mapping, value)
  const body = operation === undefined ? inside.content : element(operation, { ...inside, attributes: attributes + inside.attributes })
  return `${head}${above}<soapenv:Body${extras.body}>${body}</soapenv:Body></soapenv:Envelope>`
}

export const writeEnvelope = (frame: Frame, mapping: ObjectMapping | VariantsMapping, value: Json): string =>
  atOnce(writeEnvelopeInSteps(frame, mapping, value))

const isMap = (value: Json): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value)

export interface Fault {
  /** Without prefix, as the target wrote it: Client, Sender, Client.Authentication … */
  readonly codes: readonly string[]
  readonly text: string
  /** The elements of the detail. */
  readonly details: readonly Element[]
}

export type Opened = { readonly fault: Fault } | { readonly body: Element; readonly header: Element | undefined }

/** The content of the envelope: a fault, or a body. Throws BadXml. */
export function openEnvelope(root: Element): Opened {
  if (root.local !== 'Envelope' || !envelopeUris.has(root.uri)) throw new BadXml('it is not a SOAP envelope')
  const named = (wanted: string) => childrenOf(root).find(({ uri, local }) => local === wanted && uri === root.uri)
  const body = named('Body')
  if (body === undefined) throw new BadXml('the SOAP envelope has no body')
  const fault = childrenOf(body).find(element => isFault(element, root))
  return fault === undefined ? { body, header: named('Header') } : { fault: readFault(fault) }
}

/** Some targets write it without its namespace, or with that of the other version. */
const isFault = (element: Element, { uri }: Element): boolean =>
  element.local === 'Fault' &&
  (element.uri === uri || envelopeUris.has(element.uri) || childrenOf(element).some(({ local }) => /^fault(code|string)$/.test(local)))

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
    details: detail === undefined ? [] : childrenOf(detail)
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
