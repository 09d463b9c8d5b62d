/** The members of an object, put where reading and writing look for them. */
import type { State } from './compile-mapping.ts'
import { type Attached, type Mapping, type Member, type Name, nameKey, type ObjectMapping, type Which } from './mapping.ts'
import type { Path } from './resolve-schema.ts'
import type { Xml } from './xml-keywords.ts'

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** The mapping while it is made; others may hold it already. */
export interface Building extends Writable<Omit<ObjectMapping, 'attributes' | 'elements' | 'byName' | 'attached'>> {
  readonly attributes: Member[]
  readonly attached: Attached[]
  readonly elements: Member[]
  readonly byName: Map<string, number[]>
  which: Which | undefined
  readonly mapping: ObjectMapping
}

export function newObject(properties: ReadonlySet<string>, nillable: boolean): Building {
  const building = {
    kind: 'object' as const,
    attributes: [],
    attached: [],
    text: undefined,
    content: undefined,
    otherAttributes: undefined,
    header: undefined,
    which: undefined,
    elements: [],
    properties,
    byName: new Map(),
    rest: undefined,
    grouped: false,
    nillable,
    typeName: undefined,
    itemType: undefined
  }
  return Object.defineProperty(building, 'mapping', { value: building, enumerable: false }) as unknown as Building
}

export function finishObject(building: Building, { typeName, itemType }: { typeName: Name | undefined; itemType: Name | undefined }): void {
  building.typeName = typeName
  building.itemType = itemType
}

interface Placing {
  readonly member: Member
  readonly xml: Xml
  readonly path: Path
}

export function place(state: State, building: Building, { member, xml, path }: Placing): void {
  const beside = xml.attribute === true || xml['x-text'] === true
  if (beside && (member.list || member.mapping.kind === 'object'))
    state.issue(path, 'an attribute or text must be a string, number, integer or boolean')
  if (xml['x-header'] === true) building.header = member
  else if (xml.attribute === true) building.attributes.push(member)
  else if (xml['x-text'] === true) {
    if (building.text !== undefined) state.issue(path, 'only one property can be the text')
    building.text = member
  } else placeElement(state, building, { member, path })
}

function placeElement(state: State, building: Building, { member, path }: Omit<Placing, 'xml'>): void {
  const index = building.elements.push(member) - 1
  building.grouped ||= member.role === 'group'
  if (member.role === 'any' || member.anyName || takesRest(member)) building.rest ??= index
  for (const key of keysOf(member)) {
    const known = building.byName.get(key)
    if (known === undefined) building.byName.set(key, [index])
    // The same name next to each other: nothing could tell them apart.
    else if (known.at(-1) === index - 1 && member.role === 'element' && building.elements[index - 1]?.role === 'element')
      state.issue(path, `the element ${member.name.local} is there twice: give one of the two another xml.name`)
    else known.push(index)
  }
}

function keysOf({ role, name, wrapper, mapping }: Member): readonly string[] {
  if (role === 'any') return []
  if (role === 'group') return groupKeys(mapping)
  const { uri, local } = wrapper ?? name
  return [nameKey(uri, local)]
}

function groupKeys(mapping: Mapping): readonly string[] {
  if (mapping.kind === 'object') return [...mapping.byName.keys()]
  return mapping.kind === 'variants' ? [...new Set(mapping.variants.flatMap(each => groupKeys(each.mapping)))] : []
}

const takesRest = ({ role, mapping }: Member): boolean =>
  role === 'group' &&
  (mapping.kind === 'object'
    ? mapping.rest !== undefined
    : mapping.kind === 'variants' && mapping.variants.some(each => each.mapping.rest !== undefined))
