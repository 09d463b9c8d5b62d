/** Content of a complex type → JSON Schema of an object, with OpenAPI's `xml` keywords. */
import type { Json, JsonObject } from '../../../core/types.ts'
import { subschemas } from '../../schema-walk.ts'
import { attachable } from './attachable.ts'
import { described } from './described.ts'
import { type Formula, formulaSchema } from './formula.ts'
import { withValues } from './given-values.ts'
import type { AnyParticle, AttributeUse, Content, ElementParticle, GroupParticle, Particle } from './particles.ts'
import { keyOf, type QName, xsd, xsi } from './qname.ts'
import { type Registry, typeSchema } from './registry.ts'

interface Slot {
  readonly schema: JsonObject
  readonly name: QName | undefined
}

interface Building {
  readonly registry: Registry
  readonly slots: Map<string, Slot>
}

interface Placed {
  readonly formula: Formula
  readonly names: readonly string[]
}

const always: Formula = { kind: 'all', of: [] }

/** The loader refuses schemas of 1,000 parts. */
const mostParts = 900

/** What is too large to be written out is sent and answered as XML text. */
export function objectSchema(registry: Registry, content: Content, type?: QName): JsonObject {
  const schema = wholeSchema(registry, content, type)
  if (subschemas(schema).length <= mostParts) return schema
  const name = type?.local ?? 'A type'
  registry.warn(`${name} has over ${mostParts} parts, more than a schema may have: its content is XML text, in the property content.`)
  const cut = wholeSchema(registry, { ...content, particle: undefined, mixed: true }, type)
  return { ...cut, description: `${name} was cut on import, over ${mostParts} parts: its elements are XML text.` }
}

function wholeSchema(registry: Registry, content: Content, type?: QName): JsonObject {
  const building: Building = { registry, slots: new Map() }
  const formulas: Formula[] = content.attributes.map(each => placeAttribute(building, each))
  if (content.text !== undefined) {
    const property = fresh(building, 'value')
    const text = attachable(registry, content.text, type?.uri.endsWith('/xmlmime') === true ? '' : undefined)
    building.slots.set(property, { schema: { ...text, xml: { ...xmlOf(text), 'x-text': true } }, name: undefined })
    if (needsText(content.text)) formulas.push({ kind: 'has', name: property })
  } else if (content.mixed || content.open) placeMixed(building, content)
  else if (content.items !== undefined) placeItems(building, content.items)
  else if (content.particle !== undefined) formulas.push(place(building, content.particle, false).formula)
  if (content.anyAttribute) {
    const property = fresh(building, 'any_attributes')
    const schema = {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Other attributes by {namespace}name',
      xml: { 'x-any-attribute': true }
    }
    building.slots.set(property, { schema, name: undefined })
  }
  return finish(building, { kind: 'all', of: formulas }, { content, type })
}

/** Empty text is no value of it. */
export const needsText = ({ type, minLength, ...rest }: JsonObject): boolean =>
  type !== 'array' &&
  (type !== 'string' || Number(minLength ?? 0) > 0 || ['enum', 'pattern', 'format', 'anyOf', 'allOf'].some(key => rest[key] !== undefined))

const xmlOf = ({ xml }: JsonObject): JsonObject => (xml as JsonObject | undefined) ?? {}

function placeMixed({ slots, registry }: Building, { open }: Content): void {
  if (open)
    slots.set('xsi_type', {
      schema: {
        type: 'string',
        description: 'Type of the content: {namespace}name',
        example: `{${xsd}}string`,
        xml: { name: 'type', namespace: xsi, attribute: true, 'x-qname': true }
      },
      name: undefined
    })
  slots.set(fresh({ slots, registry }, 'content'), {
    schema: { type: 'string', description: 'What is inside, as XML text', xml: { 'x-content': true } },
    name: undefined
  })
}

function placeItems(building: Building, items: QName): void {
  const schema = {
    type: 'array',
    items: typeSchema(building.registry, { kind: 'named', name: items }),
    xml: { name: 'item', 'x-any-name': true }
  }
  building.slots.set('items', { schema, name: { uri: '', local: 'item' } })
}

