import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { ActionExecution, Item } from '../../src/agent/agent.ts'
import { InferenceFailed } from '../../src/agent/endpoint.ts'
import { echoManifest, type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { type Model, openModel } from './model.ts'
import { openAgent } from './open-agent.ts'

/** Longer than the loop waits for the first answer: 202, and then the run is followed. */
const desk = `
bot: desk
version: 1.0.0
title: A slow desk
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  wait:
    title: Take longer than a call
    description: Answers after three seconds.
    effect: read
    scopes: [desk:read]
    input: { type: object, additionalProperties: false, properties: { text: { type: string }, times: { type: integer } } }
    output: { type: object, properties: { text: { type: string, x-untrusted: true } } }
    delay: 3s
`

let gateway: OpenGateway
let model: Model
beforeAll(async () => {
  gateway = await openGateway({ manifests: [echoManifest, desk] })
  model = await openModel()
})
afterAll(async () => {
  await model.close()
  await gateway.close()
})

const open = (more: object = {}) => openAgent({ gateway, modelUrl: model.url, ...more })
const echo = (text: string, id = `call_${text}`) => ({ id, name: 'demo_echo', args: { text } })
const note = (text: string, id = `call_${text}`) => ({ id, name: 'demo_note', args: { text } })
const pay = (amount: number, id = `call_${amount}`) => ({ id, name: 'demo_pay', args: { to: { name: 'Ada' }, amount } })
const results = (items: readonly Item[]) =>
  items.filter(item => item.kind === 'result').map(({ text }) => (text.startsWith('{') ? JSON.parse(text) : text))
const runsOf = async (action: string): Promise<readonly { runId: string; status: string }[]> =>
  (await gateway.call(`/v1/runs?action=${action}&limit=100`)).json.runs
const text = () => `t${Math.random().toString(36).slice(2)}`

describe.each(['chat', 'responses'] as const)('over %s', api => {
  test('a question, a call, its result, an answer', async () => {
    const { conversation, events, onEvent } = await open({ api })
    model.says({ text: 'I look.', calls: [echo('hello')] }, { text: 'It says hello.' })
    const answer = await conversation.ask('What does it say?', { onEvent })
    expect(answer).toMatchObject({ text: 'It says hello.', stop: 'answered', turns: 2, effects: 0 })
    expect(answer.tokens).toEqual({ input: 200, cached: 0, output: 20, estimated: false })
    expect(results(conversation.items)).toEqual(['text: hello'])
    expect(
      events
        .filter(({ type }) => type === 'text')
        .map(event => (event as { text: string }).text)
        .join('')
    ).toBe('I look.It says hello.')
    const [first, second] = model.asked
    expect(first?.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(second?.messages.at(-1)).toMatchObject({ role: 'tool', tool_call_id: 'call_hello', content: 'text: hello' })
    expect(JSON.stringify(second?.messages)).toContain('I look.')
  })

  test('the dialogue goes on: the next question knows what was said', async () => {
    const { conversation } = await open({ api })
    model.says({ calls: [echo('one')] }, { text: 'One.' }, { text: 'Still one.' })
    await conversation.ask('First?')
    expect((await conversation.ask('And now?')).text).toBe('Still one.')
    const last = model.asked.at(-1)?.messages ?? []
    expect(last.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool', 'assistant', 'user'])
  })

  test('what the model writes in strict mode arrives as the own input of the action', async () => {
    const { conversation } = await open({ api, strict: true })
    model.says({ calls: [{ id: 'c', name: 'demo_echo', args: { text: 'x', list: null } }] }, { text: 'ok' })
    await conversation.ask('?')
    expect(results(conversation.items)).toEqual(['text: x'])
    expect(JSON.stringify(model.asked[0]?.tools)).toContain('"required":["text","list"]')
  })

  test('an answer that was cut off is said to be', async () => {
    const { conversation } = await open({ api })
    model.says({ text: 'It is', finish: 'length' })
    expect(await conversation.ask('?')).toMatchObject({ text: 'It is', stop: 'cut_off' })
  })

  test('a call in a reply that was cut off is not made', async () => {
    const { conversation } = await open({ api })
    const never = text()
    model.says({ calls: [note(never)], finish: 'length' }, { text: 'ok' })
    await conversation.ask('?')
    expect(results(conversation.items)).toMatchObject([{ error: 'cut_off' }])
    expect((await runsOf('demo_note')).length).toBe(0)
  })
})

describe('calls', () => {
  test('of one reply are under way at the same time, and their results stand in their order', async () => {
    let started = 0
    const all = Promise.withResolvers<void>()
    // Each call ends only when every one has begun: one after the other would never end.
    const execution: ActionExecution = {
      async execute({ call }) {
        if (++started === 3) all.resolve()
        await all.promise
        return { ok: true, text: JSON.stringify({ id: call.id }), effect: 'none' }
      }
    }
    const { conversation } = await open({ parts: { execution } })
    model.says({ calls: [echo('a'), echo('b'), echo('c')] }, { text: 'ok' })
    await conversation.ask('?')
    expect(results(conversation.items)).toEqual([{ id: 'call_a' }, { id: 'call_b' }, { id: 'call_c' }])
  })

  test('the id of a call becomes its key: a second try is the same run', async () => {
    const { conversation } = await open({ id: 'talk' })
    const body = { text: text() }
    model.says({ calls: [{ id: 'call_42', name: 'demo_echo', args: body }] }, { text: 'ok' })
    const { hops } = await conversation.ask('?')
    const again = await gateway.call('/v1/actions/demo_echo', { body, headers: { 'idempotency-key': '"talk.1.call_42"' } })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(hops).toContainEqual(expect.objectContaining({ hop: 'action', callId: 'call_42', runId: again.headers.get('run-id') }))
  })

  test('an endpoint that counts its ids from 0 in each reply does not get old results', async () => {
    const { conversation } = await open()
    model.says(
      { calls: [echo('old', 'call_0')] },
      { calls: [echo('new', 'call_0')] },
      { calls: [echo('strange', 'ünïque \n id')] },
      { text: 'ok' }
    )
    await conversation.ask('?')
    expect(results(conversation.items)).toEqual(['text: old', 'text: new', 'text: strange'])
  })

  test('a run that takes longer is waited for; the model is asked only when it has ended, and sees what others wrote', async () => {
    const { conversation, events, onEvent } = await open()
    model.says({ calls: [{ id: 'w', name: 'desk_wait', args: { text: 'done' } }] }, { text: 'ok' })
    const answer = await conversation.ask('?', { onEvent })
    expect(answer.turns).toBe(2)
    expect(results(conversation.items)).toEqual(['text: «done»'])
    expect((await runsOf('desk_wait')).length).toBe(1)
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'result', outcome: expect.objectContaining({ ok: true, replayed: false }) })
    )
    expect(events.map(({ type }) => type).filter(type => type !== 'text')).toEqual([
      'turn',
      'hop',
      'call',
      'started',
      'result',
      'hop',
      'turn',
      'hop'
    ])
  })

  test('that can not be made are told so, and the others are made', async () => {
    const { conversation } = await open()
    model.says(
      {
        calls: [
          { id: '1', name: 'demo_nothing', args: {} },
          { id: '2', name: 'demo_echo', args: 'not json' },
          { id: '3', name: 'demo_echo', args: '[1]' },
          { id: '4', name: 'demo_echo', args: JSON.stringify('{"text":"twice"}') },
          { id: '5', name: 'demo_slow', args: '' },
          { id: '6', name: 'demo_echo', args: { txt: 'x' } }
        ]
      },
      { text: 'ok' }
    )
    await conversation.ask('?')
    expect(results(conversation.items)).toMatchObject([
      { error: 'no_such_tool', detail: expect.stringContaining('demo_echo, demo_lost') },
      { error: 'malformed_arguments' },
      { error: 'malformed_arguments' },
      'text: twice',
      {},
      { error: 'invalid_input', errors: [{ pointer: '/text' }, { pointer: '/txt' }], retryable: false }
    ])
  })

  test('a model that stutters does a thing once', async () => {
    const { conversation } = await open()
    const said = text()
    const before = (await runsOf('demo_pay')).length
    model.says({ calls: [pay(7, 'a'), pay(7, 'b'), pay(8, 'c'), echo(said, 'd'), echo(said, 'e')] }, { text: 'ok' })
    await conversation.ask('?')
    expect(results(conversation.items)).toMatchObject([
      expect.stringContaining('amount: 7'),
      { error: 'same_call' },
      expect.stringContaining('amount: 8'),
      `text: ${said}`,
      `text: ${said}`
    ])
    expect((await runsOf('demo_pay')).length).toBe(before + 2)
  })

  test('when nobody can tell what happened, the model is told never to repeat it', async () => {
    const { conversation } = await open()
    model.says({ calls: [{ id: 'l', name: 'demo_lost', args: {} }] }, { text: 'ok' })
    expect((await conversation.ask('?')).effects).toBe(1)
    expect(results(conversation.items)).toMatchObject([
      { error: 'outcome_unknown', effect: 'unknown', hint: expect.stringMatching(/^Do NOT repeat it/) }
    ])
  })
})

