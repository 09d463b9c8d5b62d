/** Definitions → operations, one for each operation of a port type, by way of the best binding of that port type. */
import { own } from '../../../core/own.ts'
import { attribute, childElements, type XmlElement } from '../../../core/xml-element.ts'
import { type Definition, type Definitions, documentationOf, wsdlUri } from './definitions.ts'
import { ImportFailure } from './failure.ts'
import type { Endpoint, Fault, Message, Operation, Part, Wsdl } from './model.ts'
import { readPolicies } from './policies.ts'
import { keyOf, type QName, resolveQName } from './qname.ts'
import { wsaActionOf } from './wsa-action.ts'

export interface Selection {
  readonly service?: string
  readonly port?: string
}

const soapUris: Readonly<Record<string, Operation['soap']>> = {
  'http://schemas.xmlsoap.org/wsdl/soap/': '1.1',
  'http://schemas.xmlsoap.org/wsdl/soap12/': '1.2'
}
const httpUri = 'http://schemas.xmlsoap.org/wsdl/http/'
const httpTransports: ReadonlySet<string> = new Set([
  'http://schemas.xmlsoap.org/soap/http',
  'http://www.w3.org/2003/05/soap/bindings/HTTP/',
  ''
])

interface Bound {
  readonly portType: Definition
  readonly binding: XmlElement | undefined
  readonly soap: Operation['soap']
  readonly http: boolean
  readonly endpoint: Endpoint | undefined
  readonly mtom: boolean
}

interface Reading {
  readonly definitions: Definitions
  readonly warnings: string[]
}

export function readWsdl(definitions: Definitions, selection: Selection): Wsdl {
  const reading: Reading = { definitions, warnings: [] }
  const bound = choose(reading, allBound(reading, selection), selection)
  const operations = bound.flatMap(each => readOperations(reading, each))
  const { name, uri, documentation } = definitions
  const services = definitions
    .all('service')
    .map(({ node, name: { local } }) => ({ name: local, ports: portsOf(node).map(port => attribute(port, 'name') ?? '') }))
  const policy = readPolicies(definitions, bound)
  return { name: services[0]?.name ?? name, uri, documentation, operations, policy, warnings: reading.warnings, services }
}

const wsdlChildren = (node: XmlElement, local: string): readonly XmlElement[] =>
  childElements(node).filter(child => child.local === local && child.uri === wsdlUri)
const portsOf = (service: XmlElement) => wsdlChildren(service, 'port')
const soapChild = (node: XmlElement, local: string): XmlElement | undefined =>
  childElements(node).find(child => child.local === local && Object.hasOwn(soapUris, child.uri))

function allBound(reading: Reading, selection: Selection): readonly Bound[] {
  const { definitions } = reading
  const ports = definitions.all('service').flatMap(service =>
    portsOf(service.node)
      .filter(
        port =>
          (selection.service ?? service.name.local) === service.name.local &&
          (selection.port ?? attribute(port, 'name')) === attribute(port, 'name')
      )
      .map(port => ({ service: service.name.local, port: attribute(port, 'name') ?? '', node: port }))
  )
  if (ports.length === 0 && (selection.service !== undefined || selection.port !== undefined))
    throw new ImportFailure('usage', `There is no such service or port; the file has ${describePorts(definitions)}.`)
  const viaPorts = ports.flatMap(({ service, port, node }) => {
    const name = attribute(node, 'binding')
    const binding = name === undefined ? undefined : definitions.find('binding', resolveQName(node, name))
    const place = childElements(node).find(({ local }) => local === 'address')
    const address = (place === undefined ? undefined : attribute(place, 'location'))?.trim() ?? ''
    return binding === undefined ? [] : readBinding(reading, binding, { service, port, address })
  })
  if (viaPorts.length > 0) return viaPorts
  const viaBindings = definitions.all('binding').flatMap(binding => readBinding(reading, binding, undefined))
  if (viaBindings.length > 0) return viaBindings
  if (definitions.all('binding').length > 0) return []
  return definitions
    .all('portType')
    .map(portType => ({ portType, binding: undefined, soap: '1.1', http: true, endpoint: undefined, mtom: false }))
}

const describePorts = (definitions: Definitions): string =>
  definitions
    .all('service')
    .map(
      ({ node, name }) =>
        `${name.local} (${portsOf(node)
          .map(port => attribute(port, 'name'))
          .join(', ')})`
    )
    .join('; ') || 'no service'

