/** Complex types → Content. */
import { attribute, childElements, type XmlElement } from '../../../core/xml-element.ts'
import { attributesOf, overlay } from './attributes.ts'
import { documentationOf } from './definitions.ts'
import {
  anything,
  type Content,
  type ElementParticle,
  type GroupParticle,
  nothing,
  type Occurs,
  type Particle,
  type TypeUse
} from './particles.ts'
import { isXsd, keyOf, type QName, resolveQName, soapEncodings } from './qname.ts'
import { type Component, refOf, type SchemaContext, type SchemaSet } from './schema-set.ts'
import { inlineSimple, isBuiltin, namedSimple, restrict, type Simple, type SimpleContext } from './simple-types.ts'

export interface ContentContext extends SimpleContext {
  readonly substitutes: ReadonlyMap<string, readonly Component[]>
  /** Something is referred to that is not there. Throws when that is because an import is missing. */
  lost(kind: string, name: QName): void
}

export interface Place {
  readonly context: SchemaContext
  readonly via: ReadonlySet<string>
}

const start: ReadonlySet<string> = new Set()
const arrayType = { uri: 'http://schemas.xmlsoap.org/wsdl/', local: 'arrayType' }

/** Of a complexType element. */
export function contentOf(types: ContentContext, node: XmlElement, context: SchemaContext, via = start): Content {
  const place = { context, via }
  const mixed = isTrue(attribute(node, 'mixed'))
  const wrapped = childElements(node).find(({ local }) => local === 'simpleContent' || local === 'complexContent')
  if (wrapped === undefined) return { ...ownContent(types, node, place), mixed }
  const inner = childElements(wrapped).find(({ local }) => local === 'extension' || local === 'restriction')
  if (inner === undefined) return { ...nothing, mixed }
  const derived = wrapped.local === 'simpleContent' ? simpleContent(types, inner, place) : complexContent(types, inner, place)
  return { ...derived, mixed: derived.mixed || mixed || isTrue(attribute(wrapped, 'mixed')) }
}

export const isTrue = (text: string | undefined): boolean => text === 'true' || text === '1'

/** The content of a named type; a simple type is text. */
export function namedContent(types: ContentContext, name: QName, via = start): Content {
  if (isBuiltin(name)) return { ...nothing, text: namedSimple(types, name) }
  if (isAnyType(name)) return anything
  if (soapEncodings.has(name.uri) && name.local === 'Array')
    return { ...nothing, items: { uri: 'http://www.w3.org/2001/XMLSchema', local: 'anyType' } }
  const found = types.set.find('type', name)
  const key = keyOf(name)
  if (found === undefined || via.has(key)) {
    if (found === undefined) types.lost('type', name)
    return anything
  }
  if (found.node.local === 'simpleType') return { ...nothing, text: inlineSimple(types, found.node, found.context) }
  return contentOf(types, found.node, found.context, new Set([...via, key]))
}

export const isAnyType = ({ uri, local }: QName): boolean =>
  (isXsd(uri) || soapEncodings.has(uri)) && (local === 'anyType' || local === 'ur-type' || local === 'Struct')

function simpleContent(types: ContentContext, node: XmlElement, { context, via }: Place): Content {
  const name = refOf(node, context, 'base')
  const base = name === undefined ? nothing : namedContent(types, name, via)
  const own = attributesOf(types, node, { context, via })
  const inline = childElements(node).find(({ local }) => local === 'simpleType')
  const source: Simple = inline === undefined ? (base.text ?? { type: 'string' }) : inlineSimple(types, inline, context)
  const text = node.local === 'restriction' ? restrict(types, source, node) : source
  return { ...nothing, text, attributes: overlay(base.attributes, own), anyAttribute: base.anyAttribute || own.any }
}

function complexContent(types: ContentContext, node: XmlElement, place: Place): Content {
  const name = refOf(node, place.context, 'base')
  if (name !== undefined && soapEncodings.has(name.uri)) return encodedArray(types, node, name, place)
  const base = name === undefined || isAnyType(name) ? nothing : namedContent(types, name, place.via)
  const own = ownContent(types, node, place)
  const attributes = overlay(base.attributes, attributesOf(types, node, place))
  if (base.items !== undefined) return { ...base, items: arrayItems(node, place) ?? base.items }
  if (node.local === 'restriction') return { ...own, attributes, mixed: base.mixed && own.particle !== undefined }
  const particle = joined(base.particle, own.particle)
  return {
    ...own,
    particle,
    attributes,
    anyAttribute: own.anyAttribute || base.anyAttribute,
    mixed: base.mixed,
    text: base.text,
    open: base.open
  }
}

function joined(first: Particle | undefined, second: Particle | undefined): Particle | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return { kind: 'sequence', min: 1, max: 1, parts: [first, second], label: undefined }
}

