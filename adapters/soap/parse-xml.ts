/** XML text → elements with their namespaces resolved, so that prefixes do not matter. */
import { Parser } from 'xml2js'
import type { Limits } from './shape.ts'
import { attributesKey, textKey } from './write-value.ts'
import { BadXml, guardXml } from './xml-guard.ts'

/** A node as xml2js leaves it: a bare text, or an object of attributes, text and child lists. */
type RawNode = string | { readonly [key: string]: unknown }
type Scope = Readonly<Record<string, string>>

export interface Element {
  readonly uri: string
  readonly local: string
  readonly raw: RawNode
  readonly scope: Scope
}

/** A mark before every element's name: no name can be taken for a member of Object.prototype, or for the two keys. */
const mark = '/'
const options = { async: false, attrkey: attributesKey, charkey: textKey, tagNameProcessors: [(name: string) => mark + name] }
/** Above this many characters xml2js works in pieces, so that others get their turn. */
const pieceAbove = 64 * 1024
const noScope: Scope = Object.freeze(Object.assign(Object.create(null), { '': '', xml: 'http://www.w3.org/XML/1998/namespace' }))

/** The root element. Throws BadXml. */
export async function parseXml(text: string, limits: Limits, signal: AbortSignal): Promise<Element> {
  guardXml(text, limits)
  const document = await parse(text, signal)
  const root = elementsOf(document as RawNode, noScope)[0]
  if (root === undefined) throw new BadXml('it has no element')
  return root
}

/** In pieces, xml2js can fail without ever calling back: the signal ends the wait then. */
function parse(text: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const parser = new Parser({ ...options, async: text.length > pieceAbove })
    parser.parseString(text, (error, result) => {
      signal.removeEventListener('abort', abort)
      if (error === null) resolve(result)
      else reject(new BadXml(`it is not well formed: ${error.message.split('\n')[0]}`))
    })
  })
}

export const childrenOf = ({ raw, scope }: Element): readonly Element[] => elementsOf(raw, scope)

function elementsOf(raw: RawNode, scope: Scope): readonly Element[] {
  if (typeof raw === 'string') return []
  const found: Element[] = []
  for (const key in raw) {
    if (!key.startsWith(mark)) continue
    const value = raw[key]
    const nodes = (Array.isArray(value) ? value : [value]) as readonly RawNode[]
    for (const node of nodes) found.push(element(key, node, scope))
  }
  return found
}

function element(key: string, raw: RawNode, outer: Scope): Element {
  const scope = innerScope(raw, outer)
  const colon = key.indexOf(':')
  const prefix = colon === -1 ? '' : key.slice(mark.length, colon)
  const uri = scope[prefix]
  if (uri === undefined) throw new BadXml(`the prefix ${prefix} has no namespace`)
  return { uri, local: key.slice(colon === -1 ? mark.length : colon + 1), raw, scope }
}

function innerScope(raw: RawNode, outer: Scope): Scope {
  let scope: Record<string, string> | undefined
  const attributes = rawAttributes(raw)
  for (const name in attributes) {
    if (!name.startsWith('xmlns') || (name.length > 5 && name[5] !== ':')) continue
    scope ??= Object.assign(Object.create(null), outer) as Record<string, string>
    scope[name.slice(6)] = attributes[name] ?? ''
  }
  return scope ?? outer
}

const none: Readonly<Record<string, string>> = Object.freeze({})
const rawAttributes = (raw: RawNode): Readonly<Record<string, string>> =>
  typeof raw === 'string' ? none : ((raw[attributesKey] as Readonly<Record<string, string>> | undefined) ?? none)

/** The value of an attribute; attributes without a prefix are in no namespace. */
export function attributeOf({ raw, scope }: Element, uri: string, local: string): string | undefined {
  const attributes = rawAttributes(raw)
  if (uri === '') return Object.hasOwn(attributes, local) ? attributes[local] : undefined
  for (const name in attributes) {
    const colon = name.indexOf(':')
    if (colon > 0 && name.slice(colon + 1) === local && scope[name.slice(0, colon)] === uri) return attributes[name]
  }
  return undefined
}

/** The element's own text, without that of its children. */
export function textOf({ raw }: Element): string {
  const text = typeof raw === 'string' ? raw : raw[textKey]
  return typeof text === 'string' ? text : ''
}
