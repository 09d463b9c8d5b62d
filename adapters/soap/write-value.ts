/** JSON value → XML text, in the order of the mapping. */
import {
  escapeAttribute,
  escapeText,
  type Json,
  type JsonObject,
  parseXmlTreeInSteps,
  type Steps,
  writeXmlTreeInSteps,
  XmlError
} from '../../src/index.ts'
import { xop } from './attachments/xop.ts'
import type { ListMapping, Mapping, Member, Name, ObjectMapping, ScalarMapping, VariantsMapping } from './mapping.ts'
import { writeOtherAttributes } from './write-attributes.ts'
import { textOfScalar, Unwritable } from './write-scalar.ts'

export { Unwritable }

interface Place {
  /** JSON Pointer into the request. */
  readonly pointer: string
  readonly required: boolean
}

/** An element's inside: what stands in its tag, and between its tags. */
export interface Inside {
  readonly attributes: string
  readonly content: string
}

export const element = (name: Name, { attributes, content }: Inside): string =>
  content === '' ? `<${name.qname}${attributes}/>` : `<${name.qname}${attributes}>${content}</${name.qname}>`

/** A step is an item of a list, or a piece of XML that a caller gave. */
export function* writeObject(mapping: ObjectMapping | VariantsMapping, value: Json, pointer = ''): Steps<Inside> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Unwritable(pointer, 'must be an object')
  const object = value as JsonObject
  const chosen = mapping.kind === 'object' ? mapping : variantFor(mapping, object, pointer)
  for (const name of Object.keys(object))
    if (!chosen.properties.has(name)) throw new Unwritable(`${pointer}/${name}`, 'is not in the schema of the request')
  return { attributes: writeAttributes(chosen, object, pointer), content: yield* writeContent(chosen, object, pointer) }
}

/** By what says which it is, or by the properties that are there. */
function variantFor({ variants }: VariantsMapping, object: JsonObject, pointer: string): ObjectMapping {
  const names = Object.keys(object)
  const fitting = variants.filter(({ mapping: { properties, which }, required }) => {
    const said = which === undefined || !Object.hasOwn(object, which.property) || object[which.property] === which.value
    return said && names.every(name => properties.has(name)) && required.every(name => Object.hasOwn(object, name))
  })
  if (fitting[0] === undefined) throw new Unwritable(pointer, 'is none of the kinds that the schema allows')
  return fitting[0].mapping
}

function writeAttributes(mapping: ObjectMapping, object: JsonObject, pointer: string): string {
  const { attributes, which, typeName, otherAttributes, itemType } = mapping
  let written = ''
  if (which !== undefined && Object.hasOwn(object, which.property)) written += ` xsi:type="${which.name.qname}"`
  else if (itemType !== undefined) written += arrayAttributes(itemType, mapping, object)
  else if (typeName !== undefined) written += ` xsi:type="${typeName.qname}"`
  for (const member of attributes) {
    const value = present(member, object, pointer)
    if (value === undefined || value === null) continue
    const at = `${pointer}/${member.property}`
    const { declaration, text } = simpleText(member.mapping, value, at)
    written += `${declaration} ${member.name.qname}="${escapeAttribute(text)}"`
  }
  return otherAttributes === undefined
    ? written
    : written + writeOtherAttributes(object[otherAttributes], { pointer: `${pointer}/${otherAttributes}`, named: attributes })
}

/** SOAP 1.1, section 5.4.2. */
function arrayAttributes({ qname }: Name, { elements, typeName }: ObjectMapping, object: JsonObject): string {
  const items = object[elements[0]?.property ?? '']
  return ` xsi:type="${typeName?.qname ?? 'soapenc:Array'}" soapenc:arrayType="${qname}[${Array.isArray(items) ? items.length : 0}]"`
}

function* writeContent(mapping: ObjectMapping, object: JsonObject, pointer: string): Steps<string> {
  const { text, content, elements } = mapping
  if (content !== undefined) {
    const raw = object[content]
    return typeof raw === 'string' ? yield* innerXml(raw, `${pointer}/${content}`) : ''
  }
  const value = text === undefined ? undefined : present(text, object, pointer)
  if (text !== undefined && value !== undefined && value !== null)
    return contentOf(text.mapping, simpleText(text.mapping, value, `${pointer}/${text.property}`).text)
  let written = ''
  for (const member of elements) written += yield* writeMember(member, object, pointer)
  return written
}

const fragmentLimits = { characters: 1_048_576, depth: 50, elements: 10_000, attributes: 100, textCharacters: 1_048_576 }

