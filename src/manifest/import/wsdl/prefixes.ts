/** The prefixes that the manifest declares: the file's own where they can be had. */
import type { Scope } from '../../../core/xml-element.ts'
import { type QName, xsd } from './qname.ts'

const reserved: ReadonlySet<string> = new Set(['soapenv', 'xsi', 'xml', 'xmlns', 'soapenc', '__proto__', 'constructor', 'prototype'])

export function createPrefixes(scope: Scope) {
  const byUri = new Map<string, string>()
  const taken = new Set<string>()
  const take = (uri: string, wanted: string): string => {
    let prefix = wanted
    for (let count = 1; taken.has(prefix) || reserved.has(prefix.toLowerCase()); count += 1) prefix = `ns${count}`
    taken.add(prefix)
    byUri.set(uri, prefix)
    return prefix
  }
  const suggested = new Map(scope.declarations().map(([prefix, uri]) => [uri, prefix]))
  const prefixOf = (uri: string): string => {
    const own = uri === xsd ? 'xsd' : suggested.get(uri)
    return byUri.get(uri) ?? take(uri, own !== undefined && /^[A-Za-z_][\w.-]{0,20}$/.test(own) ? own : 'ns1')
  }
  return {
    prefixOf,
    qname: ({ uri, local }: QName): string => (uri === '' ? local : `${prefixOf(uri)}:${local}`),
    table: (): Readonly<Record<string, string>> => Object.fromEntries([...byUri].map(([uri, prefix]) => [prefix, uri]))
  }
}
