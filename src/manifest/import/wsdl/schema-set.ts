/** All components of all schemas that a WSDL holds and imports, by kind and name. */
import { attribute, childElements, type XmlElement } from '../../../core/xml-element.ts'
import { bundledSchema } from './bundled.ts'
import type { Documents, LoadedDocument } from './documents.ts'
import { type FailureCode, ImportFailure } from './failure.ts'
import { isXsd, keyOf, type QName, resolveQName, soapEncodings } from './qname.ts'

/** What holds for everything in one schema element. */
export interface SchemaContext {
  readonly uri: string
  readonly elementsQualified: boolean
  readonly attributesQualified: boolean
  /** Included into a schema of this namespace though it has none itself: its names without prefix mean that namespace. */
  readonly chameleon: boolean
  readonly document: LoadedDocument
}

export interface Component {
  readonly node: XmlElement
  readonly context: SchemaContext
  readonly name: QName
}

export type ComponentKind = 'element' | 'type' | 'group' | 'attributeGroup' | 'attribute'

export interface SchemaSet {
  find(kind: ComponentKind, name: QName): Component | undefined
  all(kind: ComponentKind): Iterable<Component>
  /** Imports that were not there, with what to say when something in their namespace is needed. */
  readonly missing: ReadonlyMap<string, string>
  /** Schema elements in the order in which they were met; a judge may want them. */
  readonly schemas: readonly { readonly node: XmlElement; readonly context: SchemaContext }[]
}

const kinds: Readonly<Record<string, ComponentKind>> = {
  element: 'element',
  complexType: 'type',
  simpleType: 'type',
  group: 'group',
  attributeGroup: 'attributeGroup',
  attribute: 'attribute'
}

interface Building {
  readonly documents: Documents
  readonly components: Readonly<Record<ComponentKind, Map<string, Component>>>
  readonly loaded: Set<string>
  readonly missing: Map<string, string>
  readonly wanted: Set<string>
  readonly schemas: { node: XmlElement; context: SchemaContext }[]
}

export interface InlineSchema {
  readonly node: XmlElement
  readonly document: LoadedDocument
}

export async function buildSchemaSet(documents: Documents, inline: readonly InlineSchema[]): Promise<SchemaSet> {
  const components = { element: new Map(), type: new Map(), group: new Map(), attributeGroup: new Map(), attribute: new Map() }
  const building: Building = { documents, components, loaded: new Set(), missing: new Map(), wanted: new Set(), schemas: [] }
  for (const { node, document } of inline) await addSchema(building, node, document)
  addBundled(building)
  return {
    find: (kind, name) => components[kind].get(keyOf(name)),
    all: kind => components[kind].values(),
    missing: building.missing,
    schemas: building.schemas
  }
}

async function addSchema(building: Building, node: XmlElement, document: LoadedDocument, includedInto?: string): Promise<void> {
  const own = attribute(node, 'targetNamespace') ?? ''
  const chameleon = own === '' && includedInto !== undefined && includedInto !== ''
  const context: SchemaContext = {
    uri: chameleon ? includedInto : own,
    elementsQualified: attribute(node, 'elementFormDefault') === 'qualified',
    attributesQualified: attribute(node, 'attributeFormDefault') === 'qualified',
    chameleon,
    document
  }
  building.schemas.push({ node, context })
  for (const child of childElements(node)) {
    if (!isXsd(child.uri)) continue
    if (child.local === 'import') await addImport(building, child, document)
    else if (child.local === 'include' || child.local === 'redefine') await addInclude(building, child, context)
    else addComponent(building, child, context)
    if (child.local === 'redefine') for (const inner of childElements(child)) addComponent(building, inner, context)
  }
}

function addComponent({ components }: Building, node: XmlElement, context: SchemaContext): void {
  const kind = Object.hasOwn(kinds, node.local) ? kinds[node.local] : undefined
  const local = attribute(node, 'name')?.trim()
  if (kind === undefined || local === undefined || local === '') return
  const name = { uri: context.uri, local }
  const key = keyOf(name)
  if (!components[kind].has(key)) components[kind].set(key, { node, context, name })
}

async function addImport(building: Building, node: XmlElement, document: LoadedDocument): Promise<void> {
  const uri = attribute(node, 'namespace') ?? ''
  const location = attribute(node, 'schemaLocation')
  building.wanted.add(uri)
  if (location === undefined || location === '') return
  await addLocation(building, { location, document, uri })
}

async function addInclude(building: Building, node: XmlElement, context: SchemaContext): Promise<void> {
  const location = attribute(node, 'schemaLocation')
  if (location !== undefined) await addLocation(building, { location, document: context.document, uri: context.uri, into: context.uri })
}

interface Wanted {
  readonly location: string
  readonly document: LoadedDocument
  readonly uri: string
  readonly into?: string
}

/** Not there, or not to be read: all the same for what needs it. */
const absent: ReadonlySet<FailureCode> = new Set(['missing_import', 'not_well_formed'])

/** What is missing counts only once something needs it. */
async function addLocation(building: Building, { location, document, uri, into }: Wanted): Promise<void> {
  let loaded: LoadedDocument
  try {
    loaded = await building.documents.load(document, location)
  } catch (error) {
    if (!(error instanceof ImportFailure)) throw error
    if (!absent.has(error.code) && bundledSchema(uri) === undefined) throw error
    building.missing.set(uri, error.message)
    return
  }
  const mark = `${loaded.location} ${into ?? ''}`
  if (building.loaded.has(mark)) return
  building.loaded.add(mark)
  for (const schema of schemasIn(loaded.root)) await addSchema(building, schema, loaded, into)
}

/** A schema file, or a WSDL whose types are imported as if it were one. */
export function schemasIn(root: XmlElement): readonly XmlElement[] {
  if (isXsd(root.uri) && root.local === 'schema') return [root]
  return childElements(root)
    .filter(({ local }) => local === 'types')
    .flatMap(types => childElements(types).filter(({ uri, local }) => isXsd(uri) && local === 'schema'))
}

/** Well-known schemas that files import without a location. */
function addBundled(building: Building): void {
  const present = new Set(building.schemas.map(({ context }) => context.uri))
  for (const uri of [...building.wanted, ...building.missing.keys()]) {
    const root = present.has(uri) || soapEncodings.has(uri) ? undefined : bundledSchema(uri)
    if (root === undefined) continue
    const document = { location: `bundled:${uri}`, name: uri, root }
    const context: SchemaContext = { uri, elementsQualified: true, attributesQualified: false, chameleon: false, document }
    building.schemas.push({ node: root, context })
    for (const child of childElements(root)) addComponent(building, child, context)
  }
  for (const uri of soapEncodings) building.missing.delete(uri)
}

/** The name that an attribute of a schema's element refers to. */
export function refOf(node: XmlElement, context: SchemaContext, name: string): QName | undefined {
  const text = attribute(node, name)
  return text === undefined ? undefined : resolveQName(node, text, context.chameleon ? context.uri : undefined)
}