describe('a person', () => {
  test('is asked before what can not be undone, one question at a time, and sees what would be sent', async () => {
    let open_ = 0
    const person = async () => {
      expect(++open_).toBe(1)
      await new Promise(resolve => setTimeout(resolve, 20))
      open_--
      return { approved: true } as const
    }
    const { conversation, put } = await open({ person })
    model.says({ calls: [pay(1), pay(2), note(text())] }, { text: 'ok' })
    expect((await conversation.ask('?')).effects).toBe(3)
    expect(put.map(({ tool, input }) => [tool.name, tool.effect, input])).toEqual([
      ['demo_pay', 'irreversible', { to: { name: 'Ada' }, amount: 1 }],
      ['demo_pay', 'irreversible', { to: { name: 'Ada' }, amount: 2 }]
    ])
  })

  test('who says no is obeyed, and the model hears why', async () => {
    const before = (await runsOf('demo_pay')).length
    const { conversation } = await open({ person: async () => ({ approved: false, reason: 'make it 5' }) })
    model.says({ calls: [pay(10)] }, { text: 'ok' })
    expect((await conversation.ask('?')).effects).toBe(0)
    expect(results(conversation.items)).toMatchObject([{ error: 'declined', detail: 'make it 5' }])
    expect((await runsOf('demo_pay')).length).toBe(before)
    expect(conversation.budget.effects).toBe(0)
  })

  test('can be asked before every write', async () => {
    const { conversation, put } = await open({ askBefore: ['write', 'irreversible'] })
    model.says({ calls: [note(text()), echo('x')] }, { text: 'ok' })
    await conversation.ask('?')
    expect(put.map(({ tool }) => tool.name)).toEqual(['demo_note'])
  })

  test('who stops a run has it cancelled, and the dialogue can go on', async () => {
    const { conversation } = await open()
    const stop = new AbortController()
    model.says({ calls: [{ id: 'w', name: 'desk_wait', args: { text: 'never' } }] }, { text: 'ok' })
    const onEvent = (event: { type: string }) => event.type === 'started' && stop.abort()
    expect(await conversation.ask('?', { signal: stop.signal, onEvent })).toMatchObject({ stop: 'interrupted', turns: 1 })
    expect(results(conversation.items)).toMatchObject([{ error: 'run_cancelled', effect: 'none' }])
    expect((await runsOf('desk_wait'))[0]).toMatchObject({ status: 'cancelled' })
    expect((await conversation.ask('Go on')).text).toBe('ok')
  })

  test('who stops the model stops it, and what was asked is forgotten', async () => {
    const { conversation } = await open()
    const stop = new AbortController()
    model.says({ text: 'A long answer that is never read to its end, because somebody has had enough of it. '.repeat(50) }, { text: 'ok' })
    const onEvent = (event: { type: string }) => event.type === 'text' && stop.abort()
    expect((await conversation.ask('?', { signal: stop.signal, onEvent })).stop).toBe('interrupted')
    expect(conversation.items).toEqual([])
    expect((await conversation.ask('Again')).text).toBe('ok')
  })
})

