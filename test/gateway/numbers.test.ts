/** Numbers of callers and models: each arrives with all of its digits, or is refused. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { AgentTool } from '../../src/agent/agent.ts'
import { replyCheck } from '../../src/agent/check-reply.ts'
import { decodeObject, decodeText, unchanged } from '../../src/surface/decode.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

const folder = mkdtempSync(join(tmpdir(), 'numbers-'))
const ledger = join(folder, 'till.jsonl')
const till = `
bot: till
version: 1.0.0
title: A till
adapter: echo
target: { url: "http://127.0.0.1:9", ledger: ${JSON.stringify(ledger)} }
actions:
  pay:
    title: Pay an order
    description: Pays one order by its number. Use it once for each order.
    effect: irreversible
    scopes: [till:write]
    input:
      type: object
      required: [order]
      additionalProperties: false
      properties:
        order: { type: [integer, string], pattern: "^[0-9]+$" }
        amount: { type: number, multipleOf: 0.01 }
        parts: { type: array, items: { type: object, properties: { n: { type: number } } } }
    output: { type: object, properties: { amount: { type: number, multipleOf: 0.01 } } }
    idempotency: { key: [order] }
    commit: true
    probe: {}
  book:
    title: Book an order
    description: Books one order; its answer is never what it should be.
    effect: write
    scopes: [till:write]
    input: { type: object, required: [order], additionalProperties: false, properties: { order: { type: integer } } }
    output: { type: object, required: [booked], properties: { booked: { type: integer } } }
    idempotency: { key: [order] }
    commit: true
    probe: {}
`

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ manifests: [till] })
})
afterAll(async () => {
  await gateway.close()
  rmSync(folder, { recursive: true })
})

const json = { 'content-type': 'application/json' }
const pay = (raw: string) => gateway.call('/v1/actions/till_pay', { method: 'POST', raw, headers: json })
/** How many effects the till has. */
const paid = (): number => readFileSync(ledger, 'utf8').trim().split('\n').length
const lost = 'has more digits than a number keeps: send it as text, in quotes'

describe('over REST', () => {
  test('two payments that differ in their last digit are two, never one and its replay', async () => {
    expect((await pay('{"order":9007199254740992}')).status).toBe(200)
    const second = await pay('{"order":9007199254740993}')
    expect(second.status).toBe(422)
    expect(second.json).toMatchObject({ code: 'invalid_input', effect: 'none', errors: [{ pointer: '/order', message: lost }] })
    expect(second.json.hint).toContain('as text, in quotes')
    const asText = await pay('{"order":"9007199254740993"}')
    expect([asText.status, asText.headers.get('idempotent-replayed')]).toEqual([200, null])
    expect(paid()).toBe(2)
  })

  test.each(['"42"', '"+42"', '"042"'])('42 and %s are one order, which is paid once', async text => {
    await pay('{"order":42}')
    const before = paid()
    const { status, json } = await pay(`{"order":${text}}`)
    expect([status, json.code]).toEqual([422, text === '"+42"' ? 'invalid_input' : 'idempotency_key_reused'])
    expect(paid()).toBe(before)
  })

  test('so are two texts of one number that is too long for one', async () => {
    await pay('{"order":"12345678901234567891"}')
    expect((await pay('{"order":"0012345678901234567891"}')).json.code).toBe('idempotency_key_reused')
  })

  test.each([
    ['{"order":1,"parts":[{"n":1},{"n":0.12345678901234567890}]}', '/parts/1/n'],
    ['{"order":1,"amount":1e-400}', '/amount'],
    ['{"order":1,"amount":123456789012345678e-17}', '/amount'],
    ['{"order":1,"amount":0.10000000000000001}', '/amount'],
    ['{"order":-9007199254740993}', '/order'],
    ['{"order":1,"x~/y":12345678901234567890}', '/x~0~1y']
  ])('%s is refused, and says where', async (raw, pointer) => {
    const { status, json } = await pay(raw)
    expect([status, json.code, json.errors]).toEqual([422, 'invalid_input', [{ pointer, message: lost }]])
  })

  let order = 1_000
  test.each(['1.0', '1e2', '12E+0', '-0.0', '0.1', '131072.13', '1.7976931348623157e308', '0.30000000000000004'])(
    '%s is kept as it is',
    async raw => expect((await pay(`{"order":${++order},"parts":[{"n":${raw}}]}`)).status).toBe(200)
  )

  test('up to ten of them are named', async () => {
    const { json } = await pay(`{"order":1,"parts":[${Array.from({ length: 12 }, () => '{"n":9007199254740993}').join()}]}`)
    expect(json.errors).toHaveLength(10)
  })

  test.each([131_072.13, 9_999_999.99, 4_398_046_511.07, 0.07])('%d is an amount of two decimals', async amount => {
    const answer = await pay(JSON.stringify({ order: `7${String(amount).replace('.', '')}`, amount }))
    expect([answer.status, answer.json.amount]).toEqual([200, amount])
  })

  test.each([131_072.135, 0.001])('%d is none', async amount => {
    const { json } = await pay(JSON.stringify({ order: 8, amount }))
    expect(json.errors).toEqual([{ pointer: '/amount', message: 'must be multiple of 0.01' }])
  })

  test('variables of a session too', async () => {
    const answer = await gateway.call('/v1/sessions', { method: 'POST', raw: '{"variables":{"order":9007199254740993}}', headers: json })
    expect([answer.status, answer.json.errors]).toEqual([422, [{ pointer: '/variables/order', message: lost }]])
  })

  test('an output that does not fit, after the effect: committed, with what was read, and the key replays it', async () => {
    const book = () => gateway.call('/v1/actions/till_book', { body: { order: 5 } })
    const first = await book()
    expect(first.json).toMatchObject({ status: 502, code: 'invalid_output', effect: 'committed', retryable: false })
    const { artifacts } = (await gateway.call(`/v1/runs/${first.json.runId}`)).json
    expect(artifacts.map(({ name }: { name: string }) => name)).toContain('read-1.json')
    const again = await book()
    expect([again.headers.get('idempotent-replayed'), again.json.runId]).toEqual(['true', first.json.runId])
  })
})