/** SOAP 1.1, section 5.4.2: the type of the items stands in wsdl:arrayType, or in the one element that the array declares. */
function encodedArray(types: ContentContext, node: XmlElement, base: QName, place: Place): Content {
  if (base.local !== 'Array') return { ...namedContent(types, base, place.via), ...ownContent(types, node, place) }
  return { ...nothing, items: arrayItems(node, place) ?? { uri: 'http://www.w3.org/2001/XMLSchema', local: 'anyType' } }
}

function arrayItems(node: XmlElement, { context }: Place): QName | undefined {
  const all = descendants(node)
  const said = all.find(each => each.local === 'attribute' && attribute(each, arrayType.local, arrayType.uri) !== undefined)
  const text = said === undefined ? undefined : attribute(said, arrayType.local, arrayType.uri)
  if (said !== undefined && text !== undefined) {
    // An array of arrays of X is written X[][].
    const inner = text.replace(/\[[\d,]*\]$/, '')
    return /\]$/.test(inner) ? { uri: 'http://schemas.xmlsoap.org/soap/encoding/', local: 'Array' } : resolveQName(said, inner)
  }
  const element = all.find(each => each.local === 'element')
  return element === undefined ? undefined : refOf(element, context, 'type')
}

const descendants = (node: XmlElement): readonly XmlElement[] => childElements(node).flatMap(child => [child, ...descendants(child)])

/** Particles and attributes that stand directly in a type, extension or restriction. */
function ownContent(types: ContentContext, node: XmlElement, place: Place): Content {
  const groups = childElements(node).filter(
    ({ uri, local }) => isXsd(uri) && ['sequence', 'choice', 'all', 'group', 'element', 'any'].includes(local)
  )
  const parts = groups.flatMap(each => particlesOf(types, each, place))
  const { any, ...attributes } = attributesOf(types, node, place)
  // XSD of 1999 has elements without a sequence around them.
  const particle = parts.length > 1 ? { kind: 'sequence' as const, min: 1, max: 1, parts, label: undefined } : parts[0]
  return { ...nothing, particle, attributes: overlay([], { any, ...attributes }), anyAttribute: any }
}

function occursOf(node: XmlElement): Occurs {
  const most = attribute(node, 'maxOccurs')?.trim()
  const least = attribute(node, 'minOccurs')?.trim()
  const max = most === undefined || most === '' ? 1 : most === 'unbounded' || most === '*' ? Number.POSITIVE_INFINITY : Number(most)
  const min = least === undefined || least === '' ? Math.min(1, max) : Number(least)
  return { min: Number.isFinite(min) ? min : 1, max: Number.isNaN(max) ? 1 : max }
}

function particlesOf(types: ContentContext, node: XmlElement, place: Place): readonly Particle[] {
  if (!isXsd(node.uri) || !Object.hasOwn(particleKinds, node.local)) return []
  const occurs = occursOf(node)
  if (occurs.max === 0) return []
  return particleKinds[node.local as keyof typeof particleKinds](types, { node, occurs, place })
}

interface Source {
  readonly node: XmlElement
  readonly occurs: Occurs
  readonly place: Place
}

const compositor =
  (kind: GroupParticle['kind']) =>
  (types: ContentContext, { node, occurs, place }: Source): readonly Particle[] => {
    const parts = childElements(node).flatMap(child => particlesOf(types, child, place))
    return parts.length === 0 ? [] : [{ kind, ...occurs, parts, label: undefined }]
  }

const particleKinds = {
  sequence: compositor('sequence'),
  choice: compositor('choice'),
  all: compositor('all'),
  any: (types: ContentContext, { node, occurs, place }: Source): readonly Particle[] => [
    { kind: 'any', ...occurs, example: occurs.min > 0 ? knownElement(types, node, place.context) : undefined }
  ],
  group: groupReference,
  element: elementParticle
} as const

/** For a wildcard that takes declared elements only: one with a text. For one that takes elements without namespace: such a one. */
function knownElement(types: ContentContext, node: XmlElement, { uri }: SchemaContext): string | undefined {
  const local = attribute(node, 'namespace') === '##local'
  if ((attribute(node, 'processContents') ?? 'strict') !== 'strict') return local ? '<sample xmlns=""/>' : undefined
  const other = attribute(node, 'namespace') === '##other'
  for (const { name, node: each } of types.set.all('element')) {
    const type = attribute(each, 'type')
    if (type === undefined || name.uri === '' || (other && name.uri === uri) || isTrue(attribute(each, 'abstract'))) continue
    const { uri: typeUri, local } = resolveQName(each, type)
    if (isXsd(typeUri) && local === 'string') return `<${name.local} xmlns="${name.uri}">sample</${name.local}>`
    if (isXsd(typeUri) && local === 'boolean') return `<${name.local} xmlns="${name.uri}">true</${name.local}>`
    if (isXsd(typeUri) && local === 'anyURI') return `<${name.local} xmlns="${name.uri}">urn:sample</${name.local}>`
  }
  return undefined
}

