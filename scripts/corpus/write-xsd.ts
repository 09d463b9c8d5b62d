/** The schemas of a WSDL as files that xmllint takes: one document for each namespace, which includes the pieces. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { escapeAttribute, escapeText } from '../../src/core/write-xml.ts'
import { attribute, childElements, type Scope, type XmlElement } from '../../src/core/xml-element.ts'
import { isXsd, soapEncodings, xsd } from '../../src/manifest/import/wsdl/qname.ts'
import type { SchemaSet } from '../../src/manifest/import/wsdl/schema-set.ts'
import { builtins } from '../../src/manifest/import/wsdl/simple-types.ts'

export interface Written {
  /** Namespace → file. */
  readonly files: ReadonlyMap<string, string>
}

const skipped = new Set(['import', 'include', 'annotation', 'redefine'])
const global = new Set(['element', 'complexType', 'simpleType', 'group', 'attributeGroup', 'attribute'])

export function writeXsd(set: SchemaSet, folder: string): Written {
  mkdirSync(folder, { recursive: true })
  const uris = new Set(set.schemas.map(({ context }) => context.uri))
  const usesEncoding =
    set.schemas.some(({ node }) => node.scope.declarations().some(([, uri]) => uri.includes('soap/encoding'))) ||
    [...uris].some(uri => soapEncodings.has(uri))
  if (usesEncoding) for (const uri of soapEncodings) uris.delete(uri)
  const files = new Map([...uris].map((uri, index) => [uri, `ns${index}.xsd`]))
  if (usesEncoding) for (const [index, uri] of [...soapEncodings].entries()) files.set(uri, `encoding${index}.xsd`)
  const seen = new Set<string>()
  const pieces = Map.groupBy(
    set.schemas.filter(({ context }) => uris.has(context.uri)),
    ({ context }) => context.uri
  )
  for (const [uri, all] of pieces) {
    const names = all.map((piece, index) => {
      const name = `${files.get(uri)?.replace('.xsd', '')}-${index}.xsd`
      writeFileSync(join(folder, name), pieceText(piece.node, uri, { files, seen }))
      return name
    })
    const target = uri === '' ? '' : ` targetNamespace="${escapeAttribute(uri)}"`
    writeFileSync(
      join(folder, files.get(uri) as string),
      `<xs:schema xmlns:xs="${xsd}"${target}>${names.map(name => `<xs:include schemaLocation="${name}"/>`).join('')}</xs:schema>`
    )
  }
  if (usesEncoding) for (const uri of soapEncodings) writeFileSync(join(folder, files.get(uri) as string), encodingText(uri))
  return { files }
}

interface PieceContext {
  readonly files: ReadonlyMap<string, string>
  readonly seen: Set<string>
}

const imports = (files: ReadonlyMap<string, string>, own: string): string =>
  [...files]
    .filter(([uri]) => uri !== own)
    .map(
      ([uri, file]) => `<xs:import xmlns:xs="${xsd}"${uri === '' ? '' : ` namespace="${escapeAttribute(uri)}"`} schemaLocation="${file}"/>`
    )
    .join('')

function pieceText(node: XmlElement, uri: string, { files, seen }: PieceContext): string {
  const kept = node.children.filter(child => {
    if (typeof child === 'string' || !isXsd(child.uri) || skipped.has(child.local)) return false
    const key = `${child.local === 'simpleType' ? 'complexType' : child.local} {${uri}}${attribute(child, 'name')}`
    if (!global.has(child.local)) return true
    return seen.has(key) ? false : !!seen.add(key)
  })
  return writeWithScope({ ...node, children: kept }, undefined, imports(files, uri))
}

/** Every declaration stays where it was: QNames in attributes need them. */
export function writeWithScope(node: XmlElement, outer: Scope | undefined, first = ''): string {
  let head = `<${nameOf(node)}`
  for (const [prefix, uri] of node.scope.declarations())
    if (prefix !== 'xml' && outer?.get(prefix) !== uri && (uri !== '' || outer?.get(prefix) !== undefined))
      head += ` xmlns${prefix === '' ? '' : `:${prefix}`}="${escapeAttribute(isXsd(uri) ? xsd : uri)}"`
  for (const each of node.attributes)
    if (!each.uri.startsWith('unbound:')) head += ` ${nameOf(each)}="${escapeAttribute(modern(node, each.local, each.value))}"`
  const inner = adapted(node)
    .map(child =>
      typeof child === 'string' ? escapeText(child) : child.uri.startsWith('unbound:') ? '' : writeWithScope(child, node.scope)
    )
    .join('')
  return `${head}>${first}${inner}</${nameOf(node)}>`
}

