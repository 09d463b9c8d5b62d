/** The WSDL and those that it imports → its messages, port types, bindings and services by name. */
import { attribute, childElements, textContent, type XmlElement } from '../../../core/xml-element.ts'
import type { Documents, LoadedDocument } from './documents.ts'
import { ImportFailure } from './failure.ts'
import { keyOf, type QName } from './qname.ts'
import { type InlineSchema, schemasIn } from './schema-set.ts'

const wsdlUri = 'http://schemas.xmlsoap.org/wsdl/'
const wsdl20Uri = 'http://www.w3.org/ns/wsdl'

export interface Definition {
  readonly node: XmlElement
  readonly name: QName
}
type Kind = 'message' | 'portType' | 'binding' | 'service'

export interface Definitions {
  readonly uri: string
  readonly name: string
  readonly documentation: string
  readonly schemas: readonly InlineSchema[]
  find(kind: Kind, name: QName): Definition | undefined
  all(kind: Kind): readonly Definition[]
  /** Whether the policies of a binding ask for MTOM. */
  mtom(binding: XmlElement): boolean
  /** Those that bindings refer to. */
  readonly policies: readonly XmlElement[]
  /** Imports that were not there. */
  readonly missing: readonly string[]
}

interface Building {
  readonly documents: Documents
  readonly tables: Readonly<Record<Kind, Map<string, Definition>>>
  readonly schemas: InlineSchema[]
  readonly seen: Set<string>
  readonly missing: string[]
  readonly policies: XmlElement[]
}

export async function readDefinitions(documents: Documents): Promise<Definitions> {
  const { root, name: file } = documents.main
  checkRoot(root, file)
  const tables = { message: new Map(), portType: new Map(), binding: new Map(), service: new Map() }
  const building: Building = { documents, tables, schemas: [], seen: new Set([documents.main.location]), missing: [], policies: [] }
  await addDefinitions(building, documents.main)
  return {
    uri: attribute(root, 'targetNamespace') ?? '',
    name: attribute(root, 'name') ?? '',
    documentation: documentationOf(root),
    schemas: building.schemas,
    find: (kind, name) => tables[kind].get(keyOf(name)),
    all: kind => [...tables[kind].values()],
    policies: building.policies,
    mtom: binding => asksForMtom(binding, building.policies),
    missing: building.missing
  }
}

const mtomUris: ReadonlySet<string> = new Set([
  'http://schemas.xmlsoap.org/ws/2004/09/policy/optimizedmimeserialization',
  'http://www.w3.org/2007/08/soap12-mtom-policy'
])
const isMtom = ({ uri, local }: XmlElement): boolean => mtomUris.has(uri) && (local === 'OptimizedMimeSerialization' || local === 'MTOM')
const holds = (node: XmlElement, is: (each: XmlElement) => boolean): boolean =>
  is(node) || childElements(node).some(child => holds(child, is))

function asksForMtom(binding: XmlElement, policies: readonly XmlElement[]): boolean {
  const named = (reference: XmlElement) =>
    policies.filter(policy => policy.attributes.some(({ local, value }) => local === 'Id' && `#${value}` === attribute(reference, 'URI')))
  const references = childElements(binding).filter(({ local }) => local === 'PolicyReference')
  return [binding, ...references.flatMap(named)].some(each => holds(each, isMtom))
}

function checkRoot({ uri, local }: XmlElement, file: string): void {
  if (uri === wsdl20Uri || uri.startsWith('http://www.w3.org/2006/01/wsdl'))
    throw new ImportFailure(
      'wsdl_2_0',
      `${file} is WSDL 2.0, which is not supported: convert it to WSDL 1.1, for example with Apache Woden's converter or Axis2's "?wsdl" address.`
    )
  if (local !== 'definitions' || uri !== wsdlUri)
    throw new ImportFailure('not_wsdl', `${file} is not a WSDL 1.1 file: its root is {${uri}}${local}, not {${wsdlUri}}definitions.`)
}

async function addDefinitions(building: Building, document: LoadedDocument): Promise<void> {
  const { root } = document
  const uri = attribute(root, 'targetNamespace') ?? ''
  for (const node of schemasIn(root)) building.schemas.push({ node, document })
  for (const child of childElements(root)) {
    if (child.local === 'Policy') building.policies.push(child)
    if (child.uri !== wsdlUri) continue
    if (child.local === 'import' || child.local === 'include') await addImport(building, child, document)
    const local = attribute(child, 'name')?.trim()
    const table = Object.hasOwn(building.tables, child.local) ? building.tables[child.local as Kind] : undefined
    const key = keyOf({ uri, local: local ?? '' })
    if (table !== undefined && local !== undefined && !table.has(key)) table.set(key, { node: child, name: { uri, local } })
  }
}

async function addImport(building: Building, node: XmlElement, from: LoadedDocument): Promise<void> {
  const location = attribute(node, 'location')
  if (location === undefined || location === '') return
  let document: LoadedDocument
  try {
    document = await building.documents.load(from, location)
  } catch (error) {
    if (!(error instanceof ImportFailure) || error.code !== 'missing_import') throw error
    building.missing.push(error.message)
    return
  }
  if (building.seen.has(document.location)) return
  building.seen.add(document.location)
  // Some files import a schema as if it were a WSDL.
  if (document.root.local === 'schema') building.schemas.push(...schemasIn(document.root).map(schema => ({ node: schema, document })))
  else await addDefinitions(building, document)
}

/** The text of a documentation or annotation, markup taken away. */
export function documentationOf(node: XmlElement): string {
  const found = childElements(node).filter(({ local }) => local === 'documentation' || local === 'annotation')
  const text = found.map(each => (each.local === 'annotation' ? documentationOf(each) : flatText(each))).join(' ')
  return text.replace(/\s+/g, ' ').trim()
}

function flatText(node: XmlElement): string {
  const inner = childElements(node)
  return inner.length === 0
    ? textContent(node)
    : node.children.map(child => (typeof child === 'string' ? child : ` ${flatText(child)} `)).join('')
}

export { wsdlUri }
