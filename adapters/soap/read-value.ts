/** Element → JSON value, in the types of the mapping. Anything that the mapping does not know is left out. */
import { type Json, writeXmlTreeInSteps } from '../../src/index.ts'
import { type Mapping, type Member, nameKey, type ObjectMapping, type ScalarMapping, type VariantsMapping } from './mapping.ts'
import { xsi } from './namespaces.ts'
import { isNil } from './nil.ts'
import { attributeOf, childrenOf, type Element, textOf } from './parse-xml.ts'
import { isNoNumber, readText, Unreadable } from './read-scalar.ts'
import { ofName, recognised, structOf, unknownNames } from './recognise.ts'
import { doAtOnce, doEach, doSteps, type Work } from './work.ts'

export { Unreadable }

type Values = Record<string, Json>

const apacheUri = 'http://xml.apache.org/xml-soap'

export function readObject(mapping: ObjectMapping | VariantsMapping, element: Element, path: string): Json {
  const work: Work = []
  const object = startObject(mapping, element, { path, work })
  doAtOnce(work)
  return object
}

interface At {
  readonly path: string
  readonly work: Work
  /** `accessors`: what an RPC answers with. `header`: others may have put their elements there, and nothing else. */
  readonly as?: 'accessors' | 'header' | undefined
  /** The value is an item of a list. */
  readonly listed?: boolean | undefined
  /** There is no object without it. */
  readonly required?: boolean | undefined
}

/** The object, which the work fills. */
export function startObject(mapping: ObjectMapping | VariantsMapping, element: Element, { path, work, as }: At): Json {
  const chosen = mapping.kind === 'object' ? mapping : variantOf(mapping, element, path)
  const object: Values = {}
  work.push(() => fill(object, chosen, element, { path, work, as }))
  return object
}

function fill(object: Values, mapping: ObjectMapping, element: Element, { path, work, as }: At): void {
  readAttributes(object, mapping, element, { path, work })
  const { text, content, elements } = mapping
  if (content !== undefined) doSteps(work, writeXmlTreeInSteps(element.children), xml => set(object, content, xml))
  else if (text !== undefined)
    set(object, text.property, readSimple(text.mapping, textOf(element), { element, path, work, required: text.required }))
  else if (elements.length > 0) {
    const children = typeOf(element)?.uri === apacheUri ? structOf(childrenOf(element)) : childrenOf(element)
    if (children.length === 0 && textOf(element).trim() !== '') throw new Unreadable(`${path} holds a text where elements are expected`)
    readElements(object, mapping, { children, path, work, as })
  }
}

/** By xsi:type; without one, the kind that needs none. */
function variantOf({ variants }: VariantsMapping, element: Element, path: string): ObjectMapping {
  const said = typeOf(element)
  const found =
    said === undefined
      ? variants.find(({ mapping: { which }, required }) => which === undefined || !required.includes(which.property))
      : (variants.find(({ mapping: { which } }) => which?.name.local === said.local && which.name.uri === said.uri) ??
        only(variants.filter(({ mapping: { which } }) => which?.name.local === said.local)))
  const mapping = (found ?? variants.find(({ mapping: { which } }) => which === undefined))?.mapping
  if (mapping === undefined) throw new Unreadable(`${path} is of a kind that the schema does not have`)
  return mapping
}

const only = <Item>(items: readonly Item[]): Item | undefined => (items.length === 1 ? items[0] : undefined)

function typeOf(element: Element): { uri: string; local: string } | undefined {
  const text = attributeOf(element, xsi, 'type')?.trim()
  if (text === undefined) return undefined
  const [local = '', prefix = ''] = text.split(':').reverse()
  return { uri: element.scope.get(prefix) ?? '', local }
}

function readAttributes(object: Values, mapping: ObjectMapping, element: Element, { path, work }: At): void {
  const { attributes, which, otherAttributes } = mapping
  if (element.attributes.length === 0) return
  if (which !== undefined && typeOf(element) !== undefined) set(object, which.property, which.value)
  for (const { property, name, mapping: simple, required } of attributes)
    set(
      object,
      property,
      readSimple(simple, attributeOf(element, name.uri, name.local), { element, path: `${path}@${name.local}`, work, required })
    )
  if (otherAttributes === undefined) return
  const known = new Set(attributes.map(({ name }) => nameKey(name.uri, name.local)))
  const others = element.attributes.filter(({ uri, local }) => uri !== xsi && !known.has(nameKey(uri, local)))
  const rest: Values = {}
  for (const { uri, local, value } of others) set(rest, uri === '' ? local : `{${uri}}${local}`, value)
  if (others.length > 0) set(object, otherAttributes, rest)
}