/** XML that a caller gave: read and written again, so that it can not break out of its place. */
function* innerXml(raw: string, pointer: string): Steps<string> {
  try {
    const { children } = yield* parseXmlTreeInSteps(`<x>${raw}</x>`, { limits: fragmentLimits })
    return yield* writeXmlTreeInSteps(children)
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new Unwritable(pointer, `is not XML: ${error.message}`)
  }
}

function* anyElement(value: Json, pointer: string): Steps<string> {
  const written = typeof value === 'string' ? (yield* innerXml(value, pointer)).trim() : ''
  if (!written.startsWith('<')) throw new Unwritable(pointer, 'must be one element, as XML text')
  return written
}

/** Undefined: left out. */
function present({ property, required }: Member, object: JsonObject, pointer: string): Json | undefined {
  const value = Object.hasOwn(object, property) ? object[property] : undefined
  if (value === undefined && required) throw new Unwritable(`${pointer}/${property}`, 'is missing, and the request needs it')
  return value
}

function* writeMember(member: Member, object: JsonObject, pointer: string): Steps<string> {
  const value = present(member, object, pointer)
  if (value === undefined) return ''
  const at = `${pointer}/${member.property}`
  const { mapping, name, list, wrapper, role } = member
  if (!list)
    return role === 'group'
      ? yield* groupContent(mapping, value, at)
      : yield* writeValue(name, mapping, value, { pointer: at, required: member.required })
  if (value === null) return ''
  // JSONata gives one item where a list has one.
  const items = Array.isArray(value) ? (value as readonly Json[]) : [value]
  let written = ''
  for (const [index, item] of items.entries()) {
    written += yield* writeItem(member, item, `${at}/${index}`)
    yield
  }
  return wrapper === undefined ? written : element(wrapper, { attributes: '', content: written })
}

function* writeItem({ role, name, mapping }: Member, item: Json, pointer: string): Steps<string> {
  if (role === 'any') return yield* anyElement(item, pointer)
  if (role === 'group') return yield* groupContent(mapping, item, pointer)
  const written = yield* writeValue(name, mapping, item, { pointer, required: true })
  return written || element(name, { attributes: '', content: '' })
}

function* groupContent(mapping: Mapping, value: Json, pointer: string): Steps<string> {
  return mapping.kind === 'object' || mapping.kind === 'variants' ? (yield* writeObject(mapping, value, pointer)).content : ''
}

/** '': as good as absent. */
function* writeValue(name: Name, mapping: Mapping, value: Json, { pointer, required }: Place): Steps<string> {
  if (value === null) {
    if (mapping.nillable) return element(name, { attributes: ' xsi:nil="true"', content: '' })
    if (required) throw new Unwritable(pointer, 'can not be null')
    return ''
  }
  if (mapping.kind === 'object' || mapping.kind === 'variants') return element(name, yield* writeObject(mapping, value, pointer))
  const { declaration, text } = simpleText(mapping, value, pointer)
  const typeName = mapping.typeName === undefined ? '' : ` xsi:type="${mapping.typeName.qname}"`
  return element(name, { attributes: declaration + typeName, content: contentOf(mapping, text) })
}

/** Bytes have no colon: a reference stands in their place. */
const contentOf = (mapping: Mapping, text: string): string =>
  mapping.kind === 'scalar' && mapping.attachment === 'xop' && text.startsWith('cid:')
    ? `<xop:Include xmlns:xop="${xop}" href="${escapeAttribute(text)}"/>`
    : escapeText(text)

interface SimpleText {
  /** The namespace of the prefix that the text uses. */
  readonly declaration: string
  readonly text: string
}

const localName = /^[\p{L}_][\p{L}\p{M}\p{N}_.\-\u00b7]*$/u

function simpleText(mapping: Mapping, value: Json, pointer: string): SimpleText {
  if (mapping.kind === 'list') return { declaration: '', text: listText(mapping, value, pointer) }
  const scalar = mapping as ScalarMapping
  const text = textOfScalar(scalar, value, pointer)
  const [, uri, local = ''] = scalar.qualified ? (/^\{([^{}]*)\}(.*)$/s.exec(text) ?? []) : []
  if (uri !== undefined && !localName.test(local)) throw new Unwritable(pointer, 'must be a name: {namespace}name')
  return uri === undefined ? { declaration: '', text } : { declaration: ` xmlns:q="${escapeAttribute(uri)}"`, text: `q:${local}` }
}

function listText({ item }: ListMapping, value: Json, pointer: string): string {
  const items = Array.isArray(value) ? (value as readonly Json[]) : [value]
  return items
    .map((each, index) => {
      const text = textOfScalar(item, each, `${pointer}/${index}`)
      if (/\s/.test(text)) throw new Unwritable(`${pointer}/${index}`, 'can not hold blanks: they separate the values')
      return text
    })
    .join(' ')
}