const nameOf = ({ prefix, local }: { prefix: string; local: string }): string => (prefix === '' ? local : `${prefix}:${local}`)

/** XSD of 1999 in the words of 2001. */
function modern(node: XmlElement, local: string, value: string): string {
  if (local === 'name') return value.trim()
  if (local === 'maxOccurs' && value === '*') return 'unbounded'
  if (['type', 'base'].includes(local) && isXsd(node.uri))
    return value.replace(/timeInstant$/, 'dateTime').replace(/uriReference$/, 'anyURI')
  return value
}

const particles = new Set(['element', 'any'])

/** Elements without a sequence around them (1999), and SOAP arrays, whose restriction says nothing of their items. */
function adapted(node: XmlElement): readonly (XmlElement | string)[] {
  if (!isXsd(node.uri)) return node.children
  const inside = childElements(node)
  const wrap = (local: string, children: readonly XmlElement[]): XmlElement => ({ ...node, local, attributes: [], children })
  if (node.local === 'complexType' && inside.some(({ local }) => particles.has(local)))
    return [
      wrap(
        'sequence',
        inside.filter(({ local }) => particles.has(local))
      ),
      ...inside.filter(({ local }) => !particles.has(local))
    ]
  const base = attribute(node, 'base')
  if (
    node.local === 'restriction' &&
    base !== undefined &&
    /(^|:)Array$/.test(base) &&
    soapEncodings.has(node.scope.get(base.split(':').at(-2) ?? '') ?? '')
  ) {
    const any = {
      ...wrap('any', []),
      attributes: ['minOccurs=0', 'maxOccurs=unbounded', 'processContents=lax'].map(each => ({
        prefix: '',
        uri: '',
        local: each.split('=')[0] as string,
        value: each.split('=')[1] as string
      }))
    }
    const other = {
      ...wrap('anyAttribute', []),
      attributes: ['namespace=##any', 'processContents=lax'].map(each => ({
        prefix: '',
        uri: '',
        local: each.split('=')[0] as string,
        value: each.split('=')[1] as string
      }))
    }
    return [wrap('sequence', [any]), other]
  }
  return node.children
}

const encodingText = (uri: string): string =>
  `<xs:schema xmlns:xs="${xsd}" xmlns:t="${uri}" targetNamespace="${uri}">
  <xs:attribute name="arrayType" type="xs:string"/><xs:attribute name="offset" type="xs:string"/><xs:attribute name="position" type="xs:string"/>
  <xs:attributeGroup name="commonAttributes"><xs:anyAttribute namespace="##other" processContents="lax"/></xs:attributeGroup>
  <xs:attributeGroup name="arrayAttributes"><xs:attribute ref="t:arrayType"/><xs:attribute ref="t:offset"/></xs:attributeGroup>
  <xs:group name="Array"><xs:sequence><xs:any processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:group>
  <xs:complexType name="Array"><xs:group ref="t:Array" minOccurs="0"/><xs:anyAttribute namespace="##any" processContents="lax"/></xs:complexType>
  <xs:complexType name="Struct"><xs:group ref="t:Array" minOccurs="0"/><xs:anyAttribute namespace="##any" processContents="lax"/></xs:complexType>
  <xs:element name="Array" type="t:Array"/>
  ${Object.keys(builtins)
    .filter(name => !['timeInstant', 'uriReference', 'CDATA', 'binary', 'base64', 'anyAtomicType', 'NOTATION'].includes(name))
    .map(name => `<xs:complexType name="${name}"><xs:simpleContent><xs:extension base="xs:${name}"/></xs:simpleContent></xs:complexType>`)
    .join('')}
  <xs:complexType name="base64"><xs:simpleContent><xs:extension base="xs:base64Binary"/></xs:simpleContent></xs:complexType></xs:schema>`
