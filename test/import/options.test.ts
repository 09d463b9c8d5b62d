/** What a person may ask of an import, and what stands in files beside their types. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../../src/core/types.ts'
import { type ImportOptions, importWsdl } from '../../src/manifest/import/wsdl/import-wsdl.ts'
import { toPattern } from '../../src/manifest/import/wsdl/regex.ts'
import { bodyOf, loadFile } from './imported.ts'

const folder = mkdtempSync(join(tmpdir(), 'wsdl-options-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const uris =
  'xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:fixture"'
const soapService = (name: string, operations: string) =>
  `<binding name="B${name}" type="t:${name}"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>${operations}</binding>
  <service name="S${name}"><port name="P${name}" binding="t:B${name}"><soap:address location="http://127.0.0.1:1/${name}"/></port></service>`
const bound = (name: string, input = '') =>
  `<operation name="${name}"><soap:operation soapAction=""/><input${input}><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`
const asked = (name: string, message: string, input = '') =>
  `<operation name="${name}"><input message="t:${message}"${input}/><output message="t:Done"/></operation>`

/** `elements` are the schema's content; each message named is an element. */
function file(name: string, parts: { schema: string; messages: readonly string[]; rest: string; imports?: string }): string {
  const path = join(folder, name)
  const messages = ['Done', ...parts.messages].map(each => `<message name="${each}"><part name="body" element="t:${each}"/></message>`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(
    path,
    `<definitions ${uris} targetNamespace="urn:fixture"><types><xs:schema targetNamespace="urn:fixture" elementFormDefault="qualified">${parts.imports ?? ''}
    <xs:element name="Done"><xs:complexType><xs:sequence><xs:element name="ok" type="xs:boolean"/></xs:sequence></xs:complexType></xs:element>${parts.schema}</xs:schema></types>
    ${messages.join('')}${parts.rest}</definitions>`
  )
  return path
}
const element = (name: string, content: string) =>
  `<xs:element name="${name}"><xs:complexType><xs:sequence>${content}</xs:sequence></xs:complexType></xs:element>`
const simple = (name: string, schema: string, imports = ''): string =>
  file(name, {
    schema,
    imports,
    messages: ['Send'],
    rest: `<portType name="Port">${asked('Send', 'Send')}</portType>${soapService('Port', bound('Send'))}`
  })
const inputOf = async (path: string, options: ImportOptions = {}): Promise<JsonObject> => {
  const { manifest } = await importWsdl(path, { bot: 'fixture', ...options })
  return ((manifest.actions as JsonObject).send as JsonObject).input as JsonObject
}
const warningsOf = async (path: string) => (await importWsdl(path, { bot: 'fixture' })).warnings.join(' ')

const order = `${element('Send', '<xs:element name="order" type="t:Order"/>')}<xs:complexType name="Order"><xs:sequence><xs:element name="id" type="xs:int"/><xs:element name="note" type="xs:string" minOccurs="0"/></xs:sequence></xs:complexType>`

describe('smaller inputs on request', () => {
  test('--flatten: the one object that the message wraps is the input, and the wire is the same', async () => {
    const path = simple('flatten.wsdl', order)
    expect(await inputOf(path, { flatten: true })).toMatchObject({ required: ['id'], properties: { id: {}, note: {} } })
    const { actions, errors } = await loadFile(path, { flatten: true })
    expect(errors).toEqual([])
    expect(actions[0]?.checkInput({ id: 1 })).toEqual([])
    const plain = (await loadFile(path)).actions[0]
    expect(plain && bodyOf(plain, { order: { id: 1 } })).toContain('<t:order><t:id>1</t:id></t:order>')
  })

  test('--only-required: optional parts are left out', async () => {
    expect(await inputOf(simple('required.wsdl', order), { onlyRequired: true, flatten: true })).toMatchObject({ properties: { id: {} } })
    expect((await inputOf(simple('required.wsdl', order), { onlyRequired: true, flatten: true })).properties).not.toHaveProperty('note')
  })

  test('--only-required: also behind references, in circles too, and nothing that is unused stays', async () => {
    const tree = `${element('Send', '<xs:element name="order" type="t:Node"/>')}<xs:complexType name="Node"><xs:sequence><xs:element name="id" type="xs:int"/><xs:element name="note" type="xs:string" minOccurs="0"/><xs:element name="all" type="t:Nodes"/></xs:sequence></xs:complexType>
    <xs:complexType name="Nodes"><xs:sequence><xs:element name="node" type="t:Node" maxOccurs="unbounded"/><xs:element name="extra" type="t:Extra" minOccurs="0"/></xs:sequence></xs:complexType>
    <xs:complexType name="Extra"><xs:sequence><xs:element name="x" type="xs:string"/></xs:sequence></xs:complexType>`
    const path = simple('tree.wsdl', tree)
    const { manifest } = await importWsdl(path, { bot: 'fixture', onlyRequired: true })
    expect(Object.keys(manifest.schemas as JsonObject).sort()).toEqual(['Node_required', 'Nodes_required'])
    expect(JSON.stringify(manifest)).not.toMatch(/note|extra/)
    const { actions, errors } = await loadFile(path, { onlyRequired: true })
    expect(errors).toEqual([])
    const [send] = actions
    expect(send && bodyOf(send, { order: { id: 1, all: { node: [] } } })).toContain('<t:id>1</t:id>')
    expect(Object.keys((await importWsdl(path, { bot: 'fixture' })).manifest.schemas as JsonObject)).toEqual(['Extra', 'Node', 'Nodes'])
  })
})

describe('what is missing', () => {
  const gone = '<xs:import namespace="urn:gone" schemaLocation="gone.xsd"/>'
  const path = file('partial.wsdl', {
    imports: gone,
    schema: `${element('Good', '<xs:element name="a" type="xs:string"/>')}${element('Bad', '<xs:element xmlns:g="urn:gone" name="a" type="g:A"/>')}`,
    messages: ['Good', 'Bad'],
    rest: `<portType name="Port">${asked('Good', 'Good')}${asked('Bad', 'Bad')}</portType>${soapService('Port', bound('Good') + bound('Bad'))}`
  })

  test('is an error that names the file, what needed it and what is needed from it', async () => {
    await expect(importWsdl(path)).rejects.toThrow('gone.xsd is missing; partial.wsdl needs it. The type A is needed from it.')
  })

  test('--partial imports what does not need it, and says what it left out', async () => {
    const { actions, warnings } = await importWsdl(path, { bot: 'fixture', partial: true })
    expect(actions.map(({ operation }) => operation)).toEqual(['Good'])
    expect(warnings.join(' ')).toContain('Bad was left out: gone.xsd is missing')
  })
})

describe('--allow-fetch', () => {
  test('fetches from the origin of the WSDL and from nowhere else', async () => {
    const types =
      '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:far"><xs:simpleType name="F"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>'
    let location = 'far.xsd'
    const server = createServer((request, response) => {
      const text = simple(
        'served.wsdl',
        element('Send', '<xs:element xmlns:f="urn:far" name="a" type="f:F"/>'),
        `<xs:import namespace="urn:far" schemaLocation="${location}"/>`
      )
      if (request.url === '/far.xsd') response.end(types)
      else if (request.url === '/moved.xsd') response.writeHead(302, { location: '/far.xsd' }).end()
      else void import('node:fs').then(({ readFileSync }) => response.end(readFileSync(text)))
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/?wsdl`
    expect(await inputOf(address, { allowFetch: true })).toMatchObject({ properties: { a: { type: 'integer' } } })
    location = 'http://localhost:1/far.xsd'
    await expect(importWsdl(address, { allowFetch: true })).rejects.toThrow('only addresses of http://127.0.0.1')
    location = 'moved.xsd'
    await expect(importWsdl(address, { allowFetch: true })).rejects.toThrow('can not be fetched')
    server.closeAllConnections()
    server.close()
  })
})

test('overloaded operations are actions of their own', async () => {
  const path = file('overloaded.wsdl', {
    schema: element('One', '<xs:element name="a" type="xs:string"/>') + element('Two', '<xs:element name="b" type="xs:int"/>'),
    messages: ['One', 'Two'],
    rest: `<portType name="Port">${asked('Get', 'One', ' name="one"')}${asked('Get', 'Two', ' name="two"')}</portType>${soapService('Port', bound('Get', ' name="one"') + bound('Get', ' name="two"'))}`
  })
  const { actions, errors } = await loadFile(path)
  expect(errors).toEqual([])
  expect(actions.map(({ name, input }) => [name, Object.keys(input.properties as JsonObject)])).toEqual([
    ['fixture_get', ['a']],
    ['fixture_get_2', ['b']]
  ])
})

test('several services and ports; HTTP bindings are named and left out', async () => {
  const http =
    '<binding name="Web" type="t:Port"><http:binding verb="GET"/><operation name="Send"><http:operation location="/send"/><input/><output/></operation></binding>'
  const path = file('services.wsdl', {
    schema: order,
    messages: ['Send'],
    rest: `<portType name="Port">${asked('Send', 'Send')}</portType><portType name="Other">${asked('Send', 'Send')}${asked('List', 'Send')}</portType>${soapService('Port', bound('Send'))}${soapService('Other', bound('Send') + bound('List'))}${http}<service name="W"><port name="PW" binding="t:Web"/></service>`
  })
  const { actions, warnings, manifest } = await importWsdl(path, { bot: 'fixture' })
  expect(actions.map(({ action }) => action)).toEqual(['fixture_send', 'fixture_other_send', 'fixture_list'])
  expect(warnings).toContain('The binding Web is an HTTP binding and was left out.')
  expect((manifest.actions as JsonObject).list).toMatchObject({ endpoint: 'http://127.0.0.1:1/Other' })
  expect((await importWsdl(path, { bot: 'fixture', service: 'SOther' })).actions).toHaveLength(2)
})

test('documentation is carried over: of operations, elements, types and values', async () => {
  const said = (text: string) => `<xs:annotation><xs:documentation>${text}</xs:documentation></xs:annotation>`
  const path = simple(
    'documented.wsdl',
    `${element('Send', `<xs:element name="state" type="t:State">${said('Where it stands')}</xs:element>`)}<xs:simpleType name="State"><xs:restriction base="xs:string"><xs:enumeration value="A">${said('active')}</xs:enumeration><xs:enumeration value="C">${said('closed')}</xs:enumeration></xs:restriction></xs:simpleType>`
  )
  expect(await inputOf(path)).toMatchObject({
    properties: { state: { enum: ['A', 'C'], description: 'Where it stands. A: active; C: closed' } }
  })
})

test('patterns are ones that every engine reads', () => {
  const pattern = toPattern('\\d{5}(\\-\\d{4})?[a\\-z]') ?? ''
  expect(new RegExp(pattern, 'u').test('12345-6789-')).toBe(true)
})

test('well-known schemas need no location', async () => {
  const imports = [
    'http://www.w3.org/XML/1998/namespace',
    'http://www.w3.org/2005/08/addressing',
    'http://www.w3.org/2005/05/xmlmime',
    'http://schemas.xmlsoap.org/soap/encoding/'
  ]
    .map(uri => `<xs:import namespace="${uri}"/>`)
    .join('')
  const schema = `<xs:element name="Send"><xs:complexType><xs:sequence><xs:element xmlns:a="http://www.w3.org/2005/08/addressing" name="to" type="a:EndpointReferenceType"/><xs:element xmlns:m="http://www.w3.org/2005/05/xmlmime" name="file" type="m:base64Binary"/></xs:sequence><xs:attribute ref="xml:lang"/></xs:complexType></xs:element>`
  const { actions, errors } = await loadFile(simple('well-known.wsdl', schema, imports))
  expect(errors).toEqual([])
  const value = { lang: 'en', to: { Address: 'urn:x' }, file: { value: 'AAAA', contentType: 'a/b' } }
  expect(actions[0]?.checkInput(value)).toEqual([])
  expect(actions[0] && bodyOf(actions[0], value)).toMatch(/xml:lang="en".*<[\w]+:Address>urn:x<\/[\w]+:Address>/)
})

test('XSD of 1999, and schemas that import each other in a circle', async () => {
  const old = simple('old.wsdl', element('Send', '<xs:element name="at" type="xs:timeInstant"/>'))
  const { readFileSync } = await import('node:fs')
  writeFileSync(old, readFileSync(old, 'utf8').replace('http://www.w3.org/2001/XMLSchema', 'http://www.w3.org/1999/XMLSchema'))
  expect(await inputOf(old)).toMatchObject({ properties: { at: { format: 'iso-date-time' } } })
  const schema = (own: string, other: string, content: string) =>
    `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:o="urn:${other}" targetNamespace="urn:${own}" elementFormDefault="qualified"><xs:import namespace="urn:${other}" schemaLocation="${other}.xsd"/>${content}</xs:schema>`
  const part = (name: string, inner: string) =>
    `<xs:complexType name="${name}"><xs:sequence><xs:element name="x" type="${inner}" minOccurs="0"/></xs:sequence></xs:complexType>`
  writeFileSync(join(folder, 'left.xsd'), schema('left', 'right', part('L', 'o:R')))
  writeFileSync(join(folder, 'right.xsd'), schema('right', 'left', part('R', 'o:L')))
  const path = simple(
    'circle.wsdl',
    element('Send', '<xs:element xmlns:l="urn:left" name="l" type="l:L"/>'),
    '<xs:import namespace="urn:left" schemaLocation="left.xsd"/>'
  )
  const { actions, errors } = await loadFile(path)
  expect(errors).toEqual([])
  expect(actions[0]?.checkInput({ l: { x: { x: {} } } })).toEqual([])
})

test('an import that can not be read counts once something needs it', async () => {
  writeFileSync(
    join(folder, 'broken.xsd'),
    '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:broken"><xs:element'
  )
  const imports = '<xs:import namespace="urn:broken" schemaLocation="broken.xsd"/>'
  expect(await inputOf(simple('unneeded.wsdl', order, imports))).toHaveProperty('properties.order')
  const needing = simple('needing.wsdl', element('Send', '<xs:element xmlns:b="urn:broken" name="a" type="b:A"/>'), imports)
  await expect(importWsdl(needing)).rejects.toThrow('broken.xsd:1: it is not XML that is read here')
  expect(await warningsOf(simple('unneeded.wsdl', order, imports))).toContain('broken.xsd:1')
})
