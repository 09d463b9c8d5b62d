/** Named types → shared schemas, each once; recursion becomes a reference. */

import type { Json, JsonObject } from '../../../core/types.ts'
import { attribute, childElements } from '../../../core/xml-element.ts'
import { type ContentContext, contentOf, elementUse, isAnyType, namedContent } from './content.ts'
import { documentationOf } from './definitions.ts'
import { objectSchema } from './objects.ts'
import { anything, type Content, type ElementParticle, type TypeUse } from './particles.ts'
import { keyOf, type QName } from './qname.ts'
import { type Component, refOf } from './schema-set.ts'
import { inlineSimple, isBuiltin, isSwaRef, namedSimple } from './simple-types.ts'

export interface Registry extends ContentContext {
  /** Elements of objects are in this namespace where nothing else is said; undefined: always say. */
  readonly defaultUri: string | undefined
  /** Elements say their type (rpc/encoded). */
  readonly encoded: boolean
  /** Bytes travel beside the envelope (MTOM). */
  readonly mtom: boolean
  prefixOf(uri: string): string
  readonly shared: Map<string, Shared>
  readonly making: Making
  /** Named types by what they extend. */
  readonly derived: ReadonlyMap<string, readonly Component[]>
}

export interface Shared {
  readonly name: string
  schema: JsonObject | undefined
  /** One of several: its JSON says which. */
  variant: boolean
  readonly type: QName | undefined
}

/** Extensions always; restrictions only matter below abstract types, whose instances they are. */
export function findDerived(types: ContentContext): ReadonlyMap<string, readonly Component[]> {
  const derived = new Map<string, Component[]>()
  for (const each of types.set.all('type')) {
    const content = childElements(each.node).find(({ local }) => local === 'complexContent' || local === 'simpleContent')
    const step = content && childElements(content).find(({ local }) => local === 'extension' || local === 'restriction')
    const base = step && refOf(step, each.context, 'base')
    if (base === undefined || step === undefined || isAnyType(base) || isBuiltin(base)) continue
    const parent = types.set.find('type', base)
    if (parent === undefined || (step.local === 'restriction' && !isAbstract(parent))) continue
    derived.set(keyOf(base), [...(derived.get(keyOf(base)) ?? []), each])
  }
  return derived
}

const isAbstract = ({ node }: Component): boolean => attribute(node, 'abstract') === 'true' || attribute(node, 'abstract') === '1'

export function typeSchema(registry: Registry, type: TypeUse): JsonObject {
  if (type.kind === 'inline') return inlineType(registry, type.node, type.context)
  if (type.kind === 'of') return elementType(registry, type.element)
  const { name } = type
  if (isBuiltin(name) || isSwaRef(name)) return typed(registry, namedSimple(registry, name), name)
  if (isAnyType(name)) return share(registry, { key: 'anyType', name: 'Anything', type: undefined }, () => objectSchema(registry, anything))
  const found = registry.set.find('type', name)
  if (found?.node.local === 'simpleType') return simpleReference(registry, found)
  const variants = found === undefined ? [] : concrete(registry, found)
  if (found !== undefined && (variants.length > 1 || (isAbstract(found) && variants.length > 0))) return oneOf(registry, found, variants)
  return complexReference(registry, name)
}

function simpleReference(registry: Registry, { node, context, name }: Component): JsonObject {
  const schema = typed(registry, inlineSimple(registry, node, context), name)
  // Lists of values are long, and used in many places.
  if (!Array.isArray(schema.enum) || schema.enum.length < 6) return schema
  return share(registry, { key: keyOf(name), name: name.local, type: undefined }, () => schema)
}

function complexReference(registry: Registry, name: QName): JsonObject {
  const content = namedContent(registry, name)
  if (isScalar(content)) return typed(registry, content.text ?? {}, name)
  return share(registry, { key: keyOf(name), name: name.local, type: name }, () => objectSchema(registry, content, name))
}

export const isScalar = ({ text, attributes, anyAttribute }: Content): boolean =>
  text !== undefined && attributes.length === 0 && !anyAttribute

export const typed = (registry: Registry, schema: JsonObject, { uri, local }: QName): JsonObject =>
  registry.encoded
    ? { ...schema, xml: { ...(schema.xml as JsonObject | undefined), 'x-type': `${registry.prefixOf(uri)}:${local}` } }
    : schema

/** The type and everything that extends it, the abstract ones left out. */
function concrete({ derived }: Registry, root: Component): readonly Component[] {
  const found = new Set<Component>()
  const visit = (each: Component): void => {
    if (found.has(each)) return
    found.add(each)
    for (const child of derived.get(keyOf(each.name)) ?? []) visit(child)
  }
  visit(root)
  return [...found].filter(each => !isAbstract(each))
}

function oneOf(registry: Registry, base: Component, variants: readonly Component[]): JsonObject {
  const { local } = base.name
  return share(registry, { key: `any ${keyOf(base.name)}`, name: `Any${local}`, type: undefined }, () => ({
    description: `One of the kinds of ${local}; xsi_type says which.`,
    oneOf: variants.map(({ name }) => {
      const reference = complexReference(registry, name)
      const shared = registry.shared.get(keyOf(name))
      if (shared !== undefined) shared.variant = true
      return name.local === local && name.uri === base.name.uri ? reference : { ...reference, required: ['xsi_type'] }
    })
  }))
}

