/** Qualified names as one string: `{uri}local`. */
import type { XmlElement } from '../../../core/xml-element.ts'

export interface QName {
  readonly uri: string
  readonly local: string
}

export const keyOf = ({ uri, local }: QName): string => `{${uri}}${local}`

const xsdUris: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/XMLSchema',
  'http://www.w3.org/2000/10/XMLSchema',
  'http://www.w3.org/1999/XMLSchema'
])
export const isXsd = (uri: string): boolean => xsdUris.has(uri)
export const xsd = 'http://www.w3.org/2001/XMLSchema'
export const xsi = 'http://www.w3.org/2001/XMLSchema-instance'
export const soapEncodings: ReadonlySet<string> = new Set([
  'http://schemas.xmlsoap.org/soap/encoding/',
  'http://www.w3.org/2003/05/soap-encoding'
])

/** A QName in the text of an attribute. `noPrefix` is the namespace of names without a prefix where none is declared. */
export function resolveQName(at: XmlElement, text: string, noPrefix?: string): QName {
  const [local = '', prefix = ''] = text.trim().split(':').reverse()
  const bound = at.scope.get(prefix) ?? `unbound:${prefix}`
  return { uri: prefix === '' && bound === '' && noPrefix !== undefined ? noPrefix : bound, local }
}
