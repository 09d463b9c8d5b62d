/** XML trees and texts → XML text. */
import { noScope, type Scope, type XmlElement } from './xml-element.ts'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;'
}
export const escapeText = (text: string): string => text.replace(/[&<>\r]/g, found => escapes[found] as string)
export const escapeAttribute = (text: string): string => text.replace(/[&<>"\t\n\r]/g, found => escapes[found] as string)

/** The element as text that stands on its own: it declares every prefix that is in scope and used inside. */
export function writeXmlTree(element: XmlElement, declared: Scope = noScope): string {
  let inner = declared
  let head = `<${qnameOf(element)}`
  for (const { prefix, uri } of [element, ...element.attributes.filter(each => each.prefix !== '')]) {
    if (prefix === 'xml' || inner[prefix] === uri) continue
    inner = Object.assign(Object.create(null), inner, { [prefix]: uri }) as Scope
    head += ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escapeAttribute(uri)}"`
  }
  for (const each of element.attributes) head += ` ${qnameOf(each)}="${escapeAttribute(each.value)}"`
  const content = element.children.map(child => (typeof child === 'string' ? escapeText(child) : writeXmlTree(child, inner))).join('')
  return content === '' ? `${head}/>` : `${head}>${content}</${qnameOf(element)}>`
}

const qnameOf = ({ prefix, local }: { prefix: string; local: string }): string => (prefix === '' ? local : `${prefix}:${local}`)
