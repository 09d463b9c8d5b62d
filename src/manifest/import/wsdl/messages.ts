/** Messages → the shapes of their bodies, as the soap adapter reads them. */
import type { Json, JsonObject } from '../../../core/types.ts'
import { attachable } from './attachable.ts'
import type { Message, Operation, Part } from './model.ts'
import { elementSchema, needsText, objectSchema, safeName } from './objects.ts'
import type { ElementParticle, TypeUse } from './particles.ts'
import { keyOf, type QName } from './qname.ts'
import { globalElement, isPolymorphic, isScalar, kindsOf, type Registry, rootContent, typeSchema } from './registry.ts'

export interface Body {
  /** Undefined: the properties are elements of the body themselves, or there are none. */
  readonly element: QName | undefined
  readonly schema: JsonObject
}

const emptyObject: JsonObject = { type: 'object', additionalProperties: false, properties: {} }
const anyType: TypeUse = { kind: 'named', name: { uri: 'http://www.w3.org/2001/XMLSchema', local: 'anyType' } }

export function bodyOf(registry: Registry, operation: Operation, message: Message, side: 'input' | 'output'): Body {
  const body = operation.style === 'rpc' ? rpcBody(registry, operation, message, side) : documentBody(registry, message.parts)
  const headers = headersOf(registry, message.headers)
  const attached = attachedTo(body.schema, message.attachments)
  if (headers === undefined && Object.keys(attached).length === 0) return body
  const beside = headers === undefined ? attached : { ...attached, soap_headers: headers }
  return { ...body, schema: withBeside(registry, body.schema, beside) }
}

/** Where the body is one of several kinds, each of them takes what travels beside it. */
function withBeside(registry: Registry, { properties, ...rest }: JsonObject, beside: JsonObject): JsonObject {
  const kinds = typeof rest.$ref === 'string' ? kindsOf(registry, rest.$ref) : undefined
  if (kinds === undefined) return { ...rest, properties: { ...(properties as JsonObject | undefined), ...beside } }
  const { $ref: _, ...own } = rest
  return {
    ...own,
    description: 'One of several kinds; xsi_type says which.',
    oneOf: kinds.map(kind => ({ ...kind, properties: { ...(kind.properties as JsonObject | undefined), ...beside } }))
  }
}

/** Parts of the message that stand in no element. */
function attachedTo({ properties }: JsonObject, attachments: Message['attachments']): JsonObject {
  const taken = new Set(Object.keys((properties ?? {}) as JsonObject))
  const entries = attachments.map(({ name, mediaType }) => {
    const property = taken.has(safeName(name)) ? `${safeName(name)}_attachment` : safeName(name)
    const xml = { 'x-attachment': 'part', ...(property === name ? {} : { name }) }
    const media = mediaType === '' ? {} : { contentMediaType: mediaType }
    return [property, { type: 'string', contentEncoding: 'base64', ...media, description: 'Attachment, bytes in base64', xml }] as const
  })
  return Object.fromEntries(entries)
}

function rpcBody(registry: Registry, { name }: Operation, { parts, namespace }: Message, side: 'input' | 'output'): Body {
  const element = { uri: namespace, local: side === 'input' ? name : `${name}Response` }
  const members = parts.map(part => ({
    name: { uri: '', local: part.name },
    schema: partSchema(registry, part),
    required: side === 'input' || !registry.encoded
  }))
  return { element, schema: wrapperSchema(registry, members) }
}

function partSchema(registry: Registry, { element, type }: Part): JsonObject {
  if (type !== undefined) return attachable(registry, typeSchema(registry, { kind: 'named', name: type }), undefined)
  const found = element === undefined ? undefined : globalElement(registry, element)
  return typeSchema(registry, found?.type ?? anyType)
}

function documentBody(registry: Registry, parts: readonly Part[]): Body {
  const [only] = parts
  if (parts.length === 1 && only?.element !== undefined) {
    const found = globalElement(registry, only.element)
    return { element: only.element, schema: rootSchema(registry, found) }
  }
  const members = parts.map(part => {
    const found = part.element === undefined ? undefined : globalElement(registry, part.element)
    const schema = found === undefined ? partSchema(registry, part) : elementSchema(registry, { ...found, min: 1, max: 1 })
    return { name: part.element ?? { uri: '', local: part.name }, schema, required: true }
  })
  return { element: undefined, schema: wrapperSchema(registry, members) }
}

/** Of a fault's detail. Undefined: nothing is said about it. */
export function faultSchema(registry: Registry, { element, type }: Part): JsonObject | undefined {
  if (element !== undefined) return rootSchema(registry, globalElement(registry, element))
  if (type === undefined) return undefined
  const use: TypeUse = { kind: 'named', name: type }
  return rootSchema(registry, {
    kind: 'element',
    name: type,
    type: use,
    nillable: false,
    fixed: undefined,
    fallback: undefined,
    documentation: '',
    expected: undefined
  })
}

/** The root must be an object; a value alone is put into one. */
function rootSchema(registry: Registry, use: Omit<ElementParticle, 'min' | 'max'> | undefined): JsonObject {
  const type = use?.type ?? anyType
  if (isPolymorphic(registry, type)) return { type: 'object', ...typeSchema(registry, type) }
  const content = rootContent(registry, type)
  const named = type.kind === 'named' ? type.name : undefined
  if (!isScalar(content)) return objectSchema(registry, content, named)
  const value = { ...content.text, xml: { ...(content.text?.xml as JsonObject | undefined), 'x-text': true } }
  return {
    type: 'object',
    ...(needsText(content.text ?? {}) ? { required: ['value'] } : {}),
    additionalProperties: false,
    properties: { value }
  }
}

interface Member {
  readonly name: QName
  readonly schema: JsonObject
  readonly required: boolean
}

function wrapperSchema(registry: Registry, members: readonly Member[]): JsonObject {
  if (members.length === 0) return emptyObject
  const properties: Record<string, Json> = {}
  const required: string[] = []
  for (const { name, schema, required: needed } of members) {
    const wanted = safeName(name.local)
    const property = Object.hasOwn(properties, wanted) ? `${wanted}_${Object.keys(properties).length}` : wanted
    const xml: Record<string, Json> = { ...(schema.xml as JsonObject | undefined) }
    if (property !== name.local) xml.name = name.local
    if (name.uri === '') {
      if (registry.defaultUri !== '') xml.namespace = ''
    } else if (name.uri !== registry.defaultUri) xml.prefix = registry.prefixOf(name.uri)
    properties[property] = Object.keys(xml).length > 0 ? { ...schema, xml } : schema
    if (needed) required.push(property)
  }
  return { type: 'object', ...(required.length > 0 ? { required } : {}), additionalProperties: false, properties }
}

function headersOf(registry: Registry, parts: readonly Part[]): JsonObject | undefined {
  const distinct = [...new Map(parts.map(part => [part.element === undefined ? part.name : keyOf(part.element), part])).values()]
  const members = distinct.flatMap(part => {
    const found = part.element === undefined ? undefined : globalElement(registry, part.element)
    if (found === undefined || part.element === undefined) return []
    return [{ name: part.element, schema: elementSchema(registry, { ...found, min: 1, max: 1 }), required: false }]
  })
  if (members.length === 0) return undefined
  return { ...wrapperSchema(registry, members), description: 'SOAP headers', xml: { 'x-header': true } }
}