interface Content extends At {
  readonly children: readonly Element[]
}

/** In document order: a name that is there twice means the next place that it can have. */
function readElements(object: Values, mapping: ObjectMapping, { children: sent, path, work, as }: Content): void {
  let [at, known] = [0, 0]
  let children = sent
  let asked = false
  const ask = () => {
    children = recognised(mapping, sent, as === 'accessors')
    asked = true
  }
  // Everything that belongs to one item of a group has to have its name before the items are told apart.
  if (mapping.grouped) ask()
  const one = (index: number): number => {
    const child = children[index] as Element
    const place = placeOf(object, mapping, { child, at, path })
    const member = place === undefined ? undefined : mapping.elements[place]
    if (place === undefined || member === undefined) {
      if (asked) return 1
      ask()
      return one(index)
    }
    at = place
    known += 1
    if (member.role === 'group') return readGroup(object, member, { children, from: index, path, work })
    readOne(object, member, child, { path, work })
    return 1
  }
  doEach(work, children.length, one, () => {
    if (known === 0 && children.length > 0 && as !== 'header') throw new Unreadable(`${path} ${unknownNames(mapping, children)}`)
    fillLists(object, mapping)
  })
}

interface Position {
  readonly child: Element
  readonly at: number
  readonly path: string
}

function placeOf(object: Values, mapping: ObjectMapping, { child, at, path }: Position): number | undefined {
  const places = mapping.byName.get(nameKey(child.uri, child.local)) ?? []
  const free = places.filter(place => isFree(object, mapping.elements[place]))
  const place = free.find(each => each >= at) ?? free[0]
  if (place !== undefined) return place
  if (places.length > 0 && mapping.rest === undefined) throw new Unreadable(`${path}/${child.local} is there more than once`)
  return mapping.rest
}

const isFree = (object: Values, member: Member | undefined): boolean =>
  member !== undefined && ((member.list && member.wrapper === undefined) || !Object.hasOwn(object, member.property))

function readOne(object: Values, member: Member, child: Element, { path, work }: At): void {
  const { property, list, wrapper, mapping, role, required } = member
  const at = { path: `${path}/${child.local}`, work }
  if (wrapper !== undefined) {
    set(object, property, readItems(member, child, at))
    return
  }
  if (role === 'any') {
    readAny(object, member, child, work)
    return
  }
  const item = readValue(mapping, child, { ...at, listed: list, required })
  if (item !== undefined) add(object, member, item)
  else if (list && !Object.hasOwn(object, property)) set(object, property, [])
}

/** Its place is taken at once, and filled when the text is there. */
function readAny(object: Values, member: Member, child: Element, work: Work): void {
  add(object, member, '')
  const list = object[member.property]
  const index = Array.isArray(list) ? list.length - 1 : -1
  doSteps(work, writeXmlTreeInSteps([child]), xml => {
    if (Array.isArray(list)) list[index] = xml
    else set(object, member.property, xml)
  })
}

function add(object: Values, { property, list }: Member, item: Json): void {
  const before = Object.hasOwn(object, property) ? object[property] : undefined
  if (Array.isArray(before)) before.push(item)
  else set(object, property, list ? [item] : item)
}

/** The children that make one item of a group, from the first one on: how many they are. */
function readGroup(object: Values, member: Member, { children, from, path, work }: Content & { readonly from: number }): number {
  const first = children[from]
  const { mapping } = member
  const candidates = mapping.kind === 'object' ? [mapping] : mapping.kind === 'variants' ? mapping.variants.map(each => each.mapping) : []
  if (first === undefined) return 1
  const key = nameKey(first.uri, first.local)
  const fitting = candidates.filter(each => each.byName.has(key))
  const chosen = longest(fitting.length > 0 ? fitting : candidates.filter(({ rest }) => rest !== undefined), children, from)
  if (chosen === undefined) return 1
  const item: Values = {}
  const own = children.slice(from, from + chosen.count)
  work.push(() => readElements(item, chosen.mapping, { children: own, path, work }))
  add(object, member, item)
  return chosen.count
}

interface Chosen {
  readonly mapping: ObjectMapping
  readonly count: number
}

