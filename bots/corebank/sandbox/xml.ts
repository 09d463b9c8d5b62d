/** XML in and out. Namespaces are resolved, so prefixes do not matter; a DOCTYPE is refused. */
import { Parser } from 'xml2js'

export interface Element {
  readonly namespace: string
  readonly name: string
  /** By local name, those without a namespace only. */
  readonly attributes: Readonly<Record<string, string>>
  /** By `{namespace}name`. */
  readonly qualified: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  readonly text: string
}

/** What xml2js gives with the options below. */
interface Parsed {
  readonly $ns?: { readonly uri?: string; readonly local?: string }
  readonly $?: Readonly<Record<string, { readonly value: string; readonly local: string; readonly uri: string }>>
  readonly $$?: readonly Parsed[]
  readonly _?: unknown
}

const parserOptions = { xmlns: true, explicitRoot: false, explicitChildren: true, preserveChildrenOrder: true, async: false }
const xmlnsNamespace = 'http://www.w3.org/2000/xmlns/'

/** Throws an Error that says what is wrong. */
export function parseXml(text: string): Element {
  if (/<!DOCTYPE/i.test(text)) throw new Error('A DOCTYPE is not allowed')
  let root: Parsed | undefined
  let failure: Error | undefined
  new Parser(parserOptions).parseString(text, (error, result) => {
    failure ??= error ?? undefined
    root ??= result
  })
  if (failure !== undefined) throw new Error(failure.message.split('\n')[0])
  if (typeof root !== 'object' || root === null) throw new Error('The document is empty')
  return element(root)
}

function element(node: Parsed): Element {
  const attributes = Object.values(node.$ ?? {}).filter(({ uri }) => uri !== xmlnsNamespace)
  return {
    namespace: node.$ns?.uri ?? '',
    name: node.$ns?.local ?? '',
    attributes: Object.fromEntries(attributes.filter(({ uri }) => !uri).map(({ local, value }) => [local, value])),
    qualified: Object.fromEntries(attributes.filter(({ uri }) => uri).map(({ local, uri, value }) => [`{${uri}}${local}`, value])),
    children: (node.$$ ?? []).map(element),
    text: typeof node._ === 'string' ? node._ : ''
  }
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }

export function escapeXml(text: string): string {
  return /[&<>"\r]/.test(text) ? text.replace(/[&<>"\r]/g, character => escapes[character] ?? character) : text
}