function groupReference(types: ContentContext, { node, occurs, place }: Source): readonly Particle[] {
  const name = refOf(node, place.context, 'ref')
  const found = name === undefined ? undefined : types.set.find('group', name)
  if (name === undefined || found === undefined) {
    if (name !== undefined) types.lost('group', name)
    return []
  }
  const key = `group ${keyOf(name)}`
  if (place.via.has(key)) {
    types.warn(`The group ${name.local} holds itself, which XSD forbids: the inner one was left out.`)
    return []
  }
  const inner = { context: found.context, via: new Set([...place.via, key]) }
  const parts = childElements(found.node).flatMap(child => particlesOf(types, child, inner))
  const [only] = parts
  if (parts.length === 1 && occurs.min === 1 && occurs.max === 1 && only !== undefined) return [only]
  return parts.length === 0 ? [] : [{ kind: 'sequence', ...occurs, parts, label: name.local }]
}

function elementParticle(types: ContentContext, { node, occurs, place }: Source): readonly Particle[] {
  const { context } = place
  const ref = refOf(node, context, 'ref')
  if (ref === undefined) return [{ ...occurs, ...elementUse(types, node, context, localName(node, context)) }]
  const found = types.set.find('element', ref)
  if (found === undefined) {
    // .NET's data sets refer to the schema that they carry with them.
    if (!isXsd(ref.uri)) types.lost('element', ref)
    return [{ kind: 'any', ...occurs, example: undefined }]
  }
  const members = substitutesOf(types, found)
  const own = {
    ...elementUse(types, found.node, found.context, ref),
    ...occurs,
    documentation: documentationOf(node) || documentationOf(found.node)
  }
  if (members.length === 0) return [own]
  const parts = members.map(each => ({ ...elementUse(types, each.node, each.context, each.name), min: 1, max: 1 }))
  return [
    {
      kind: 'choice',
      ...occurs,
      parts: isTrue(attribute(found.node, 'abstract')) ? parts : [{ ...own, min: 1, max: 1 }, ...parts],
      label: ref.local
    }
  ]
}

function localName(node: XmlElement, context: SchemaContext): QName {
  const form = attribute(node, 'form')
  const qualified = form === undefined ? context.elementsQualified : form === 'qualified'
  return { uri: qualified ? context.uri : '', local: wireName(attribute(node, 'name') ?? '') }
}

/** Some files have names that XML does not allow. */
export const wireName = (name: string): string => name.trim().replace(/[^\p{L}\p{M}\p{N}_.\-\u00b7]/gu, '_')

type ElementUse = Omit<ElementParticle, 'min' | 'max'>

export function elementUse(types: ContentContext, node: XmlElement, context: SchemaContext, name: QName): ElementUse {
  return {
    kind: 'element',
    name,
    type: typeUse(types, node, context, name),
    nillable: isTrue(attribute(node, 'nillable')),
    fixed: attribute(node, 'fixed'),
    fallback: attribute(node, 'default'),
    documentation: documentationOf(node),
    expected: node.attributes.find(({ uri, local }) => local === 'expectedContentTypes' && uri.endsWith('/xmlmime'))?.value
  }
}

const anyType: TypeUse = { kind: 'named', name: { uri: 'http://www.w3.org/2001/XMLSchema', local: 'anyType' } }

function typeUse(types: ContentContext, node: XmlElement, context: SchemaContext, name: QName): TypeUse {
  const type = refOf(node, context, 'type')
  if (type !== undefined) return { kind: 'named', name: type }
  const inline = childElements(node).find(({ local }) => local === 'complexType' || local === 'simpleType')
  if (inline !== undefined) {
    const global = types.set.find('element', name)
    return global?.node === node ? { kind: 'of', element: global } : { kind: 'inline', node: inline, context }
  }
  const head = refOf(node, context, 'substitutionGroup')
  const found = head === undefined ? undefined : types.set.find('element', head)
  return found === undefined || head === undefined || found.node === node ? anyType : typeUse(types, found.node, found.context, head)
}

/** The elements that may stand for this one, and those that may stand for them. */
function substitutesOf(types: ContentContext, head: Component): readonly Component[] {
  const members = new Set<Component>()
  const visit = (name: QName): void => {
    for (const each of types.substitutes.get(keyOf(name)) ?? []) {
      if (members.has(each) || each === head) continue
      members.add(each)
      visit(each.name)
    }
  }
  visit(head.name)
  return [...members].filter(each => !isTrue(attribute(each.node, 'abstract')))
}

/** Elements by the head that they may stand for. */
export function findSubstitutes(set: SchemaSet): ReadonlyMap<string, readonly Component[]> {
  const found = new Map<string, Component[]>()
  for (const each of set.all('element')) {
    const head = refOf(each.node, each.context, 'substitutionGroup')
    if (head !== undefined) found.set(keyOf(head), [...(found.get(keyOf(head)) ?? []), each])
  }
  return found
}
