import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { writeEnvelope } from '../../adapters/soap/envelope.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { fixture, load, loadFile } from './imported.ts'

test('a message that is one of several kinds takes headers as well', async () => {
  const { actions, errors } = await load('kinds-and-header')
  expect(errors).toEqual([])
  const [pay] = actions
  if (pay === undefined) throw new Error('nothing was imported')
  const input = { xsi_type: 'Transfer', account: '12', soap_headers: { Branch: 'north' } }
  expect(pay.checkInput(input)).toEqual([])
  expect(pay.checkInput({ account: '12' })).not.toEqual([])
  const { operation } = pay.steps as Plan
  const sent = writeEnvelope(operation.frame, operation.request, input)
  expect(sent).toMatch(/<soapenv:Header>.*north.*<\/soapenv:Header>/)
  expect(sent).toMatch(/<soapenv:Body><\w+:pay [^>]*type="\w+:Transfer"[^>]*>.*12.*<\/soapenv:Body>/)
})

test('a type that is larger than a schema may be is cut with a note, and its operation is there all the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wsdl-wide-'))
  const elements = Array.from({ length: 1_200 }, (_, i) => `<xs:element name="f${i}" type="xs:string" minOccurs="0"/>`).join('')
  const text = readFileSync(fixture('kinds-and-header'), 'utf8').replace('<xs:element name="account" type="xs:string"/>', elements)
  writeFileSync(join(folder, 'wide.wsdl'), text)
  const { actions, errors, imported } = await loadFile(join(folder, 'wide.wsdl'))
  rmSync(folder, { recursive: true })
  expect(errors).toEqual([])
  expect(JSON.stringify(imported.manifest)).toContain('was cut on import')
  expect(imported.actions[0]?.warnings.join(' ')).toContain('Transfer has over 900 parts')
  expect(actions[0]?.checkInput({ xsi_type: 'Transfer', content: '<f1 xmlns="urn:fixture">x</f1>' })).toEqual([])
})

test('what an author has to promise is proposed where it would stand', async () => {
  const { text, imported } = await load('kinds-and-header')
  expect(text).toContain('commit: true # please review: add notApplied: [{ faultcode: Client }] if the service checks')
  expect(text).not.toMatch(/^ +notApplied:/m)
  expect(imported.actions[0]?.warnings.join(' ')).toContain('A Client fault ends in outcome_unknown')
})

test('what nobody documented is described by its names and types', async () => {
  const { actions } = await load('recursion')
  for (const { description } of actions) {
    expect(description).not.toMatch(/Calls .* of/)
    expect(description).toMatch(/Takes .*\./)
  }
})
