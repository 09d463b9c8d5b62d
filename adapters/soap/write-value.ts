/** JSON value → the tree that xml2js's Builder writes, in the order of the mapping. */
import type { Json, JsonObject } from '../../src/index.ts'
import type { Mapping, Member, ObjectMapping, ScalarMapping } from './mapping.ts'

export type XmlTree = string | XmlElement
export interface XmlElement {
  [name: string]: XmlTree | readonly XmlTree[] | Readonly<Record<string, string>>
}

/** Not characters of XML names: no element can be taken for one of them. */
export const attributesKey = '@'
export const textKey = '#'

/** The value can not be written as the mapping says; nothing was sent. */
export class Unwritable extends Error {
  /** JSON Pointer into the request. */
  readonly pointer: string
  constructor(pointer: string, message: string) {
    super(message)
    this.pointer = pointer
  }
}

// Everything but the Char production of XML 1.0, section 2.2; with the u flag a lone surrogate matches too.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\ud800-\udfff]/u

export function writeObject(mapping: ObjectMapping, value: Json, pointer = ''): XmlElement {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Unwritable(pointer, 'must be an object')
  const object = value as JsonObject
  for (const name of Object.keys(object))
    if (!mapping.properties.has(name)) throw new Unwritable(`${pointer}/${name}`, 'is not in the schema of the request')
  const element: XmlElement = {}
  const attributes = writeAttributes(mapping, object, pointer)
  if (attributes !== undefined) element[attributesKey] = attributes
  const { text } = mapping
  const content = text === undefined ? undefined : present(text, object, pointer)
  if (text !== undefined && content !== undefined && content !== null)
    element[textKey] = writeScalar(text.mapping as ScalarMapping, content, `${pointer}/${text.property}`)
  for (const member of mapping.elements) writeMember(element, member, { object, pointer })
  return element
}

function writeAttributes({ attributes }: ObjectMapping, object: JsonObject, pointer: string): Record<string, string> | undefined {
  let written: Record<string, string> | undefined
  for (const member of attributes) {
    const value = present(member, object, pointer)
    if (value === undefined || value === null) continue
    written ??= {}
    written[member.name.qname] = writeScalar(member.mapping as ScalarMapping, value, `${pointer}/${member.property}`)
  }
  return written
}

/** Undefined: left out. */
function present({ property, required }: Member, object: JsonObject, pointer: string): Json | undefined {
  const value = Object.hasOwn(object, property) ? object[property] : undefined
  if (value === undefined && required) throw new Unwritable(`${pointer}/${property}`, 'is missing, and the request needs it')
  return value
}

function writeMember(element: XmlElement, member: Member, { object, pointer }: { object: JsonObject; pointer: string }): void {
  const value = present(member, object, pointer)
  if (value === undefined) return
  const at = `${pointer}/${member.property}`
  const { mapping, name, list, wrapper } = member
  if (!list) {
    const written = writeValue(mapping, value, { pointer: at, required: member.required })
    if (written !== undefined) element[name.qname] = written
    return
  }
  if (value === null) return
  // JSONata gives one item where a list has one.
  const items = Array.isArray(value) ? (value as readonly Json[]) : [value]
  const written = items.map((item, index) => writeValue(mapping, item, { pointer: `${at}/${index}`, required: true }) ?? '')
  if (wrapper === undefined) element[name.qname] = written
  else element[wrapper.qname] = written.length === 0 ? '' : { [name.qname]: written }
}

function writeValue(mapping: Mapping, value: Json, { pointer, required }: { pointer: string; required: boolean }): XmlTree | undefined {
  if (value === null) {
    if (mapping.nillable) return { [attributesKey]: { 'xsi:nil': 'true' } }
    if (required) throw new Unwritable(pointer, 'can not be null')
    return undefined
  }
  return mapping.kind === 'object' ? writeObject(mapping, value, pointer) : writeScalar(mapping, value, pointer)
}

function writeScalar(mapping: ScalarMapping, value: Json, pointer: string): string {
  const text = scalarTexts[mapping.type](value)
  if (text === undefined) throw new Unwritable(pointer, `must be ${/^[aeiou]/.test(mapping.type) ? 'an' : 'a'} ${mapping.type}`)
  if (mapping.allowed !== undefined && !mapping.allowed.has(value) && !mapping.allowed.has(text))
    throw new Unwritable(pointer, 'is not one of the values that the schema allows')
  const found = illegal.exec(text)
  if (found === null) return text
  const code = found[0].codePointAt(0) ?? 0
  throw new Unwritable(pointer, `holds the character U+${code.toString(16).toUpperCase().padStart(4, '0')}, which XML can not carry`)
}

const decimal = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$/

/** Undefined: not a value of this type. A template may give a number for a text, and the other way round. */
const scalarTexts: Readonly<Record<ScalarMapping['type'], (value: Json) => string | undefined>> = {
  string: value =>
    typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined,
  number: value => (typeof value === 'number' && Number.isFinite(value) ? plainDecimal(value) : textOf(value, decimal)),
  integer: value => (typeof value === 'number' && Number.isInteger(value) ? plainDecimal(value) : textOf(value, /^[+-]?[0-9]+$/)),
  boolean: value => (typeof value === 'boolean' ? String(value) : textOf(value, /^(true|false)$/))
}

const textOf = (value: Json, pattern: RegExp): string | undefined => (typeof value === 'string' && pattern.test(value) ? value : undefined)

/** xs:decimal knows no exponent. */
function plainDecimal(value: number): string {
  const text = String(value)
  const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?e([+-][0-9]+)$/.exec(text)
  if (parts === null) return text
  const [, sign = '', whole = '', fraction = '', exponent] = parts
  const point = whole.length + Number(exponent)
  const digits = whole + fraction
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return sign + digits.padEnd(point, '0')
}
