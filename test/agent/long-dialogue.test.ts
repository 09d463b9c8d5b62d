/** A model that goes in circles is told so, and a dialogue that is too long for it loses old results before anything else. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { AgentTool, Item } from '../../src/agent/agent.ts'
import { withinRoom } from '../../src/agent/old-results.ts'
import { approvalText, createLines } from '../../src/commands/chat-lines.ts'
import type { Screen } from '../../src/commands/chat-screen.ts'
import { echoManifest, type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { type Model, openModel } from './model.ts'
import { openAgent } from './open-agent.ts'

const long = 'f'.repeat(20_000)
const book = `
bot: book
version: 1.0.0
title: A book
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  read:
    title: Read a page
    description: Answers a long page. Use it in tests.
    effect: read
    scopes: [book:read]
    input: { type: object }
    output: { type: object }
    result: { page: "${long}" }
`

let gateway: OpenGateway
let model: Model
beforeAll(async () => {
  gateway = await openGateway({ manifests: [echoManifest, book] })
  model = await openModel()
})
afterAll(async () => {
  await model.close()
  await gateway.close()
})

const open = (more: object = {}) => openAgent({ gateway, modelUrl: model.url, ...more })
let id = 0
const echo = (text: string, more: object = {}) => ({ calls: [{ id: `c${++id}`, name: 'demo_echo', args: { text, ...more } }] })
const note = (text: string) => ({ calls: [{ id: `c${++id}`, name: 'demo_note', args: { text } }] })
const resultsOf = (items: readonly Item[]) => items.flatMap(item => (item.kind === 'result' ? [item.text] : []))
const circle = /\n\[You have called demo_echo with the same arguments (\d) times for this question/

describe('the same read with the same arguments', () => {
  test('is noticed the third time, however its arguments are written, and the model is told', async () => {
    const { conversation } = await open()
    const written = ['{"text":"a","list":[1]}', '{ "list": [1.0], "text": "a" }', '{"list":[1],"text":"a"}', '{"text":"a","list":[1]}']
    model.says(...written.map((args, i) => ({ calls: [{ id: `w${i}`, name: 'demo_echo', args }] })), { text: 'ok' })
    await conversation.ask('?')
    expect(resultsOf(conversation.items).map(text => circle.exec(text)?.[1])).toEqual([undefined, undefined, '3', '4'])
    expect(JSON.stringify(model.asked.at(-1)?.messages)).toContain('with the same arguments 3 times')
  })

  test('also in one reply', async () => {
    const { conversation } = await open()
    const one = echo('b').calls[0] as object
    model.says({ calls: ['x', 'y', 'z'].map(id => ({ ...one, id }) as never) }, { text: 'ok' })
    await conversation.ask('?')
    expect(resultsOf(conversation.items).filter(text => circle.test(text))).toHaveLength(1)
  })

  test('is no circle for another question, after something was changed, or with other arguments', async () => {
    const { conversation } = await open()
    model.says(echo('c'), echo('c'), { text: 'ok' }, echo('c'), echo('d'), echo('c'), note(`n${Math.random()}`), echo('c'), { text: 'ok' })
    await conversation.ask('?')
    await conversation.ask('And now?')
    expect(resultsOf(conversation.items).filter(text => circle.test(text))).toEqual([])
  })
})

describe('a dialogue that is too long', () => {
  const read = () => ({ calls: [{ id: `c${++id}`, name: 'book_read', args: {} }] })

  test.each([
    [
      'OpenAI, vLLM',
      'chat',
      { status: 400, message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens." }
    ],
    ['llama.cpp', 'chat', { status: 400, message: 'the request exceeds the available context size' }],
    ['in front of Anthropic', 'chat', { status: 400, message: 'prompt is too long: 210000 tokens > 200000 maximum' }],
    ['Gemini', 'chat', { status: 400, message: 'The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).' }],
    ['the responses API', 'responses', { status: 400, message: 'Your input exceeds the context window of this model.' }]
  ] as const)('loses old results and no word of the conversation: %s', async (_, api, error) => {
    const { conversation } = await open({ api })
    model.says(read(), { text: 'First answer.' }, echo('new'), { error }, { text: 'Second answer.' })
    await conversation.ask('First question?')
    expect((await conversation.ask('Second question?')).text).toBe('Second answer.')
    const sent = JSON.stringify(model.asked.at(-1)?.messages)
    for (const kept of ['First question?', 'First answer.', 'Second question?', 'text: new']) expect(sent).toContain(kept)
    expect(sent).toContain('[dropped to make room: what book_read answered')
    // The dialogue itself keeps it.
    expect(resultsOf(conversation.items)[0]).toContain(long)
  })

  test('stays short in the next turns, and is not asked for whole again', async () => {
    const { conversation } = await open()
    const error = { status: 400, message: 'maximum context length' }
    model.says(read(), { text: 'One.' }, { error }, echo('g'), { text: 'Two.' })
    await conversation.ask('1?')
    expect((await conversation.ask('2?')).text).toBe('Two.')
    expect(model.asked).toHaveLength(5)
    expect(JSON.stringify(model.asked.at(-1)?.messages)).not.toContain('fffff')
  })

  test('that no result makes shorter is explained, and asked for no longer', async () => {
    const { conversation } = await open()
    const error = { status: 400, message: 'maximum context length is 10 tokens' }
    model.says({ error }, { text: 'never' })
    await expect(conversation.ask('?')).rejects.toThrow(/maximum context length/)
    expect(model.asked).toHaveLength(1)
  })

  test('keeps what a change answered, and marks stay closed', () => {
    const tools = [
      { name: 'look', effect: 'read' },
      { name: 'pay', effect: 'irreversible' }
    ] as unknown as readonly AgentTool[]
    const result = (name: string, text: string): Item => ({ kind: 'result', call: { id: name, name, arguments: '{}' }, text })
    const reply: Item = { kind: 'reply', text: '', calls: [] }
    const items: readonly Item[] = [
      { kind: 'question', text: 'Pay it.' },
      reply,
      result('look', 'x'.repeat(5_000)),
      result('pay', `confirmation: C-77\nby: «${'y'.repeat(5_000)}»`),
      reply,
      result('look', `note: «${'z'.repeat(9_000)}»`)
    ]
    const [, , old, paid, , newest] = withinRoom(items, tools, 1_500).map(({ text }) => text)
    expect(old).toMatch(/^\[dropped to make room: what look answered, 5000 characters/)
    expect(paid).toMatch(/^confirmation: C-77\nby: «y+…» \[cut to make room/)
    expect(newest).toMatch(/^note: «z+…» \[cut to make room/)
    expect(withinRoom(items, tools, 100_000)).toEqual(items)
  })
})

describe('numbers', () => {
  const written = '{"amount":125.50,"order":1e3,"parts":[0.10,{"n":-0}],"text":"1.0"}'
  const call = { id: 'c', name: 'demo_pay', arguments: written }
  const input = JSON.parse(written)
  const noted: string[] = []
  const screen = {
    isTerminal: false,
    paint: (_: string, text: string) => text,
    note: (text: string) => void noted.push(text),
    live: () => undefined,
    say: () => undefined
  } as unknown as Screen

  test('are shown to the person who is asked as the model wrote them', () => {
    const tool = { name: 'demo_pay', title: 'Pay', effect: 'irreversible', definition: {} } as AgentTool
    for (const one of [written, JSON.stringify(written)]) {
      const text = approvalText({ call: { ...call, arguments: one }, tool, input }, screen)
      for (const shown of ['125.50', '1e3', '[0.10,{"n":-0}]', '1.0']) expect(text).toContain(shown)
    }
  })

  test('and in the line of a call', () => {
    const tell = createLines(screen)
    tell({ type: 'call', call, input })
    tell({ type: 'result', callId: 'c', ms: 1, outcome: { ok: true, text: '', effect: 'none' } })
    expect(noted.join()).toContain('amount: 125.50, order: 1e3, parts: [0.10,{"n":-0}], text: 1.0')
  })
})