function finish(
  { registry, slots }: Building,
  formula: Formula,
  { content, type }: { content: Content; type: QName | undefined }
): JsonObject {
  const uris = Map.groupBy(
    [...slots.values()].flatMap(({ name }) => (name === undefined ? [] : [name.uri])),
    uri => uri
  )
  const [most] = [...uris.entries()].sort((a, b) => b[1].length - a[1].length)
  const usual = most?.[0] ?? registry.defaultUri
  const properties = Object.fromEntries([...slots].map(([property, slot]) => [property, wireSchema(registry, property, slot, usual)]))
  const xml: Record<string, Json> = {}
  if (usual !== undefined && most !== undefined && usual !== registry.defaultUri)
    xml['x-elements'] = usual === '' ? '' : registry.prefixOf(usual)
  if (registry.encoded && content.items !== undefined) xml['x-array'] = `${registry.prefixOf(content.items.uri)}:${content.items.local}`
  if (registry.encoded && type !== undefined && !content.open) xml['x-type'] = `${registry.prefixOf(type.uri)}:${type.local}`
  return {
    type: 'object',
    ...formulaSchema(formula),
    additionalProperties: false,
    properties,
    ...(Object.keys(xml).length > 0 ? { xml } : {})
  }
}

function wireSchema(registry: Registry, property: string, { schema, name }: Slot, usual: string | undefined): JsonObject {
  if (name === undefined) return schema
  const xml: Record<string, Json> = { ...xmlOf(schema) }
  if (name.local !== property) xml.name = name.local
  if (name.uri !== usual) {
    if (name.uri === '') xml.namespace = ''
    else xml.prefix = registry.prefixOf(name.uri)
  }
  return Object.keys(xml).length > 0 ? { ...schema, xml } : schema
}

function placeAttribute(building: Building, { name, schema, required, fixed, fallback, documentation }: AttributeUse): Formula {
  const property = fresh(building, safeName(name.local))
  const xml: Record<string, Json> = { ...xmlOf(schema), attribute: true }
  if (property !== name.local) xml.name = name.local
  if (name.uri !== '') xml.prefix = building.registry.prefixOf(name.uri)
  building.slots.set(property, { schema: { ...described(withValues(schema, { fixed, fallback }), documentation), xml }, name: undefined })
  return required ? { kind: 'has', name: property } : always
}

const reserved: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
/** What every provider of models takes as the name of a property. */
export function safeName(local: string): string {
  const plain =
    local
      .normalize('NFKD')
      .replace(/[^A-Za-z0-9_.-]/g, '_')
      .slice(0, 60) || '_'
  return reserved.has(plain) ? `${plain}_` : plain
}

function fresh({ slots }: Building, wanted: string): string {
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? wanted : `${wanted}_${count}`
    if (!slots.has(name)) return name
  }
}

/** `conditional`: it may have to be absent, so that an empty list is not the same as none. */
function place(building: Building, particle: Particle, conditional: boolean): Placed {
  if (particle.kind === 'element') return placeElement(building, particle, conditional)
  if (particle.kind === 'any') return placeAny(building, particle)
  const single = onlyPart(particle)
  if (single !== undefined) return place(building, single, conditional)
  if (particle.max > 1) return placeGroup(building, particle)
  if (particle.kind !== 'choice') return placeSequence(building, particle, conditional)
  return isPlain(particle) ? placeChoice(building, particle) : placeGroup(building, particle)
}

/** A group of one part is that part, as often as both say. */
function onlyPart({ parts, min, max }: GroupParticle): Particle | undefined {
  const [only] = parts
  if (parts.length !== 1 || only === undefined) return undefined
  if (only.kind !== 'element' && only.kind !== 'any' && max > 1 && only.max > 1) return undefined
  return { ...only, min: only.min * min, max: only.max * max }
}

function placeElement(building: Building, particle: ElementParticle, conditional: boolean): Placed {
  const { name, min, max } = particle
  const property = fresh(building, safeName(name.local))
  const one = elementSchema(building.registry, particle)
  building.slots.set(property, { schema: max > 1 ? listOf(one, { min: conditional ? Math.max(1, min) : min, max }) : one, name })
  return { formula: min > 0 ? { kind: 'has', name: property } : always, names: [property] }
}

export function elementSchema(
  registry: Registry,
  { type, nillable, fixed, fallback, documentation, expected }: ElementParticle
): JsonObject {
  // A default of XML Schema is for an element that is there and empty; one of JSON Schema would send the element when the caller leaves it out.
  const about = [documentation, fallback === undefined ? '' : `Default of the service: ${fallback}`].filter(Boolean).join('. ')
  const schema = described(withValues(attachable(registry, typeSchema(registry, type), expected), { fixed, fallback: undefined }), about)
  return nillable ? orNull(schema) : schema
}

