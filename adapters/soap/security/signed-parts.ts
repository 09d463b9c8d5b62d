/** A signed envelope taken apart: strictly, by place and never by search, so that nothing can stand in for something else. */
import { attribute, textContent, type XmlElement } from '../../../src/index.ts'
import { childrenOf } from '../parse-xml.ts'
import { type DigestName, digestAlgorithms, exclusive, type SignatureName, signatureAlgorithms } from './algorithms.ts'
import { Untrusted } from './untrusted.ts'
import { dsig, wsse } from './uris.ts'

export interface SignedParts {
  readonly header: XmlElement
  readonly body: XmlElement
  readonly security: XmlElement
  readonly signedInfo: XmlElement
  /** The inclusive prefixes of the canonical form of `signedInfo`. */
  readonly inclusive: readonly string[]
  readonly algorithm: SignatureName
  readonly signatureValue: Buffer
  readonly references: readonly Reference[]
}

export interface Reference {
  readonly id: string
  /** The meaning of it, by its place in the message. */
  readonly element: XmlElement
  readonly inclusive: readonly string[]
  readonly digest: DigestName
  readonly digestValue: Buffer
}

const mostReferences = 20

/** Throws Untrusted. */
export function takeApart(envelope: XmlElement, sha1: boolean): SignedParts {
  const [header, body] = split(envelope)
  const security = only(header, wsse, 'Security')
  const signature = only(security, dsig, 'Signature')
  if (countBelow(header, dsig, 'Signature') !== 1) throw new Untrusted('it has more than one signature in its header')
  const signedInfo = only(signature, dsig, 'SignedInfo')
  allow(signature, ['SignedInfo', 'SignatureValue', 'KeyInfo'])
  const signatureValue = base64Of(only(signature, dsig, 'SignatureValue'))
  return { header, body, security, signatureValue, ...readSignedInfo(signedInfo, { envelope, header, body, security, sha1 }) }
}

/** One header, one body, in this order, and nothing else. */
function split(envelope: XmlElement): readonly [XmlElement, XmlElement] {
  const parts = childrenOf(envelope)
  const [header, body] = parts
  const named = parts.map(({ uri, local }) => (uri === envelope.uri ? local : `{${uri}}${local}`)).join(' ')
  if (named === 'Body') throw new Untrusted('it is not signed')
  if (header === undefined || body === undefined || named !== 'Header Body')
    throw new Untrusted(`its envelope holds ${named.slice(0, 100)} where one Header and one Body are expected`)
  return [header, body]
}

function only(parent: XmlElement, uri: string, local: string): XmlElement {
  const [found, second] = childrenOf(parent).filter(each => each.uri === uri && each.local === local)
  if (second !== undefined) throw new Untrusted(`it has more than one ${local} in ${parent.local}`)
  if (found === undefined)
    throw new Untrusted(local === 'Security' || local === 'Signature' ? 'it is not signed' : `its signature has no ${local}`)
  return found
}

const countBelow = (parent: XmlElement, uri: string, local: string): number =>
  childrenOf(parent).reduce((sum, each) => sum + Number(each.uri === uri && each.local === local) + countBelow(each, uri, local), 0)

function allow(parent: XmlElement, names: readonly string[]): void {
  for (const { uri, local } of childrenOf(parent))
    if (uri !== dsig || !names.includes(local)) throw new Untrusted(`its ${parent.local} holds ${local.slice(0, 40)}`)
}

interface Places {
  readonly envelope: XmlElement
  readonly header: XmlElement
  readonly body: XmlElement
  readonly security: XmlElement
  readonly sha1: boolean
}

function readSignedInfo(
  signedInfo: XmlElement,
  places: Places
): Pick<SignedParts, 'signedInfo' | 'inclusive' | 'algorithm' | 'references'> {
  allow(signedInfo, ['CanonicalizationMethod', 'SignatureMethod', 'Reference'])
  const inclusive = canonicalization(only(signedInfo, dsig, 'CanonicalizationMethod'))
  const algorithm = named(signatureAlgorithms, only(signedInfo, dsig, 'SignatureMethod'), places.sha1)
  const found = childrenOf(signedInfo).filter(({ local }) => local === 'Reference')
  if (found.length === 0 || found.length > mostReferences) throw new Untrusted(`its signature has ${found.length} references`)
  const ids = idsOf(places.envelope)
  const references = new Map<string, Reference>()
  for (const each of found) {
    const reference = readReference(each, places.sha1)
    if (references.has(reference.id)) throw new Untrusted(`its signature refers twice to ${reference.id}`)
    references.set(reference.id, { ...reference, element: target(reference.id, ids, places) })
  }
  return { signedInfo, inclusive, algorithm, references: [...references.values()] }
}

