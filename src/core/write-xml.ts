/** XML trees and texts → XML text. */
import type { Steps } from './steps.ts'
import { noScope, Scope, type XmlElement } from './xml-element.ts'

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

interface Open {
  readonly element: XmlElement
  readonly declared: Scope
  next: number
  /** Its start tag is closed: there is something inside. */
  begun: boolean
}

/** Texts, and elements as text that stands on its own: each declares every prefix that is in scope and used inside. */
export function* writeXmlTreeInSteps(nodes: readonly (XmlElement | string)[]): Steps<string> {
  let text = ''
  let pieces: string[] = []
  for (const node of nodes) {
    const open: Open[] = []
    if (typeof node === 'string') pieces.push(escapeText(node))
    else open.push(startElement(node, noScope, pieces))
    while (open.length > 0) {
      writeNext(open, pieces)
      if (pieces.length < togetherPieces) continue
      text += pieces.join('')
      pieces = []
      yield
    }
  }
  return text + pieces.join('')
}

const togetherPieces = 500

function writeNext(open: Open[], pieces: string[]): void {
  const at = open.at(-1) as Open
  const child = at.element.children[at.next++]
  if (child === undefined) {
    pieces.push(at.begun ? `</${qnameOf(at.element)}>` : '/>')
    open.pop()
  } else if (child !== '') {
    if (!at.begun) pieces.push('>')
    at.begun = true
    if (typeof child === 'string') pieces.push(escapeText(child))
    else open.push(startElement(child, at.declared, pieces))
  }
}

/** Leaves the tag open. */
function startElement(element: XmlElement, outer: Scope, pieces: string[]): Open {
  let declared: Map<string, string> | undefined
  let head = `<${qnameOf(element)}`
  const declare = ({ prefix, uri }: { readonly prefix: string; readonly uri: string }): void => {
    if (prefix === 'xml' || (declared?.get(prefix) ?? outer.get(prefix)) === uri) return
    declared ??= new Map()
    declared.set(prefix, uri)
    head += ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escapeAttribute(uri)}"`
  }
  declare(element)
  for (const each of element.attributes) if (each.prefix !== '') declare(each)
  for (const each of element.attributes) head += ` ${qnameOf(each)}="${escapeAttribute(each.value)}"`
  pieces.push(head)
  return { element, declared: declared === undefined ? outer : new Scope(declared, outer), next: 0, begun: false }
}

const qnameOf = ({ prefix, local }: { prefix: string; local: string }): string => (prefix === '' ? local : `${prefix}:${local}`)