function longest(mappings: readonly ObjectMapping[], children: readonly Element[], from: number): Chosen | undefined {
  let best: Chosen | undefined
  for (const mapping of mappings) {
    const count = Math.max(1, runLength(mapping, children, from))
    if (best === undefined || count > best.count) best = { mapping, count }
  }
  return best
}

/** How many of the children, from the one on, stand in the order of the mapping before it would have to start again. */
function runLength({ elements, byName, rest }: ObjectMapping, children: readonly Element[], from: number): number {
  let at = -1
  let count = 0
  for (let index = from; index < children.length; index += 1) {
    const { uri, local } = children[index] as Element
    const places = byName.get(nameKey(uri, local)) ?? (rest === undefined ? [] : [rest])
    const next = places.find(
      place => place > at || (place === at && elements[place]?.list === true) || (place === at && elements[place]?.role === 'group')
    )
    if (next === undefined) return count
    at = next
    count += 1
  }
  return count
}

/** An empty list has no element; a wrapped one has its wrapper. */
function fillLists(object: Values, { elements }: ObjectMapping): void {
  for (const { property, list, wrapper, conditional, role } of elements)
    if (list && wrapper === undefined && !conditional && role === 'element' && !Object.hasOwn(object, property)) set(object, property, [])
}

function readItems({ name, mapping, anyName }: Member, wrapper: Element, { path, work }: At): Json {
  const children = childrenOf(wrapper)
  const elements = anyName ? children : ofName(children, name)
  if (elements.length === 0 && (children.length > 0 || textOf(wrapper).trim() !== ''))
    throw new Unreadable(`${path} holds ${children[0]?.local ?? 'a text'} where a list of ${name.local} is expected`.slice(0, 300))
  const items: Json[] = []
  const one = (index: number): number => {
    const item = readValue(mapping, elements[index] as Element, { path: `${path}/${name.local}`, work, listed: true })
    if (item !== undefined) items.push(item)
    return 1
  }
  work.push(() => doEach(work, elements.length, one))
  return items
}

/** Undefined: as good as absent. */
function readValue(mapping: Mapping, element: Element, { path, work, listed, required }: At): Json | undefined {
  if (isNil(element)) return mapping.nillable ? null : undefined
  if (mapping.kind === 'object' || mapping.kind === 'variants') return startObject(mapping, element, { path, work })
  if (childrenOf(element).length > 0)
    throw new Unreadable(`${path} holds elements where a ${mapping.kind === 'scalar' ? mapping.type : 'list'} is expected`)
  return readSimple(mapping, textOf(element), { element, path, work, listed, required })
}

interface Place extends At {
  readonly element: Element
}

function readSimple(mapping: Mapping, raw: string | undefined, place: Place): Json | undefined {
  if (raw === undefined) return undefined
  if (mapping.kind !== 'list') return readScalar(mapping as ScalarMapping, raw, place)
  const words = raw.split(/[ \t\r\n]+/).filter(Boolean)
  return words.map(word => readScalar(mapping.item, word, { ...place, listed: true })).filter(each => each !== undefined)
}

function readScalar(mapping: ScalarMapping, raw: string, { element, path, work, listed, required }: Place): Json | undefined {
  const value = readText(mapping, raw, path)
  if (value === undefined && isNoNumber(mapping, raw)) loseNumber(raw.trim(), { path, work, listed, required })
  if (mapping.attachment !== undefined && typeof value === 'string' && value.startsWith('cid:'))
    throw new Unreadable(`${path} refers to an attachment that the message does not have`)
  if (!mapping.qualified || typeof value !== 'string') return value
  const [local = '', prefix = ''] = value.trim().split(':').reverse()
  const uri = element.scope.get(prefix) ?? ''
  return uri === '' ? local : `{${uri}}${local}`
}

/** Costs one value where there can be an output without it. */
function loseNumber(text: string, { path, work, listed, required }: At): void {
  if (listed) {
    work.lost ??= []
    work.lost.push({ path, text })
  } else if (required)
    throw new Unreadable(
      `${path} is ${text}, which no JSON number can be, and the schema requires it: declare it as [number, string] or [number, "null"]`
    )
}

/** `__proto__` may be the name of a property: never assign. */
function set(object: Values, property: string, value: Json | undefined): void {
  if (value === undefined) return
  if (property !== '__proto__') object[property] = value
  else Object.defineProperty(object, property, { value, enumerable: true, configurable: true, writable: true })
}
