/** The prefixes of a manifest, and those that requests need beside them. */
import type { Name } from './mapping.ts'

export const xsi = 'http://www.w3.org/2001/XMLSchema-instance'
const reserved = new Set(['soapenv', 'soapenc', 'xsi', 'xml', 'xmlns'])
/** Declared in every envelope, or by XML itself. */
const fixed: Readonly<Record<string, string>> = { [xsi]: 'xsi', 'http://www.w3.org/XML/1998/namespace': 'xml' }

export interface Namespaces {
  /** Undefined when the prefix is not known. */
  uriOf(prefix: string): string | undefined
  nameIn(uri: string, local: string): Name
  /** The declarations of a request: every prefix used so far. */
  declarations(): Readonly<Record<string, string>>
}

export const isReserved = (prefix: string): boolean => reserved.has(prefix.toLowerCase())

export function createNamespaces(table: Readonly<Record<string, string>>): Namespaces {
  const byPrefix = new Map(Object.entries(table))
  const prefixes = new Map(Object.entries(table).map(([prefix, uri]) => [uri, prefix]))
  const used = new Map<string, string>()
  const prefixFor = (uri: string): string => {
    const known = prefixes.get(uri) ?? freshPrefix(byPrefix)
    prefixes.set(uri, known)
    byPrefix.set(known, uri)
    used.set(`xmlns:${known}`, uri)
    return known
  }
  return {
    uriOf: prefix => (Object.hasOwn(table, prefix) ? table[prefix] : undefined),
    nameIn: (uri, local) => ({ uri, local, qname: uri === '' ? local : `${fixed[uri] ?? prefixFor(uri)}:${local}` }),
    declarations: () => Object.fromEntries(used)
  }
}

function freshPrefix(taken: ReadonlyMap<string, string>): string {
  let number = 1
  while (taken.has(`ns${number}`)) number += 1
  return `ns${number}`
}
