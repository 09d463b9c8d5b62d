/**
 * Exclusive XML Canonicalization 1.0 without comments, over our own tree: what is digested is what is read. (xml-crypto finds the parts by
 * XPath in a tree of its own: half a second for 30 KB, and two readings of one text.)
 */
import { setImmediate as turn } from 'node:timers/promises'
import { escapeText, type XmlElement } from '../../../src/index.ts'

type Rendered = Readonly<Record<string, string>>

interface Open {
  readonly element: XmlElement
  readonly rendered: Rendered
  next: number
}

export interface Canonicalizing {
  /** InclusiveNamespaces PrefixList; '' is #default. */
  readonly inclusive: readonly string[]
  readonly signal: AbortSignal
}

const piece = 2_000

/** The canonical text; others get their turn in between. */
export async function canonicalize(root: XmlElement, { inclusive, signal }: Canonicalizing): Promise<string> {
  const open: Open[] = []
  const written: string[] = []
  const enter = (element: XmlElement, outer: Rendered): void => {
    const { text, rendered } = startTag(element, outer, inclusive)
    written.push(text)
    open.push({ element, rendered, next: 0 })
  }
  enter(root, Object.assign(Object.create(null), { '': '' }))
  for (let steps = 1; open.length > 0; steps += 1) {
    const at = open.at(-1) as Open
    const child = at.element.children[at.next++]
    if (child === undefined) {
      written.push(`</${qnameOf(at.element)}>`)
      open.pop()
    } else if (typeof child === 'string') written.push(escapeText(child))
    else enter(child, at.rendered)
    if (steps % piece !== 0) continue
    await turn()
    signal.throwIfAborted()
  }
  return written.join('')
}

function startTag(element: XmlElement, outer: Rendered, inclusive: readonly string[]): { text: string; rendered: Rendered } {
  const { prefix, uri, attributes, scope } = element
  let fresh: Map<string, string> | undefined
  const use = (name: string, value: string): void => {
    if (name === 'xml' || outer[name] === value) return
    fresh ??= new Map()
    fresh.set(name, value)
  }
  use(prefix, uri)
  for (const each of attributes) if (each.prefix !== '') use(each.prefix, each.uri)
  for (const name of inclusive) {
    const bound = scope.get(name)
    if (bound !== undefined) use(name, bound)
  }
  const rendered = fresh === undefined ? outer : Object.assign(Object.create(null), outer, Object.fromEntries(fresh))
  const namespaces = fresh === undefined ? '' : [...fresh].sort(byFirst).map(declaration).join('')
  return { text: `<${qnameOf(element)}${namespaces}${attributesOf(element)}>`, rendered }
}

const declaration = ([prefix, uri]: readonly [string, string]): string =>
  ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escapeAttribute(uri)}"`

const attributesOf = ({ attributes }: XmlElement): string =>
  attributes.length === 0
    ? ''
    : attributes
        .map(each => [`${each.uri}\u0000${each.local}`, ` ${qnameOf(each)}="${escapeAttribute(each.value)}"`] as const)
        .sort(byFirst)
        .map(([, text]) => text)
        .join('')

/** By code unit; the difference to code points is beyond what names hold. */
const byFirst = ([one]: readonly [string, string], [other]: readonly [string, string]): number => (one < other ? -1 : 1)

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;', '\t': '&#x9;', '\n': '&#xA;', '\r': '&#xD;' }
const escapeAttribute = (text: string): string => text.replace(/[&<"\t\n\r]/g, found => escapes[found] as string)

const qnameOf = ({ prefix, local }: { readonly prefix: string; readonly local: string }): string =>
  prefix === '' ? local : `${prefix}:${local}`