function orNull(schema: JsonObject): JsonObject {
  const { type, description, xml, ...rest } = schema
  const about = { ...(description === undefined ? {} : { description }), ...(xml === undefined ? {} : { xml }) }
  if (
    typeof type === 'string' &&
    Object.keys(rest).every(key => !['enum', 'const', 'anyOf', 'oneOf', 'allOf', 'properties', 'items'].includes(key))
  )
    return { ...schema, type: [type, 'null'] }
  if (Array.isArray(type)) return { ...schema, type: [...type, 'null'] }
  if (Array.isArray(rest.enum)) return { ...schema, type: [type as Json, 'null'], enum: [...rest.enum, null] }
  return { ...about, anyOf: [type === undefined ? rest : { type, ...rest }, { type: 'null' }] }
}

function listOf(items: JsonObject, { min, max }: { min: number; max: number }): JsonObject {
  const { description, xml, ...rest } = items
  // A list of values in one element has its own keywords; they stay with the item.
  const inner = xml === undefined ? rest : { ...rest, xml }
  return {
    type: 'array',
    ...(description === undefined ? {} : { description }),
    ...(min > 0 ? { minItems: min } : {}),
    ...(Number.isFinite(max) && max <= 100_000 ? { maxItems: max } : {}),
    items: inner
  }
}

function placeAny(building: Building, { min, max, example }: AnyParticle): Placed {
  const property = fresh(building, 'any')
  const schema = {
    ...listOf({ type: 'string', ...(example === undefined ? {} : { example }) }, { min, max }),
    description: 'Other elements, each as XML text',
    xml: { 'x-any': true }
  }
  building.slots.set(property, { schema, name: undefined })
  return { formula: min > 0 ? { kind: 'has', name: property } : always, names: [property] }
}

function placeSequence(building: Building, { parts, min }: GroupParticle, conditional: boolean): Placed {
  const placed = neighboursJoined(parts).map(part => place(building, part, conditional || min === 0))
  const names = placed.flatMap(each => each.names)
  const formula: Formula = { kind: 'all', of: placed.map(each => each.formula) }
  return { formula: min > 0 ? formula : { kind: 'maybe', of: formula, names }, names }
}

/** The same element twice in a row is that element more often. */
function neighboursJoined(parts: readonly Particle[]): readonly Particle[] {
  const joined: Particle[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (last?.kind === 'element' && part.kind === 'element' && keyOf(last.name) === keyOf(part.name))
      joined[joined.length - 1] = { ...last, min: last.min + part.min, max: last.max + part.max }
    else if (last?.kind === 'any' && part.kind === 'any')
      joined[joined.length - 1] = { ...last, min: last.min + part.min, max: last.max + part.max }
    else joined.push(part)
  }
  return joined
}

/** Its parts can be properties side by side: no name twice, nothing too large. */
function isPlain({ parts }: GroupParticle): boolean {
  const keys = parts.flatMap(namesIn)
  const simple = parts.every(part => part.kind === 'element' || part.kind === 'any' || onlyPart(part) !== undefined)
  return new Set(keys).size === keys.length && (simple || keys.length <= 12)
}

const namesIn = (particle: Particle): readonly string[] =>
  particle.kind === 'element' ? [keyOf(particle.name)] : particle.kind === 'any' ? ['any'] : particle.parts.flatMap(namesIn)

function placeChoice(building: Building, { parts, min }: GroupParticle): Placed {
  const branches = parts.map(part => place(building, part, true))
  const names = branches.flatMap(each => each.names)
  return { formula: { kind: 'one', of: branches, optional: min === 0 }, names }
}

/** Several elements together, more than once, or in an order that properties can not say: a list of objects without an element of its own. */
function placeGroup(building: Building, particle: GroupParticle): Placed {
  const { kind, min, max, label } = particle
  const property = fresh(building, safeName(label ?? (kind === 'choice' ? (max > 1 ? 'choices' : 'choice') : 'groups')))
  const branches = kind === 'choice' ? particle.parts : [{ ...particle, min: 1, max: 1 }]
  const variants = branches.map(part => groupItem(building.registry, part))
  const [only] = variants
  const exclusive = variants.every(({ required }) => Array.isArray(required))
  const item = variants.length === 1 && only !== undefined ? only : { [exclusive ? 'oneOf' : 'anyOf']: variants }
  const schema = max > 1 ? listOf(item, { min, max }) : item
  building.slots.set(property, { schema: { ...schema, xml: { 'x-group': true } }, name: undefined })
  return { formula: min > 0 && exclusive ? { kind: 'has', name: property } : always, names: [property] }
}

function groupItem(registry: Registry, part: Particle): JsonObject {
  const building: Building = { registry, slots: new Map() }
  const { formula } = place(building, part, false)
  return finish(building, formula, {
    content: { particle: part, attributes: [], anyAttribute: false, text: undefined, mixed: false, open: false, items: undefined },
    type: undefined
  })
}