describe('the budget', () => {
  test('of turns: the last one is for the answer, and what it calls is not made', async () => {
    const { conversation } = await open({ limits: { turns: 2 } })
    model.says({ calls: [echo('a')] }, { calls: [echo('b')] })
    expect(await conversation.ask('?')).toMatchObject({ stop: 'turn_limit', turns: 2 })
    expect(model.asked.map(({ tool_choice }) => tool_choice)).toEqual([undefined, 'none'])
    expect(results(conversation.items)).toMatchObject(['text: a', { error: 'turn_limit' }])
  })

  test('of tokens: none is asked for when they are used up', async () => {
    const { conversation } = await open({ limits: { tokens: 1_000 } })
    model.says({ calls: [echo('a')], tokens: [900, 100] }, { text: 'never' })
    expect(await conversation.ask('?')).toMatchObject({ stop: 'token_limit', turns: 1, tokens: { input: 900, output: 100 } })
    expect(await conversation.ask('?')).toMatchObject({ stop: 'token_limit', turns: 0 })
    expect(model.asked.length).toBe(1)
  })

  test('of effects: parallel calls can not pass it; what did not happen does not count', async () => {
    const before = (await runsOf('demo_note')).length
    const { conversation } = await open({ limits: { effects: 2 } })
    model.says(
      { calls: [{ id: 'b', name: 'demo_broken', args: {} }] },
      { calls: [note(text()), note(text()), note(text()), echo('free')] },
      { text: 'ok' }
    )
    expect((await conversation.ask('?')).effects).toBe(2)
    expect(results(conversation.items)).toMatchObject([
      { error: 'target_failed', effect: 'none' },
      expect.stringMatching(/^text: /),
      expect.stringMatching(/^text: /),
      { error: 'effect_limit' },
      'text: free'
    ])
    expect((await runsOf('demo_note')).length).toBe(before + 2)
  })
})

