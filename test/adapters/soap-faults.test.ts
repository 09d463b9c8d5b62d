/** What a fault becomes: an error of the action with its detail as JSON, or a failure that says whether trying again can help. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { withoutTrace } from '../../adapters/soap/stack-trace.ts'
import type { Action } from '../../src/core/types.ts'
import { load } from '../import/imported.ts'
import { failure, newCall } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'

const adapter = createAdapter()
let server: RawServer
let action: Action
beforeAll(async () => {
  server = await startRawServer()
  const { actions, errors } = await load('faults')
  expect(errors).toEqual([])
  action = actions[0] as Action
})
afterAll(async () => {
  await adapter.close()
  await server.close()
})

async function answered(body: string, uri?: string, status = 500) {
  server.answer = xml(envelope(body, uri), status)
  return failure(adapter.run(newCall({ plan: action.steps as Plan, url: server.url, input: { text: 'a' } }).call))
}
const soap11 = (detail: string, code = 'Client', text = 'No') =>
  `<e:Fault><faultcode>e:${code}</faultcode><faultstring>${text}</faultstring><detail xmlns:t="urn:fixture">${detail}</detail></e:Fault>`
const soap12Uri = 'http://www.w3.org/2003/05/soap-envelope'
const soap12 = (detail: string, code = 'Sender') =>
  `<e:Fault><e:Code><e:Value>e:${code}</e:Value></e:Code><e:Reason><e:Text xml:lang="en">No</e:Text></e:Reason><e:Detail xmlns:t="urn:fixture">${detail}</e:Detail></e:Fault>`

test('declared faults are the errors of the action, with the schema of their detail', () => {
  expect(action.errors).toMatchObject({
    not_found_fault: { status: 422, title: 'There is no such thing', data: { schema: { required: ['id'] } } },
    busy: { data: { schema: { required: ['value'] } } },
    nowhere_defined: { status: 422 }
  })
})

describe('the detail of a declared fault', () => {
  test.each([
    ['SOAP 1.1', soap11('<t:NotFound><t:id>7</t:id><t:tried>a</t:tried></t:NotFound>'), undefined],
    ['SOAP 1.2', soap12('<t:NotFound><t:id>7</t:id><t:tried>a</t:tried></t:NotFound>'), soap12Uri]
  ])('%s: as JSON in its types', async (_, fault, uri) => {
    expect(await answered(fault, uri)).toMatchObject({
      code: 'not_found_fault',
      message: 'The target answered: a fault',
      targetSaid: 'No',
      data: { id: 7, tried: ['a'] }
    })
  })

  test('a value alone', async () => {
    expect(await answered(soap11('<t:Busy>3</t:Busy>'))).toMatchObject({ code: 'busy', data: { value: 3 } })
  })

  test('one that can not be read leaves the error without it', async () => {
    const error = await answered(soap11('<t:NotFound><t:id>seven</t:id></t:NotFound>'))
    expect([error.code, error.data]).toEqual(['not_found_fault', undefined])
  })

  test('a stack inside it stays where it is', async () => {
    const trace = 'java.lang.IllegalStateException: closed\n\tat com.bank.Ledger.read(Ledger.java:41)\n\tat com.bank.Main.main(Main.java:3)'
    const error = await answered(soap11(`<t:NotFound><t:id>1</t:id><t:trace>${trace}</t:trace></t:NotFound>`, 'Server', trace))
    expect(error).toMatchObject({ code: 'not_found_fault', data: { trace: 'java.lang.IllegalStateException: closed' } })
    expect(error.targetSaid).toBe('java.lang.IllegalStateException: closed')
  })
})

test.each([
  ['Client', soap11('', 'Client'), undefined, false],
  ['Client.Authentication', soap11('', 'Client.Authentication'), undefined, false],
  ['Server', soap11('', 'Server'), undefined, true],
  ['Sender', soap12('', 'Sender'), soap12Uri, false],
  ['Receiver', soap12('', 'Receiver'), soap12Uri, true],
  ['VersionMismatch', soap11('', 'VersionMismatch'), undefined, false]
])('an undeclared fault of %s', async (_, fault, uri, retryable) => {
  const error = await answered(fault, uri)
  expect(error).toMatchObject({
    code: 'target_failed',
    retryable,
    effect: 'none',
    message: 'The target answered: a fault',
    targetSaid: 'No'
  })
  expect(error.hint).toContain(retryable ? 'try again later' : 'Repeating it does not help')
})

describe('the answer that is kept with a failed run holds no stack either', () => {
  const java = 'Closed\n\tat com.bank.Ledger.read(Ledger.java:41)\n\tat com.bank.Ledger.&lt;init&gt;(Ledger.java:3)'
  test.each([
    ['a fault', soap11('<t:Other/>', 'Server', java), 'text/xml', 500],
    ['its detail, encoded', soap11(`<t:Other>${java.replaceAll('\n', '&#10;').replaceAll('\t', '&#x9;')}</t:Other>`), 'text/xml', 500],
    ['CDATA', soap11(`<t:Other><![CDATA[${java.replaceAll('&lt;', '<')}]]></t:Other>`), 'text/xml', 500],
    ['an error page', `<html><h1>Closed</h1><pre>${java}</pre><p>&nbsp;at&nbsp;com.bank.Main.main(Main.java:1)</html>`, 'text/html', 500],
    ['a text', java, 'text/plain', 502],
    ['an answer that can not be read', `<a><b>${java}</b><c>kept</c>`, 'text/xml', 200]
  ])('%s', async (_, body, type, status) => {
    server.answer = xml(body.startsWith('<e:') ? envelope(body) : body, status, { 'content-type': type })
    const { call, attached } = newCall({ plan: action.steps as Plan, url: server.url, input: { text: 'a' } })
    const error = await failure(adapter.run(call))
    const seen = JSON.stringify([error, error.message, error.targetSaid, ...attached.values()])
    expect(attached.get('answer-1.txt')).toContain('Closed')
    expect(seen).not.toMatch(/com\.bank|\.java/)
  })

  test('nor is a text shown that is too long to look at', () => {
    expect(withoutTrace(`${'x'.repeat(20_000)}\n at com.bank.Main.main(Main.java:3)`)).toHaveLength(10_000)
  })
})

describe('a text without its stack', () => {
  test.each([
    ['Java', 'Lost: x at com.bank.Ledger.read(Ledger.java:41) at com.bank.Main.main(Main.java:3)', 'Lost: x'],
    ['Java, native', 'Lost\n\tat sun.reflect.X.invoke0(Native Method)', 'Lost'],
    [
      '.NET',
      'System.Exception: no\r\n   at Bank.Ledger`1.Read(String name, Int32 n) in C:\\src\\Ledger.cs:line 12',
      'System.Exception: no'
    ],
    ['Python', 'Traceback (most recent call last):\n  File "/srv/a.py", line 3, in f\nValueError: x', ''],
    ['PHP', 'Failed #0 /srv/a.php(12): f() #1 {main}', 'Failed'],
    ['JavaScript', 'Error: no\n    at Object.<anonymous> (/srv/a.js:1:7)\n    at file:///srv/b.mjs:3:1', 'Error: no'],
    ['none', 'Meet me at home (Berlin) at 9:30', 'Meet me at home (Berlin) at 9:30']
  ])('%s', (_, text, clean) => {
    expect(withoutTrace(text)).toBe(clean)
  })
})