/** Whoever asks first makes it; whoever asks meanwhile gets the reference. */
function share(
  registry: Registry,
  { key, name, type }: { key: string; name: string; type: QName | undefined },
  make: () => JsonObject
): JsonObject {
  const known = registry.shared.get(key)
  if (known !== undefined) return { $ref: `#/schemas/${known.name}` }
  const shared: Shared = { name: freshName(registry, name), schema: undefined, variant: false, type }
  registry.shared.set(key, shared)
  makeBelow(registry.making, () => {
    shared.schema = make()
  })
  return { $ref: `#/schemas/${shared.name}` }
}

/** Types that are being made inside each other. */
export interface Making {
  depth: number
  readonly later: (() => void)[]
}

/** Types that hold each other in a long chain are finished one after the other: each inside the other is more than the stack holds. */
const deepest = 50

function makeBelow(making: Making, make: () => void): void {
  if (making.depth >= deepest) {
    making.later.push(make)
    return
  }
  making.depth += 1
  try {
    make()
    while (making.depth === 1 && making.later.length > 0) making.later.shift()?.()
  } finally {
    making.depth -= 1
    if (making.depth === 0) making.later.length = 0
  }
}

function freshName({ shared }: Registry, wanted: string): string {
  const plain = wanted
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_.-]/g, '_')
    .replace(/^[^A-Za-z_]/, '_$&')
    .slice(0, 60)
  const base = ['constructor', 'prototype', '__proto__'].includes(plain) ? `${plain}_type` : plain
  const taken = new Set([...shared.values()].map(({ name }) => name))
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}_${count}`
    if (!taken.has(name)) return name
  }
}

function inlineType(registry: Registry, node: Component['node'], context: Component['context']): JsonObject {
  if (node.local === 'simpleType') return inlineSimple(registry, node, context)
  const content = contentOf(registry, node, context)
  return isScalar(content) ? (content.text ?? {}) : objectSchema(registry, content)
}

function elementType(registry: Registry, element: Component): JsonObject {
  const inline = childElements(element.node).find(({ local }) => local === 'complexType' || local === 'simpleType')
  if (inline === undefined) return { type: 'string' }
  if (inline.local === 'simpleType') return inlineSimple(registry, inline, element.context)
  const content = contentOf(registry, inline, element.context)
  if (isScalar(content)) return content.text ?? {}
  return share(registry, { key: `element ${keyOf(element.name)}`, name: element.name.local, type: undefined }, () =>
    objectSchema(registry, content)
  )
}

/** The content of a type that stands at the root of a message. */
export function rootContent(registry: Registry, type: TypeUse): Content {
  if (type.kind === 'named') return namedContent(registry, type.name)
  const node =
    type.kind === 'inline'
      ? type.node
      : childElements(type.element.node).find(({ local }) => local === 'complexType' || local === 'simpleType')
  const context = type.kind === 'inline' ? type.context : type.element.context
  if (node === undefined) return anything
  return node.local === 'simpleType'
    ? { ...anything, open: false, mixed: false, anyAttribute: false, text: inlineSimple(registry, node, context) }
    : contentOf(registry, node, context)
}

export const isPolymorphic = (registry: Registry, type: TypeUse): boolean => {
  const found = type.kind === 'named' ? registry.set.find('type', type.name) : undefined
  return found !== undefined && found.node.local === 'complexType' && isAbstract(found) && concrete(registry, found).length > 0
}

export function globalElement(registry: Registry, name: QName): Omit<ElementParticle, 'min' | 'max'> | undefined {
  const found = registry.set.find('element', name)
  if (found === undefined) {
    registry.lost('element', name)
    return undefined
  }
  return { ...elementUse(registry, found.node, found.context, name), documentation: documentationOf(found.node) }
}

const byName = ({ shared }: Registry, name: string): Shared | undefined => [...shared.values()].find(each => each.name === name)

/** By the name under which manifests refer to it. */
export const findShared = (registry: Registry, name: string): JsonObject | undefined => byName(registry, name)?.schema

const nameIn = (reference: string): string => reference.slice('#/schemas/'.length)

/** The kinds that a reference leads to, each written out; undefined: it leads to one thing. */
export function kindsOf(registry: Registry, reference: string): readonly JsonObject[] | undefined {
  const branches = findShared(registry, nameIn(reference))?.oneOf
  if (!Array.isArray(branches)) return undefined
  return (branches as readonly JsonObject[]).flatMap(({ $ref, required }) => {
    const shared = byName(registry, nameIn(String($ref)))
    if (shared === undefined) return []
    const whole = withKind(registry, shared)
    const needed = [...((whole.required ?? []) as readonly string[]), ...((required ?? []) as readonly string[])]
    return [{ ...whole, ...(needed.length > 0 ? { required: [...new Set(needed)] } : {}) }]
  })
}

/** With what the type asks for where it is one of several. */
export function sharedSchemas(registry: Registry): Readonly<Record<string, Json>> {
  const all = [...registry.shared.values()].sort((a, b) => a.name.localeCompare(b.name))
  return Object.fromEntries(all.map(shared => [shared.name, shared.variant ? withKind(registry, shared) : (shared.schema ?? {})]))
}

function withKind(registry: Registry, { schema = {}, type }: Shared): JsonObject {
  if (type === undefined) return schema
  const kind = { const: type.local, description: 'Which kind this is', xml: { 'x-kind': `${registry.prefixOf(type.uri)}:${type.local}` } }
  return { ...schema, properties: { xsi_type: kind, ...(schema.properties as JsonObject | undefined) } }
}
