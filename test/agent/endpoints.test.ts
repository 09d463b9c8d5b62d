/** What "OpenAI-compatible" means in the field. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Item } from '../../src/agent/agent.ts'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { openAgent } from './open-agent.ts'
import { openRawEndpoint } from './raw-endpoint.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway()
})
afterAll(() => gateway.close())

const delta = (content: object, finish: string | null = null) => ({ choices: [{ index: 0, delta: content, finish_reason: finish }] })
const piece = (call: object) => delta({ tool_calls: [call] })
const answer = [delta({ content: 'ok' }), delta({}, 'stop'), null]
const results = (items: readonly Item[]) => items.filter(item => item.kind === 'result').map(({ text }) => text)

async function talk(...streams: readonly (readonly (object | null)[])[]) {
  const endpoint = await openRawEndpoint(...streams)
  try {
    const { conversation } = await openAgent({ gateway, modelUrl: endpoint.url })
    const said = await conversation.ask('?').catch((error: Error) => error)
    return { said, items: conversation.items, bodies: endpoint.bodies }
  } finally {
    endpoint.close()
  }
}

test('calls without an index, without an id, with their arguments as an object', async () => {
  const first = [
    piece({ function: { name: 'demo_echo', arguments: { text: 'a' } } }),
    piece({ function: { name: 'demo_echo', arguments: '{"text":' } }),
    piece({ function: { arguments: '"b"}' } }),
    delta({}, 'stop'),
    null
  ]
  const { items, bodies } = await talk(first, answer)
  expect(results(items)).toEqual(['text: a', 'text: b'])
  const sent = (bodies[1] as { messages: { tool_calls?: { id: string }[]; tool_call_id?: string }[] }).messages.slice(2)
  expect(
    sent.flatMap(({ tool_calls = [], tool_call_id }) => [...tool_calls.map(({ id }) => id), ...(tool_call_id ? [tool_call_id] : [])])
  ).toEqual(['call_0', 'call_1', 'call_0', 'call_1'])
})

test('two calls with one id are two calls, each with its result', async () => {
  const call = (index: number, text: string) =>
    piece({ index, id: 'same', function: { name: 'demo_echo', arguments: JSON.stringify({ text }) } })
  const { items } = await talk([call(0, 'a'), call(1, 'b'), delta({}, 'tool_calls'), null], answer)
  expect(results(items)).toEqual(['text: a', 'text: b'])
})

test('what only the endpoint understands goes back to it as it was', async () => {
  const signed = {
    index: 0,
    id: 'c',
    extra_content: { google: { thought_signature: 'xyz' } },
    function: { name: 'demo_echo', arguments: '{"text":"a"}' }
  }
  const { bodies } = await talk([piece(signed), delta({}, 'tool_calls'), null], answer)
  expect((bodies[1] as { messages: object[] }).messages[2]).toEqual({
    role: 'assistant',
    content: null,
    tool_calls: [
      {
        id: 'c',
        type: 'function',
        extra_content: { google: { thought_signature: 'xyz' } },
        function: { name: 'demo_echo', arguments: '{"text":"a"}' }
      }
    ]
  })
})

test('tokens that it does not tell are counted', async () => {
  const { said } = await talk(answer)
  expect(said).toMatchObject({ text: 'ok', tokens: { estimated: true, input: expect.any(Number), output: expect.any(Number) } })
  expect((said as { tokens: { input: number } }).tokens.input).toBeGreaterThan(300)
})

test('an answer that breaks off is no answer: what it had called is not done', async () => {
  const { said, items } = await talk([piece({ index: 0, id: 'c', function: { name: 'demo_note', arguments: '{"text":"half"}' } })])
  expect((said as Error).message).toMatch(/broke the answer off/)
  expect(items).toEqual([])
  expect((await gateway.call('/v1/runs?action=demo_note')).json.runs).toEqual([])
})

test('an error in the middle of the stream is told', async () => {
  const { said } = await talk([delta({ content: 'Well, ' }), { error: { message: 'out of memory' } }])
  expect((said as Error).message).toMatch(/out of memory/)
})

test('a refusal, and a filter', async () => {
  expect((await talk([delta({ refusal: 'I will not.' }), delta({}, 'stop'), null])).said).toMatchObject({
    text: 'I will not.',
    stop: 'refused'
  })
  expect((await talk([delta({ content: 'I' }), delta({}, 'content_filter'), null])).said).toMatchObject({ text: 'I', stop: 'refused' })
})