describe('over MCP', () => {
  const rpc = (raw: string) =>
    gateway.call('/mcp', {
      method: 'POST',
      raw,
      headers: { ...json, accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }
    })
  const called = (args: string) => rpc(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"till_pay","arguments":${args}}}`)

  test('the model is told which argument to send as text', async () => {
    const before = paid()
    const { status, text } = await called('{"order":12345678901234567891}')
    const { result } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text)
    expect([status, result.isError]).toEqual([200, true])
    expect(result.content[0].text).toContain(`/order ${lost}`)
    expect(paid()).toBe(before)
  })

  test('a message whose id would be another one is refused as a whole', async () => {
    const answer = await rpc('{"jsonrpc":"2.0","id":9007199254740993,"method":"tools/list"}')
    expect([answer.status, answer.json.errors]).toEqual([422, [{ pointer: '/id', message: lost }]])
  })
})

describe('of a model', () => {
  const tool: AgentTool = { name: 'till_pay', title: 'Pay', effect: 'irreversible', definition: {} }
  const tokens = { input: 0, cached: 0, output: 0, estimated: false }
  const checked = (given: string) =>
    replyCheck.check({ text: '', calls: [{ id: '1', name: 'till_pay', arguments: given }], finish: 'stop', tokens, native: [] }, [tool])[0]

  test.each(['{"order":9007199254740993}', '"{\\"order\\":9007199254740993}"'])('the call %s is not made', given => {
    expect(checked(given)).toMatchObject({ code: 'inexact_number', complaint: `Not made: /order ${lost}.` })
  })

  test('with exact numbers is made', () => expect(checked('{"order":9007199254740991}')).toMatchObject({ input: { order: 2 ** 53 - 1 } }))

  const member = { name: 'extra', decode: decodeText, nullIsAbsent: false }
  const decode = decodeObject({ members: new Map([['extra', member]]), rest: unchanged })

  test('a JSON text inside of an argument is not rounded', () => {
    expect(() => decode({ extra: '{"a":[9007199254740993]}' })).toThrow(
      expect.objectContaining({ code: 'invalid_input', errors: [{ pointer: '/extra/a/0', message: lost }] })
    )
    expect(decode({ extra: '9007199254740993' })).toEqual({ extra: '9007199254740993' })
    expect(decode({ extra: '{"a":1.50}' })).toEqual({ extra: { a: 1.5 } })
  })
})