function readBinding({ definitions, warnings }: Reading, { node, name }: Definition, endpoint: Endpoint | undefined): readonly Bound[] {
  const inside = childElements(node).find(child => child.local === 'binding' && child.uri !== wsdlUri)
  const soap = inside === undefined ? undefined : own(soapUris, inside.uri)
  if (inside === undefined || soap === undefined) {
    const kind = inside?.uri === httpUri ? 'an HTTP binding' : 'not a SOAP binding'
    warnings.push(`The binding ${name.local} is ${kind} and was left out.`)
    return []
  }
  const type = attribute(node, 'type')
  const portType = type === undefined ? undefined : definitions.find('portType', resolveQName(node, type))
  if (portType === undefined) {
    warnings.push(`The binding ${name.local} is for the port type ${type ?? '(none)'}, which the file does not have; it was left out.`)
    return []
  }
  return [
    {
      portType,
      binding: node,
      soap,
      http: httpTransports.has(attribute(inside, 'transport') ?? ''),
      endpoint,
      mtom: definitions.mtom(node)
    }
  ]
}

/** One binding for each port type: over HTTP rather than not, with an address rather than without, 1.1 rather than 1.2. */
function choose({ warnings }: Reading, bound: readonly Bound[], { port }: Selection): readonly Bound[] {
  const byPortType = Map.groupBy(bound, each => keyOf(each.portType.name))
  const rank = ({ http, endpoint, soap }: Bound): number => (http ? 0 : 4) + (endpoint?.address ? 0 : 2) + (soap === '1.1' ? 0 : 1)
  return [...byPortType.values()].flatMap(all => {
    const [best, ...rest] = [...all].sort((a, b) => rank(a) - rank(b))
    if (best === undefined) return []
    if (!best.http)
      warnings.push(`${best.endpoint?.port ?? best.portType.name.local} is not bound to HTTP: its calls can not be sent as they are.`)
    const others = rest.flatMap(({ endpoint, soap }) =>
      endpoint === undefined ? [] : [`${endpoint.service}/${endpoint.port} (SOAP ${soap})`]
    )
    if (others.length > 0 && port === undefined)
      warnings.push(
        `${best.endpoint?.service}/${best.endpoint?.port} was taken; the same operations are at ${[...new Set(others)].slice(0, 10).join(', ')}.`
      )
    return [best]
  })
}

function readOperations(reading: Reading, bound: Bound): readonly Operation[] {
  const abstract = wsdlChildren(bound.portType.node, 'operation')
  const concrete = bound.binding === undefined ? [] : wsdlChildren(bound.binding, 'operation')
  const { warnings } = reading
  if (concrete.length === 0)
    warnings.push(`No binding says how the operations of ${bound.portType.name.local} travel: document/literal is assumed.`)
  const rest = [...concrete]
  return abstract.flatMap(node => {
    const name = attribute(node, 'name')?.trim() ?? ''
    const at = rest.findIndex(each => attribute(each, 'name')?.trim() === name && sameInput(each, node))
    const index = at === -1 ? rest.findIndex(each => attribute(each, 'name')?.trim() === name) : at
    const binding = index === -1 ? undefined : rest.splice(index, 1)[0]
    if (bound.binding !== undefined && binding === undefined && concrete.length > 0) {
      warnings.push(`The operation ${name} is not in the binding ${attribute(bound.binding, 'name')} and was left out.`)
      return []
    }
    if (wsdlChildren(node, 'input').length === 0) {
      warnings.push(`The operation ${name} has no input: the service calls it, not you; it was left out.`)
      return []
    }
    return [readOperation(reading, { bound, node, binding, name })]
  })
}

/** Overloaded operations differ in the name of their input. */
function sameInput(binding: XmlElement, abstract: XmlElement): boolean {
  const named = (node: XmlElement) => wsdlChildren(node, 'input').map(input => attribute(input, 'name'))[0]
  return named(binding) === named(abstract)
}

interface Bindable {
  readonly bound: Bound
  readonly node: XmlElement
  readonly binding: XmlElement | undefined
  readonly name: string
}

function readOperation(reading: Reading, { bound, node, binding, name }: Bindable): Operation {
  const soap = binding === undefined ? undefined : soapChild(binding, 'operation')
  const whole = bound.binding === undefined ? undefined : soapChild(bound.binding, 'binding')
  const style = (soap && attribute(soap, 'style')) ?? (whole && attribute(whole, 'style')) ?? 'document'
  const part = (local: string) => ({ abstract: wsdlChildren(node, local)[0], concrete: binding && wsdlChildren(binding, local)[0] })
  const output = part('output')
  return {
    name,
    portType: bound.portType.name.local,
    documentation: documentationOf(node) || (binding === undefined ? '' : documentationOf(binding)),
    soap: bound.soap,
    style: style === 'rpc' ? 'rpc' : 'document',
    soapAction: (soap && attribute(soap, 'soapAction')) ?? '',
    wsaAction: wsaActionOf(part('input').abstract, { portType: bound.portType.name, name }),
    input: readMessage(reading, { ...part('input'), operation: name }),
    output: output.abstract === undefined ? undefined : readMessage(reading, { ...output, operation: name }),
    faults: wsdlChildren(node, 'fault').map(fault => readFault(reading, fault, binding)),
    endpoint: bound.endpoint,
    mtom: bound.mtom
  }
}

