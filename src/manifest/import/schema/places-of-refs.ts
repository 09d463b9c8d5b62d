/** Where the `$ref`s of a document lead: each place becomes one of `$defs`, whatever draft named it. */
import type { Json } from '../../../core/types.ts'
import { isObject, step } from './conversion.ts'

interface Waiting {
  readonly name: string
  readonly schema: Json
  readonly pointer: string
}

export interface PlacesOfRefs {
  /** The schema that is imported. */
  readonly root: Json
  /** The new `$ref`; undefined when it leads nowhere in this document. */
  link(ref: string, from: string): string | undefined
  /** The next place that a reference leads to and nobody has converted. */
  next(): Waiting | undefined
}

export function createPlaces(document: Json, rootPointer: string): PlacesOfRefs {
  const ids = new Map<string, string>()
  collectIds({ value: document, pointer: '', base: '', depth: 0 }, ids)
  const named = new Map<string, string>()
  const taken = new Set<string>()
  const waiting: Waiting[] = []
  const link = (ref: string): string | undefined => {
    const pointer = pointerOf(ref, ids)
    const schema = pointer === undefined ? undefined : at(document, pointer)
    if (pointer === undefined || schema === undefined) return undefined
    if (pointer === rootPointer) return '#'
    const known = named.get(pointer)
    if (known !== undefined) return `#/$defs/${known}`
    const name = freeName(pointer, taken)
    named.set(pointer, name)
    waiting.push({ name, schema, pointer })
    return `#/$defs/${name}`
  }
  return { root: at(document, rootPointer) ?? {}, link, next: () => waiting.shift() }
}

interface Walked {
  readonly value: Json
  readonly pointer: string
  readonly base: string
  readonly depth: number
}

/** `id` of draft 4, `$id`, `$anchor`: every name that a reference may use for a place. */
function collectIds({ value, pointer, base, depth }: Walked, ids: Map<string, string>): void {
  if (typeof value !== 'object' || value === null || depth > 200) return
  const below = (name: string | number, each: Json, base: string) =>
    collectIds({ value: each, pointer: pointer + step(name), base, depth: depth + 1 }, ids)
  if (Array.isArray(value)) {
    for (const [index, each] of (value as readonly Json[]).entries()) below(index, each, base)
    return
  }
  const object = value as { readonly [key: string]: Json }
  const id = [object.$id, object.id].find(each => typeof each === 'string')
  const here = typeof id === 'string' ? absolute(id, base) : base
  const [address = ''] = plain(here).split('#')
  if (typeof id === 'string') ids.set(plain(here), pointer)
  for (const anchor of [object.$anchor, object.$dynamicAnchor])
    if (typeof anchor === 'string') ids.set(`${address}#${anchor}`, pointer).set(`#${anchor}`, pointer)
  if (typeof id === 'string' && id.startsWith('#')) ids.set(id, pointer)
  for (const [name, each] of Object.entries(object)) below(name, each, address)
}

function absolute(id: string, base: string): string {
  try {
    return new URL(id, base === '' ? undefined : base).href
  } catch {
    return id
  }
}

const plain = (id: string): string => (id.endsWith('#') ? id.slice(0, -1) : id)

function pointerOf(ref: string, ids: ReadonlyMap<string, string>): string | undefined {
  if (ref === '#' || ref === '') return ids.get('') ?? ''
  if (ref.startsWith('#/')) return decode(ref.slice(1))
  const exact = ids.get(plain(ref)) ?? [...ids].find(([id]) => id.endsWith(`/${plain(ref)}`))?.[1]
  if (exact !== undefined) return exact
  const [address = '', fragment = ''] = ref.split('#')
  const holder = ids.get(address) ?? [...ids].find(([id]) => address !== '' && id.endsWith(`/${address}`))?.[1]
  return holder !== undefined && fragment.startsWith('/') ? holder + decode(fragment) : undefined
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return fragment
  }
}

function at(document: Json, pointer: string): Json | undefined {
  let value: Json | undefined = document
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~')
    value = Array.isArray(value)
      ? (value as readonly Json[])[Number(name)]
      : isObject(value) && Object.hasOwn(value, name)
        ? value[name]
        : undefined
  }
  return value
}

/** The last name on the way that means something. */
function freeName(pointer: string, taken: Set<string>): string {
  const last = pointer.split('/').at(-1) ?? ''
  const plain = last.replaceAll(/~[01]|[^\w.-]/g, '_').replace(/^[^A-Za-z_]/, '_$&') || 'part'
  let name = plain
  for (let count = 2; taken.has(name); count += 1) name = `${plain}_${count}`
  taken.add(name)
  return name
}
