/** SOAP 1.1 envelopes: what is read, what is answered, and faults. */
import { type Element, escapeXml, parseXml } from './xml.ts'

export const envelopeNamespace = 'http://schemas.xmlsoap.org/soap/envelope/'
export const bankNamespace = 'urn:bank.example:corebank:v1'

export type FaultCode = 'Client' | 'Server' | 'MustUnderstand' | 'VersionMismatch'

/** A fault to answer. `detail` is ready-made XML. */
export class SoapFault extends Error {
  readonly code: FaultCode
  readonly detail: string | undefined
  constructor(code: FaultCode, message: string, detail?: string) {
    super(message)
    this.code = code
    this.detail = detail
  }
}

/** The one child of the request's Body. */
export function readBody(text: string): Element {
  const envelope = parse(text)
  if (envelope.name !== 'Envelope') throw new SoapFault('Client', 'The root element is not an Envelope')
  if (envelope.namespace !== envelopeNamespace) throw new SoapFault('VersionMismatch', 'This is not a SOAP 1.1 envelope')
  refuseMandatoryHeaders(child(envelope, 'Header'))
  const [request, ...others] = child(envelope, 'Body')?.children ?? []
  if (request === undefined || others.length > 0) throw new SoapFault('Client', 'The Body must have one child')
  return request
}

function parse(text: string): Element {
  try {
    return parseXml(text)
  } catch (error) {
    throw new SoapFault('Client', `Malformed request: ${(error as Error).message}`)
  }
}

/** This service understands no header, so it must refuse those marked mustUnderstand (SOAP 1.1, section 4.2.3). */
function refuseMandatoryHeaders(header: Element | undefined): void {
  const mandatory = header?.children.find(entry => entry.qualified[`{${envelopeNamespace}}mustUnderstand`] === '1')
  if (mandatory !== undefined) throw new SoapFault('MustUnderstand', `The header ${mandatory.name} is not understood`)
}

function child(parent: Element, name: string): Element | undefined {
  return parent.children.find(entry => entry.name === name && entry.namespace === envelopeNamespace)
}

export function envelope(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="${envelopeNamespace}"><soap:Body>${body}</soap:Body></soap:Envelope>`
}

export function faultEnvelope({ code, message, detail }: SoapFault): string {
  const xml = detail === undefined ? '' : `<detail>${detail}</detail>`
  return envelope(`<soap:Fault><faultcode>soap:${code}</faultcode><faultstring>${escapeXml(message)}</faultstring>${xml}</soap:Fault>`)
}