function messageParts({ definitions, warnings }: Reading, node: XmlElement, name: string, operation: string): readonly Part[] {
  const found =
    definitions.find('message', resolveQName(node, name)) ??
    definitions.find('message', { uri: definitions.uri, local: name.split(':').at(-1) ?? '' })
  if (found === undefined)
    warnings.push(`The operation ${operation} uses the message ${name}, which the file does not have: it is taken as empty.`)
  return found === undefined ? [] : wsdlChildren(found.node, 'part').map(readPart)
}

function readPart(node: XmlElement): Part {
  const qname = (name: string): QName | undefined => {
    const text = attribute(node, name)
    return text === undefined || text.trim() === '' ? undefined : resolveQName(node, text)
  }
  return { name: attribute(node, 'name') ?? '', element: qname('element'), type: qname('type') }
}

interface MessageNodes {
  readonly abstract: XmlElement | undefined
  readonly concrete: XmlElement | undefined
  readonly operation: string
}

function readMessage(reading: Reading, { abstract, concrete, operation }: MessageNodes): Message {
  const name = abstract && attribute(abstract, 'message')
  const parts = abstract === undefined || name === undefined ? [] : messageParts(reading, abstract, name, operation)
  const { body, headers, mime } = soapParts(concrete)
  const inHeaders = new Set<string>()
  const headerParts = headers.flatMap(header => {
    const message = attribute(header, 'message')
    const wanted = attribute(header, 'part') ?? attribute(header, 'parts')
    if (message === undefined || wanted === undefined) return []
    if (message.split(':').at(-1) === name?.split(':').at(-1)) inHeaders.add(wanted)
    return messageParts(reading, header, message, operation).filter(part => part.name === wanted)
  })
  const listed = (body && attribute(body, 'parts'))?.trim().split(/\s+/).filter(Boolean)
  const attached = new Set(mime.flatMap(content => attribute(content, 'part') ?? []))
  const inBody = parts.filter(
    part =>
      (listed === undefined || listed.length === 0 ? !inHeaders.has(part.name) : listed.includes(part.name)) && !attached.has(part.name)
  )
  return {
    parts: inBody,
    headers: headerParts,
    attachments: parts.filter(part => attached.has(part.name)).map(({ name }) => ({ name, mediaType: mediaTypeOf(mime, name) })),
    namespace: (body && attribute(body, 'namespace')) ?? '',
    encoded: body !== undefined && attribute(body, 'use') === 'encoded'
  }
}

/** Also where they stand inside MIME parts. */
function soapParts(node: XmlElement | undefined): {
  body: XmlElement | undefined
  headers: readonly XmlElement[]
  mime: readonly XmlElement[]
} {
  const all = node === undefined ? [] : descendants(node, 4)
  const soap = all.filter(({ uri }) => Object.hasOwn(soapUris, uri))
  return {
    body: soap.find(({ local }) => local === 'body'),
    headers: soap.filter(({ local }) => local === 'header'),
    mime: all.filter(({ uri, local }) => uri === 'http://schemas.xmlsoap.org/wsdl/mime/' && local === 'content')
  }
}

/** Several contents of one part are alternatives. */
function mediaTypeOf(mime: readonly XmlElement[], part: string): string {
  const [only, ...others] = mime.filter(each => attribute(each, 'part') === part).map(each => attribute(each, 'type') ?? '')
  return only === undefined || others.length > 0 || only.includes('*') ? '' : only
}

const descendants = (node: XmlElement, depth: number): readonly XmlElement[] =>
  depth === 0 ? [] : childElements(node).flatMap(child => [child, ...descendants(child, depth - 1)])

function readFault(reading: Reading, node: XmlElement, binding: XmlElement | undefined): Fault {
  const bound = binding && wsdlChildren(binding, 'fault').find(each => attribute(each, 'name') === attribute(node, 'name'))
  const soap = bound && soapChild(bound, 'fault')
  const message = attribute(node, 'message')
  const [part] = message === undefined ? [] : messageParts(reading, node, message, `fault ${attribute(node, 'name') ?? ''}`)
  return {
    name: attribute(node, 'name') ?? part?.name ?? '',
    part,
    encoded: (soap && attribute(soap, 'use')) === 'encoded',
    documentation: documentationOf(node)
  }
}
