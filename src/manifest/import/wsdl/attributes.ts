/** The attributes of a complex type, with those of its attribute groups. */
import { attribute, childElements, type XmlElement } from '../../../core/xml-element.ts'
import { type ContentContext, type Place, wireName } from './content.ts'
import { documentationOf } from './definitions.ts'
import type { AttributeUse } from './particles.ts'
import { isXsd, keyOf, soapEncodings } from './qname.ts'
import { refOf, type SchemaContext } from './schema-set.ts'
import { inlineSimple, namedSimple } from './simple-types.ts'

interface Attributes {
  readonly uses: readonly AttributeUse[]
  readonly prohibited: ReadonlySet<string>
  readonly any: boolean
}

export function overlay(base: readonly AttributeUse[], { uses, prohibited }: Attributes): readonly AttributeUse[] {
  const own = new Set(uses.map(({ name }) => keyOf(name)))
  return [...base.filter(({ name }) => !own.has(keyOf(name)) && !prohibited.has(keyOf(name))), ...uses]
}

export function attributesOf(types: ContentContext, node: XmlElement, place: Place): Attributes {
  const uses: AttributeUse[] = []
  const prohibited = new Set<string>()
  let any = false
  for (const child of childElements(node)) {
    if (!isXsd(child.uri)) continue
    if (child.local === 'anyAttribute') any = true
    if (child.local === 'attribute') {
      const use = attributeUse(types, child, place.context)
      if (use === undefined) continue
      if (attribute(child, 'use') === 'prohibited') prohibited.add(keyOf(use.name))
      else uses.push(use)
    }
    if (child.local === 'attributeGroup') {
      const inner = attributeGroup(types, child, place)
      uses.push(...inner.uses)
      any ||= inner.any
    }
  }
  return { uses, prohibited, any }
}

const noAttributes: Attributes = { uses: [], prohibited: new Set(), any: false }

function attributeGroup(types: ContentContext, node: XmlElement, { context, via }: Place): Attributes {
  const name = refOf(node, context, 'ref')
  if (name === undefined) return noAttributes
  const key = `attributeGroup ${keyOf(name)}`
  const found = types.set.find('attributeGroup', name)
  if (found === undefined && !soapEncodings.has(name.uri)) types.lost('attributeGroup', name)
  if (found === undefined || via.has(key)) return noAttributes
  return attributesOf(types, found.node, { context: found.context, via: new Set([...via, key]) })
}

function attributeUse(types: ContentContext, node: XmlElement, context: SchemaContext): AttributeUse | undefined {
  const ref = refOf(node, context, 'ref')
  if (ref !== undefined && soapEncodings.has(ref.uri)) return undefined
  const found = ref === undefined ? undefined : types.set.find('attribute', ref)
  if (ref !== undefined && found === undefined) {
    types.lost('attribute', ref)
    return undefined
  }
  const declared = found?.node ?? node
  const where = found?.context ?? context
  const form = attribute(node, 'form')
  const qualified = form === undefined ? context.attributesQualified : form === 'qualified'
  const type = refOf(declared, where, 'type')
  const inline = childElements(declared).find(({ local }) => local === 'simpleType')
  const schema =
    type !== undefined ? namedSimple(types, type) : inline === undefined ? { type: 'string' } : inlineSimple(types, inline, where)
  return {
    name: ref ?? { uri: qualified ? context.uri : '', local: wireName(attribute(node, 'name') ?? '') },
    schema,
    required: attribute(node, 'use') === 'required' || attribute(node, 'minOccurs') === '1',
    fixed: attribute(node, 'fixed') ?? attribute(declared, 'fixed'),
    fallback: attribute(node, 'default') ?? attribute(declared, 'default'),
    documentation: documentationOf(node) || documentationOf(declared)
  }
}
