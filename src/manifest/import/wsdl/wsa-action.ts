import { attribute, type XmlElement } from '../../../core/xml-element.ts'
import type { QName } from './qname.ts'

/** As the file says it, or WS-Addressing 1.0 WSDL Binding, section 4.4.4. */
export function wsaActionOf(
  input: XmlElement | undefined,
  { portType, name }: { readonly portType: QName; readonly name: string }
): string {
  const said = input?.attributes.find(({ uri, local }) => local === 'Action' && actionUris.has(uri))?.value.trim()
  if (said !== undefined && said !== '') return said
  const delimiter = portType.uri.startsWith('urn:') ? ':' : '/'
  const base = portType.uri.endsWith(delimiter) ? portType.uri : portType.uri + delimiter
  return [base + portType.local, (input && attribute(input, 'name')) ?? `${name}Request`].join(delimiter)
}
const actionUris: ReadonlySet<string> = new Set([
  'http://www.w3.org/2006/05/addressing/wsdl',
  'http://www.w3.org/2007/05/addressing/metadata'
])