/** The one element with this id, when it is a part of the message that means something by its place. */
function target(id: string, ids: ReadonlyMap<string, readonly XmlElement[]>, { header, body, security }: Places): XmlElement {
  const [element, second] = ids.get(id) ?? []
  if (element === undefined) throw new Untrusted(`its signature refers to ${id}, which is not there`)
  if (second !== undefined) throw new Untrusted(`the id ${id} is there more than once`)
  const inPlace = element === body || childrenOf(header).includes(element) || childrenOf(security).includes(element)
  if (!inPlace || element === security) throw new Untrusted(`its signature refers to ${id}, which is neither the body nor a header`)
  return element
}

/** Whatever some reader may take for an id. */
function idsOf(envelope: XmlElement): ReadonlyMap<string, readonly XmlElement[]> {
  const ids = new Map<string, XmlElement[]>()
  const visit = (element: XmlElement): void => {
    for (const { local, value } of element.attributes) {
      if (local.toLowerCase() !== 'id') continue
      const known = ids.get(value)
      if (known === undefined) ids.set(value, [element])
      else known.push(element)
    }
    for (const child of childrenOf(element)) visit(child)
  }
  visit(envelope)
  return ids
}

function readReference(reference: XmlElement, sha1: boolean): Omit<Reference, 'element'> {
  allow(reference, ['Transforms', 'DigestMethod', 'DigestValue'])
  const transforms = only(reference, dsig, 'Transforms')
  allow(transforms, ['Transform'])
  const inclusive = canonicalization(only(transforms, dsig, 'Transform'))
  const digest = named(digestAlgorithms, only(reference, dsig, 'DigestMethod'), sha1)
  const digestValue = base64Of(only(reference, dsig, 'DigestValue'))
  const id = /^#([A-Za-z_][\w.-]{0,199})$/.exec(attribute(reference, 'URI') ?? '')?.[1]
  if (id === undefined) throw new Untrusted('its signature refers to something by another way than an id')
  return { id, inclusive, digest, digestValue }
}

function base64Of(element: XmlElement): Buffer {
  const text = textContent(element).replace(/\s/g, '')
  if (childrenOf(element).length > 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text))
    throw new Untrusted(`its ${element.local} is not a text in base64`)
  return Buffer.from(text, 'base64')
}

/** The prefixes that count although no name shows them. */
function canonicalization(element: XmlElement): readonly string[] {
  const uri = attribute(element, 'Algorithm')
  if (uri !== exclusive) throw new Untrusted(`its signature uses ${String(uri).slice(0, 100)} where only ${exclusive} is accepted`)
  const [list, second] = childrenOf(element)
  if (list === undefined) return []
  if (second !== undefined || list.uri !== exclusive || list.local !== 'InclusiveNamespaces')
    throw new Untrusted(`its ${element.local} has parameters that are not accepted`)
  const prefixes = (attribute(list, 'PrefixList') ?? '').split(/\s+/).filter(Boolean)
  return prefixes.map(prefix => (prefix === '#default' ? '' : prefix))
}

function named<Name extends SignatureName | DigestName>(
  table: Readonly<Record<Name, { readonly uri: string; readonly weak?: true }>>,
  element: XmlElement,
  sha1: boolean
): Name {
  const uri = attribute(element, 'Algorithm')
  const name = (Object.keys(table) as Name[]).find(each => table[each].uri === uri)
  if (childrenOf(element).length > 0) throw new Untrusted(`its ${element.local} has parameters that are not accepted`)
  if (name === undefined) throw new Untrusted(`its signature uses ${String(uri).slice(0, 100)}, which is not accepted`)
  if (table[name].weak && !sha1)
    throw new Untrusted(`its signature uses SHA-1 (${name}), which is not accepted unless security.verify.sha1 says so`)
  return name
}