test('the transcript has tokens and milliseconds for each hop, and nothing of what was said', async () => {
  const { conversation } = await open()
  const secret = text()
  model.says({ calls: [echo(secret)], tokens: [50, 5] }, { text: secret, tokens: [70, 7] })
  const { hops } = await conversation.ask(secret)
  const ms = expect.any(Number)
  expect(hops).toEqual([
    { hop: 'model', turn: 1, ms, tokens: { input: 50, cached: 0, output: 5, estimated: false }, calls: 1 },
    {
      hop: 'action',
      turn: 1,
      action: 'demo_echo',
      callId: `call_${secret}`,
      ok: true,
      runId: expect.stringMatching(/^run_/),
      ms,
      resultCharacters: `text: ${secret}`.length
    },
    { hop: 'model', turn: 2, ms, firstTextMs: ms, tokens: { input: 70, cached: 0, output: 7, estimated: false }, calls: 0 }
  ])
})

describe('what fails', () => {
  test('at the model is explained, and the dialogue stays whole', async () => {
    const { conversation } = await open()
    model.says(
      { error: { status: 401, message: 'Incorrect API key' } },
      { calls: [echo('a')] },
      { error: { status: 400, message: 'Too long' } },
      { text: 'ok' }
    )
    await expect(conversation.ask('?')).rejects.toThrow(/refuses the key: set OPENAI_API_KEY.*Incorrect API key/)
    expect(conversation.items).toEqual([])
    await expect(conversation.ask('?')).rejects.toThrow(InferenceFailed)
    expect(conversation.items.map(({ kind }) => kind)).toEqual(['question', 'reply', 'result'])
    expect((await conversation.ask('Go on')).text).toBe('ok')
  })

  test('at the endpoint: nobody is there, or it knows no such model', async () => {
    const nobody = await openAgent({ gateway, modelUrl: 'http://127.0.0.1:9' })
    await expect(nobody.conversation.ask('?')).rejects.toThrow(/does not answer .*Is OPENAI_BASE_URL right\?/)
    const { conversation } = await open()
    model.says({ error: { status: 404, message: 'No such model' } })
    await expect(conversation.ask('?')).rejects.toThrow(/has no model a-model.*It offers: .*gpt-4/)
  })

  test('a model that does not reason refuses to be asked for its reasoning, and is not asked again', async () => {
    const { conversation } = await open({ api: 'responses' })
    model.says({ error: { status: 400, message: 'Encrypted content is not supported with this model.' } }, { text: 'one' }, { text: 'two' })
    expect((await conversation.ask('?')).text).toBe('one')
    expect((await conversation.ask('?')).text).toBe('two')
    expect(model.asked.length).toBe(3)
  })

  test('"not now" of the gateway is waited out, with the same key', async () => {
    const narrow = await openGateway({ settings: { maxCallsPerSecond: 3 } })
    try {
      const { conversation } = await openAgent({ gateway: narrow, modelUrl: model.url })
      const texts = Array.from({ length: 8 }, (_, i) => `n${i}`)
      model.says({ calls: texts.map(one => echo(one)) }, { text: 'ok' })
      await conversation.ask('?')
      expect(results(conversation.items)).toEqual(texts.map(one => `text: ${one}`))
    } finally {
      await narrow.close()
    }
  })

  test('a gateway that goes away: a read is told to have failed, an effect may have happened', async () => {
    const gone = await openGateway()
    const { conversation } = await openAgent({ gateway: gone, modelUrl: model.url, parts: {} })
    await gone.close()
    const stop = new AbortController()
    model.says({ calls: [echo('x'), note('y')] }, { text: 'ok' })
    // Stopped, so that nobody waits for a gateway that does not come back.
    const onEvent = (event: { type: string }) => event.type === 'started' && stop.abort()
    await conversation.ask('?', { signal: stop.signal, onEvent })
    expect(results(conversation.items)).toMatchObject([
      { error: 'gateway_away', effect: 'none' },
      { error: 'gateway_away', effect: 'unknown', hint: expect.stringMatching(/^Do NOT/) }
    ])
  })

  test('a part that breaks its word breaks nothing else', async () => {
    const execution: ActionExecution = { execute: () => Promise.reject(new Error('a bug')) }
    const { conversation } = await open({ parts: { execution } })
    model.says({ calls: [echo('a'), echo('b')] }, { text: 'ok' })
    expect((await conversation.ask('?')).text).toBe('ok')
    expect(results(conversation.items)).toMatchObject([{ error: 'internal_error' }, { error: 'internal_error' }])
  })
})

test('a run that waits for an approval is not waited for', async () => {
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const run = { runId: 'run_x', status: 'input_required', effect: 'none', steps: [] }
    const tool = { name: 'demo_pay', title: 'Pay', annotations: { destructiveHint: true }, function: { name: 'demo_pay' } }
    response.writeHead(path.startsWith('/v1/actions') ? 202 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(path.startsWith('/tools') ? [tool] : run))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { conversation } = await openAgent({ gateway: { url, adminKey: 'k' }, modelUrl: model.url })
    model.says({ calls: [pay(1)] }, { text: 'ok' })
    expect((await conversation.ask('?')).effects).toBe(1)
    expect(results(conversation.items)).toMatchObject([
      { error: 'input_required', runId: 'run_x', hint: expect.stringContaining('Do not call it again') }
    ])
  } finally {
    server.close()
  }
})
