/** Element → JSON value, in the types of the mapping. What the mapping does not know is left out. */
import type { Json } from '../../src/index.ts'
import { type Mapping, type Member, nameKey, type ObjectMapping, type ScalarMapping, type ScalarType } from './mapping.ts'
import { xsi } from './namespaces.ts'
import { attributeOf, childrenOf, type Element, textOf } from './parse-xml.ts'

/** The answer does not hold what the mapping says. */
export class Unreadable extends Error {}

type Values = Record<string, Json>

export function readObject(mapping: ObjectMapping, element: Element, path: string): Json {
  const object: Values = {}
  for (const { property, name, mapping: scalar } of mapping.attributes)
    set(object, property, readText(scalar as ScalarMapping, attributeOf(element, name.uri, name.local), `${path}@${name.local}`))
  const { text } = mapping
  if (text !== undefined) set(object, text.property, readText(text.mapping as ScalarMapping, textOf(element), path))
  if (mapping.elements.length > 0) readElements(object, { mapping, element, path })
  return object
}

interface Place {
  readonly mapping: ObjectMapping
  readonly element: Element
  readonly path: string
}

function readElements(object: Values, { mapping, element, path }: Place): void {
  for (const child of childrenOf(element)) {
    const member = mapping.byName.get(nameKey(child.uri, child.local))
    if (member !== undefined) readChild(object, member, { child, path: `${path}/${child.local}` })
  }
  // An empty list has no element; a wrapped one has its wrapper.
  for (const { property, list, wrapper } of mapping.elements)
    if (list && wrapper === undefined && !Object.hasOwn(object, property)) set(object, property, [])
}

function readChild(object: Values, member: Member, { child, path }: { child: Element; path: string }): void {
  const { property, list, wrapper, mapping } = member
  const before = Object.hasOwn(object, property) ? object[property] : undefined
  if (before !== undefined && (!list || wrapper !== undefined)) throw new Unreadable(`${path} is there more than once`)
  if (wrapper !== undefined) {
    set(object, property, readItems(member, child, path))
    return
  }
  const item = readValue(mapping, child, path)
  if (item === undefined) return
  if (Array.isArray(before)) before.push(item)
  else set(object, property, list ? [item] : item)
}

function readItems({ name, mapping }: Member, wrapper: Element, path: string): Json {
  const items = childrenOf(wrapper).filter(({ uri, local }) => uri === name.uri && local === name.local)
  return items.map(item => readValue(mapping, item, `${path}/${name.local}`)).filter(item => item !== undefined)
}

/** Undefined: as good as absent. */
function readValue(mapping: Mapping, element: Element, path: string): Json | undefined {
  if (typeof element.raw !== 'string' && isNil(element)) return mapping.nillable ? null : undefined
  return mapping.kind === 'object' ? readObject(mapping, element, path) : readScalar(mapping, element, path)
}

function isNil(element: Element): boolean {
  const nil = attributeOf(element, xsi, 'nil')?.trim()
  return nil === 'true' || nil === '1'
}

function readScalar(mapping: ScalarMapping, element: Element, path: string): Json | undefined {
  if (childrenOf(element).length > 0) throw new Unreadable(`${path} holds elements where a ${mapping.type} is expected`)
  return readText(mapping, textOf(element), path)
}

function readText({ type, token, format, allowed }: ScalarMapping, raw: string | undefined, path: string): Json | undefined {
  if (raw === undefined) return undefined
  const text = token ? raw.trim() : raw
  // Old services write <amount/> for "no amount".
  if (type === 'string' ? text === '' && token && !allowed?.has('') : text === '') return undefined
  const value = readers[type](format === 'date' ? withoutZone(text) : text)
  if (value === undefined)
    throw new Unreadable(`${path} is not ${type === 'integer' ? 'an integer' : `a ${type}`} that JSON can hold exactly`)
  return value
}

/** xs:date may end with a time zone, JSON Schema's `date` may not. */
const withoutZone = (text: string): string => text.replace(/^(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)$/, '$1')

const decimal = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/
const booleans: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false }

const readers: Readonly<Record<ScalarType, (text: string) => Json | undefined>> = {
  string: text => text,
  boolean: text => (Object.hasOwn(booleans, text) ? booleans[text] : undefined),
  integer: text => (/^[+-]?[0-9]+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) + 0 : undefined),
  number: text => (decimal.test(text) ? exactNumber(text) : undefined)
}

/** Refuses what would lose digits: money with more than a number can hold is declared as a string. */
function exactNumber(text: string): number | undefined {
  const value = Number(text)
  const digits = significant(text)
  return Number.isFinite(value) && (digits.length <= 15 || digits === significant(String(value))) ? value + 0 : undefined
}

const significant = (text: string): string =>
  text
    .replace(/[eE].*$/, '')
    .replace(/[+\-.]/g, '')
    .replace(/^0+|0+$/g, '')

/** `__proto__` may be the name of a property: never assign. */
function set(object: Values, property: string, value: Json | undefined): void {
  if (value === undefined) return
  if (property !== '__proto__') object[property] = value
  else Object.defineProperty(object, property, { value, enumerable: true, configurable: true, writable: true })
}
