/** Attributes of any name: a caller may add some, and change nothing that is there. */
import { escapeAttribute, type Json, type JsonObject } from '../../src/index.ts'
import { type Member, nameKey } from './mapping.ts'
import { xsi } from './namespaces.ts'
import { legalText, Unwritable } from './write-scalar.ts'

const attributeName = /^(?:\{([^{}]*)\})?([\p{L}_][\p{L}\p{M}\p{N}_.\-\u00b7]*)$/u
const xmlUri = 'http://www.w3.org/XML/1998/namespace'
/** These attributes say the type of an element, or how the message is read. */
const reserved: ReadonlySet<string> = new Set([
  xsi,
  'http://www.w3.org/2000/xmlns/',
  'http://schemas.xmlsoap.org/soap/envelope/',
  'http://www.w3.org/2003/05/soap-envelope',
  'http://schemas.xmlsoap.org/soap/encoding/',
  'http://www.w3.org/2003/05/soap-encoding',
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'
])

interface Place {
  readonly pointer: string
  /** Attributes that the schema names: they can not stand there twice. */
  readonly named: readonly Member[]
}

export function writeOtherAttributes(value: Json | undefined, { pointer, named }: Place): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'object' || Array.isArray(value)) throw new Unwritable(pointer, 'must be an object of attributes')
  const taken = new Set(named.map(({ name: { uri, local } }) => nameKey(uri, local)))
  const pieces = Object.entries(value as JsonObject).map(([key, each], index) => {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const [, uri = '', local] = attributeName.exec(key) ?? []
    if (local === undefined || local === 'xmlns') throw new Unwritable(at, 'must be named {namespace}name')
    if (reserved.has(legalText(uri, at))) throw new Unwritable(at, 'is in a namespace that says how the message is read')
    if (taken.has(nameKey(uri, local))) throw new Unwritable(at, 'is there already')
    taken.add(nameKey(uri, local))
    if (each !== null && typeof each === 'object') throw new Unwritable(at, 'must be a text')
    const text = escapeAttribute(legalText(String(each), at))
    if (uri === '') return ` ${local}="${text}"`
    return uri === xmlUri ? ` xml:${local}="${text}"` : ` xmlns:a${index}="${escapeAttribute(uri)}" a${index}:${local}="${text}"`
  })
  return pieces.join('')
}
