/** A SOAP service has answered the committing request, and its answer is not what the manifest says. */
import { describe, expect, test } from '@jest/globals'
import type { JsonObject } from '../../src/index.ts'
import { compile, failure, type Manifest, newCall } from './soap/fixture.ts'
import { openSoap } from './soap/open-soap.ts'
import { envelope, xml } from './soap/raw-server.ts'

const soap = openSoap()
const { adapter } = soap

const text = { type: 'string' }
const object = (properties: JsonObject): JsonObject => ({ type: 'object', properties })
const output = object({ balance: { type: 'number' }, state: text })
const manifest = (action: JsonObject): Manifest => ({
  bot: 'b',
  env: [],
  target: { url: 'http://127.0.0.1', namespaces: { t: 'urn:t' } },
  actions: {
    book: { effect: 'write', commit: true, operation: 't:Book', soapAction: 'urn:t/Book', input: object({ pin: text }), output, ...action }
  }
})

async function book(action: JsonObject, content: string) {
  const { plan, issues } = compile(manifest(action), 'book')
  expect(issues).toEqual([])
  soap.server.answer = xml(envelope(content))
  return newCall({ plan, url: soap.server.url, input: { pin: '4711' }, sensitive: ['4711'] })
}

const booked = (content: string): string => `<BookResponse xmlns="urn:t">${content}</BookResponse>`

describe('the effect is known', () => {
  test('when a value of the answer is none of its type', async () => {
    const call = await book({}, booked('<balance>90071992547409.921</balance><state>pin 4711</state>'))
    const error = await failure(adapter.run(call.call))
    expect(error).toMatchObject({ code: 'invalid_output', effect: 'committed', retryable: false })
    expect(call.attached.get('answer-1.txt')).toContain('90071992547409.921')
    expect(call.attached.get('answer-1.txt')).not.toContain('4711')
  })

  test('when the result fails; the raw answer can be kept', async () => {
    const response = { result: { balance: '{{ $number(response.state) }}' } }
    const call = await book({ response }, booked('<state>many, pin 4711</state>'))
    await failure(adapter.run(call.call))
    expect(call.attached.size).toBe(0)
    await call.answer?.keep?.()
    expect(call.attached.get('answer-1.txt')).toContain('many, pin •••')
  })

  test('also of a probe that has found it', async () => {
    const probe = {
      operation: 't:Find',
      request: { schema: object({}), body: {} },
      response: { schema: object({ state: text }) },
      found: '{{ $exists(response.state) }}',
      output: { balance: '{{ $number(response.state) }}' }
    }
    const call = await book({ probe }, '<FindResponse xmlns="urn:t"><state>many</state></FindResponse>')
    await failure((async () => adapter.probe?.(call.call))())
    expect(call.answer).toBeDefined()
  })
})

describe('nobody can tell', () => {
  test.each<[string, JsonObject, string]>([
    ['when what answers is no such element', {}, '<Other xmlns="urn:t"><balance>1</balance></Other>'],
    [
      'when it takes an unreadable answer to see that the target said no',
      { errors: { refused: { status: 409, title: 'Refused', when: { response: '{{ response.state = "NO" }}' } } } },
      booked('<balance>odd</balance><state>NO</state>')
    ]
  ])('%s', async (_, action, content) => {
    const { call } = await book(action, content)
    expect(await failure(adapter.run(call))).toMatchObject({ code: 'invalid_output', effect: 'unknown' })
  })

  test('when a probe fails before it has looked', async () => {
    const probe = {
      operation: 't:Find',
      request: { schema: object({}), body: {} },
      response: { schema: object({ state: text }) },
      found: '{{ $number(response.state) > 0 }}'
    }
    const call = await book({ probe }, '<FindResponse xmlns="urn:t"><state>many</state></FindResponse>')
    await failure((async () => adapter.probe?.(call.call))())
    expect(call.answer).toBeUndefined()
  })

  test('when an error over the answer can not be evaluated', async () => {
    const errors = { refused: { status: 409, title: 'Refused', when: { response: '{{ $number(response.state) = 0 }}' } } }
    const call = await book({ errors }, booked('<state>many</state>'))
    await failure(adapter.run(call.call))
    expect(call.answer).toBeUndefined()
  })
})
