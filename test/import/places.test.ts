/** Where the files of an import may come from. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { importOptions } from '../../src/commands/import-options.ts'
import { importWsdl } from '../../src/manifest/import/wsdl/import-wsdl.ts'

const folder = mkdtempSync(join(tmpdir(), 'wsdl-places-'))
const at = (name: string, text: string): string => {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
const xs = 'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
const types = `<xs:schema ${xs} targetNamespace="urn:p" elementFormDefault="qualified"><xs:element name="ask"><xs:complexType><xs:sequence><xs:element name="n" type="xs:int"/></xs:sequence></xs:complexType></xs:element></xs:schema>`
const wsdl = (location: string, addresses: readonly string[] = ['http://127.0.0.1:1/a']) => `<definitions
  xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:t="urn:p" targetNamespace="urn:p">
  <types><xs:schema ${xs}><xs:import namespace="urn:p" schemaLocation="${location}"/></xs:schema></types>
  <message name="m"><part name="p" element="t:ask"/></message>
  ${addresses
    .map(
      (address, i) => `<portType name="T${i}"><operation name="ask${i}"><input message="t:m"/></operation></portType>
  <binding name="B${i}" type="t:T${i}"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="ask${i}"><soap:operation soapAction=""/><input><soap:body use="literal"/></input></operation></binding>
  <service name="S${i}"><port name="P" binding="t:B${i}"><soap:address location="${address}"/></port></service>`
    )
    .join('')}</definitions>`

describe('files', () => {
  test('a schema above the folder of the WSDL is read below --root, and not without it', async () => {
    at('above/lib/t.xsd', types)
    const file = at('above/svc/s.wsdl', wsdl('../lib/t.xsd'))
    await expect(importWsdl(file)).rejects.toThrow('Name the folder that holds both with --root')
    expect((await importWsdl(file, { root: join(folder, 'above') })).actions).toHaveLength(1)
  })

  test('nothing is read above --root, and the WSDL lies in it', async () => {
    at('outer/t.xsd', types)
    const file = at('outer/in/svc/s.wsdl', wsdl('../../t.xsd'))
    await expect(importWsdl(file, { root: join(folder, 'outer/in') })).rejects.toThrow('above the folder')
    await expect(importWsdl(file, { root: join(folder, 'above') })).rejects.toThrow('does not lie in')
    await expect(importWsdl(file, { root: join(folder, 'nowhere') })).rejects.toThrow('is not a folder')
  })
})

describe('hosts', () => {
  const seen: { url: string; headers: IncomingHttpHeaders }[] = []
  let [one, other]: { server: Server; host: string }[] = []
  const serve = async (answer: (url: string) => string) => {
    const server = createServer((request, response) => {
      seen.push({ url: `${request.headers.host}${request.url}`, headers: request.headers })
      response.end(answer(request.url ?? ''))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` }
  }
  beforeAll(async () => {
    other = await serve(() => types)
    one = await serve(url =>
      url.includes('lost') ? wsdl('http://lost.invalid/t.xsd') : url.includes('own') ? types : wsdl(`http://${other?.host}/t.xsd`)
    )
  })
  afterAll(() => {
    for (const each of [one, other]) each?.server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('another host is asked by permission only', async () => {
    const address = `http://${one?.host}/?wsdl`
    await expect(importWsdl(address, { allowFetch: true })).rejects.toThrow(`add --allow-host ${other?.host}`)
    expect((await importWsdl(address, { allowFetch: true, allowHosts: [String(other?.host)] })).actions).toHaveLength(1)
  })

  test('a host that can not be reached is stood in for by another', async () => {
    const options = { allowFetch: true, mapHosts: { 'lost.invalid': String(other?.host) } }
    expect((await importWsdl(`http://${one?.host}/lost?wsdl`, options)).actions).toHaveLength(1)
    const file = at('lost.wsdl', wsdl('http://lost.invalid/t.xsd'))
    expect((await importWsdl(file, options)).actions).toHaveLength(1)
    await expect(importWsdl(file, { allowFetch: true })).rejects.toThrow('--map-host lost.invalid=')
  })

  test('credentials go to the origin of the WSDL and to nobody else', async () => {
    seen.length = 0
    const options = { allowFetch: true, allowHosts: [String(other?.host)], authorization: 'Basic c2VjcmV0' }
    await importWsdl(`http://${one?.host}/?wsdl`, options)
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Basic c2VjcmV0', undefined])
  })

  test.each([
    ['hosts without --allow-fetch', { allowHosts: ['a.example'] }, 'add --allow-fetch'],
    ['a host that is none', { allowFetch: true, allowHosts: ['http://a.example/x'] }, 'is not a host'],
    ['credentials for a file', { authorization: 'Basic x' }, 'this one is a file']
  ])('%s are refused', async (_, options, message) => {
    await expect(importWsdl(at('refused.wsdl', wsdl('t.xsd')), options)).rejects.toThrow(message)
  })

  test('a login in the address is refused, and not repeated', async () => {
    const error = await importWsdl('http://me:hunter2@127.0.0.1:1/?wsdl', { allowFetch: true }).catch((each: Error) => each)
    expect((error as Error).message).toContain('--credentials')
    expect((error as Error).message).not.toContain('hunter2')
  })
})

describe('the address of the service', () => {
  test('--url stands in for the one of the file, and other paths of its origin follow', async () => {
    at('t.xsd', types)
    const file = at('url.wsdl', wsdl('t.xsd', ['http://old.example/a', 'http://old.example/b?x=1', 'http://third.example/c']))
    const { manifest } = await importWsdl(file, { url: 'https://new.example/soap/a' })
    expect(manifest.target).toMatchObject({ url: 'https://new.example/soap/a', egress: ['https://new.example', 'http://third.example'] })
    expect(manifest.actions).toMatchObject({
      ask1: { endpoint: 'https://new.example/b?x=1' },
      ask2: { endpoint: 'http://third.example/c' }
    })
    expect(JSON.stringify(manifest)).not.toContain('old.example')
  })

  test('one that can not be called is refused', async () => {
    const file = at('url.wsdl', wsdl('t.xsd'))
    await expect(importWsdl(file, { url: 'ftp://x/' })).rejects.toThrow('can not be the address of a service')
  })
})

test('options are read from the command line, and values of credentials from their file', async () => {
  const secrets = at('secrets/wsdl.json', '{ "username": "me", "password": "päss", "origins": ["https://svc.example"] }')
  process.env.SECRETS_DIR = dirname(secrets)
  const flags = { allowFetch: true, allowHost: 'a.example, b.example:8080', mapHost: 'c.example=d.example', credentials: 'wsdl' }
  expect(await importOptions('https://svc.example/?wsdl', flags)).toMatchObject({
    allowHosts: ['a.example', 'b.example:8080'],
    mapHosts: { 'c.example': 'd.example' },
    authorization: `Basic ${Buffer.from('me:päss').toString('base64')}`
  })
  await expect(importOptions('https://other.example/?wsdl', flags)).rejects.toThrow('may not go to https://other.example')
  await expect(importOptions('x.wsdl', { mapHost: 'nonsense' })).rejects.toThrow('--map-host nonsense')
  delete process.env.SECRETS_DIR
})
