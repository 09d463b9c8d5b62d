/**
 * Answers name their elements otherwise than their description does: in another namespace or in none, or, as SOAP 1.1, section 7.1,
 * lets them, the accessor of a return value as they like. The meaning is told by the local name, where it can mean one thing only.
 */
import { nameKey, type ObjectMapping } from './mapping.ts'
import { childrenOf, type Element, textOf } from './parse-xml.ts'

/** SOAP 1.2 part 2, section 4.2.1: it names the return value, and is none. */
const rpcUri = 'http://www.w3.org/2003/05/soap-rpc'

/** Keys of `byName` by their local names. */
type Locals = ReadonlyMap<string, readonly string[]>
const localsOf = new WeakMap<ObjectMapping['byName'], Locals>()

const keyOf = ({ uri, local }: Element): string => nameKey(uri, local)

function localsIn(byName: ObjectMapping['byName']): Locals {
  const before = localsOf.get(byName)
  if (before !== undefined) return before
  const locals = Map.groupBy(byName.keys(), key => key.slice(key.indexOf(' ') + 1))
  localsOf.set(byName, locals)
  return locals
}

const named = (element: Element, key: string): Element => {
  const space = key.indexOf(' ')
  return { ...element, uri: key.slice(0, space), local: key.slice(space + 1) }
}

/** The children under the names that the mapping knows; as many, in the same order. `accessors`: those of an RPC answer. */
export function recognised(mapping: ObjectMapping, children: readonly Element[], accessors: boolean): readonly Element[] {
  const byLocal = sameLocals(children, {
    isKnown: key => mapping.byName.has(key),
    keysOf: local => localsIn(mapping.byName).get(local) ?? []
  })
  return accessors ? sameAccessors(mapping, byLocal) : byLocal
}

interface Names {
  isKnown(key: string): boolean
  keysOf(local: string): readonly string[]
}

function sameLocals(children: readonly Element[], { isKnown, keysOf }: Names): readonly Element[] {
  const there = new Set(children.map(keyOf))
  const meant = new Map<string, string>()
  for (const [local, keys] of Map.groupBy(
    [...there].filter(key => !isKnown(key) && !key.startsWith(rpcUri)),
    key => key.slice(key.indexOf(' ') + 1)
  )) {
    const [known, ...others] = keysOf(local)
    const [foreign, ...rivals] = keys
    if (known !== undefined && foreign !== undefined && others.length + rivals.length === 0 && !there.has(known)) meant.set(foreign, known)
  }
  if (meant.size === 0) return children
  return children.map(child => {
    const key = meant.get(keyOf(child))
    return key === undefined ? child : named(child, key)
  })
}

/** The elements of one name, by their local name where they stand in one other namespace. */
export function ofName(children: readonly Element[], { uri, local }: { readonly uri: string; readonly local: string }): readonly Element[] {
  const key = nameKey(uri, local)
  const exact = children.filter(child => keyOf(child) === key)
  if (exact.length > 0) return exact
  const alike = children.filter(child => child.local === local)
  return new Set(alike.map(child => child.uri)).size === 1 ? alike : []
}

/** SOAP::Lite makes up names for values that have none. */
const madeUp = /gensym\d+$/i

/** The return value is the first, whatever it is called; other values go by their names, or by their places where nobody gave them one. */
function sameAccessors(mapping: ObjectMapping, given: readonly Element[]): readonly Element[] {
  const { elements, byName } = mapping
  const children = given.filter(({ uri }) => uri !== rpcUri)
  const isKnown = (child: Element): boolean => byName.has(keyOf(child))
  const unnamed = children.every(child => madeUp.test(child.local)) ? children : children.slice(0, 1)
  if (unnamed.length > elements.length || unnamed.some(isKnown)) return given
  const keys = unnamed.map((_, index) => placeKey(mapping, index))
  if (keys.some(key => key === undefined || children.some(child => keyOf(child) === key))) return given
  const meant = new Map(unnamed.map((child, index) => [child, keys[index]]))
  return given.map(child => {
    const key = meant.get(child)
    return key === undefined ? child : named(child, key)
  })
}

function placeKey({ elements, byName }: ObjectMapping, index: number): string | undefined {
  if (elements[index]?.role !== 'element') return undefined
  return [...byName].find(([, places]) => places.includes(index))?.[0]
}

/** Apache's Map, which PHP and Axis write for a list of names and values: as the elements that it stands for. */
export function structOf(children: readonly Element[]): readonly Element[] {
  const entries = children.map(entryOf)
  return entries.includes(undefined) ? children : entries.filter(entry => entry !== undefined)
}

function entryOf(item: Element): Element | undefined {
  const [key, value, ...others] = childrenOf(item)
  const isEntry = item.local === 'item' && key?.local === 'key' && value?.local === 'value' && others.length === 0
  return isEntry ? { ...value, local: textOf(key).trim(), uri: '' } : undefined
}

const shownNames = 5

/** The elements that stand there, for the person who corrects the description. */
export function unknownNames(mapping: ObjectMapping, children: readonly Element[]): string {
  const there = [...new Set(children.map(({ uri, local }) => (uri === '' ? local : `{${uri}}${local}`)))]
  const known = [...mapping.byName.keys()].map(key =>
    key.replace(/^(\S*) (.*)$/, (_, uri, local) => (uri === '' ? local : `{${uri}}${local}`))
  )
  return `holds ${listed(there)}, and its schema knows none of that, but ${listed(known)}`.slice(0, 400)
}

const listed = (names: readonly string[]): string =>
  names.length > shownNames ? `${names.slice(0, shownNames).join(', ')} and ${names.length - shownNames} more` : names.join(', ')
