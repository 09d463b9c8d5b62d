import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { dialects } from '../../src/surface/dialect.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

const manifest = `
bot: desk
version: 1.0.0
title: Desk
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  order:
    title: Order
    description: Orders something. Use it when the customer has decided.
    effect: read
    scopes: [desk:read]
    input: &order
      type: object
      required: [item]
      additionalProperties: false
      properties:
        item: { type: string, maxLength: 20 }
        "Order No.": { type: [string, "null"], description: What the customer calls it }
        how:
          oneOf:
            - { type: object, required: [kind], additionalProperties: false, properties: { kind: { const: post }, floor: { type: integer } } }
            - { type: object, required: [kind, shop], additionalProperties: false, properties: { kind: { const: shop }, shop: { type: string } } }
        labels: { type: object, additionalProperties: { type: number } }
        extra: { type: object }
    output: *order
  any:
    title: Anything
    description: Takes what it gets. Use it for tests.
    effect: read
    scopes: [desk:any]
    input: { type: object, properties: { thing: {} } }
    output: { type: object }
`

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ manifests: [manifest] })
})
afterAll(() => gateway.close())

const input = { item: 'lamp', how: { kind: 'post' }, labels: { weight: 3 }, extra: { gift: { from: null } } }

/** What a model sends for this input, by what it was shown. */
const said = {
  'openai&strict=true': {
    item: 'lamp',
    Order_No_: null,
    how: { kind: 'post', floor: null },
    labels: [{ name: 'weight', value: 3 }],
    extra: '{"gift":{"from":null}}'
  },
  'openai-responses&strict=true': {
    item: 'lamp',
    Order_No_: null,
    how: { kind: 'post', floor: null },
    labels: [{ name: 'weight', value: 3 }],
    extra: '{"gift":{"from":null}}'
  },
  openai: input,
  'openai-responses': { ...input, how: { kind: 'post', floor: null } },
  anthropic: input,
  'anthropic&strict=true': { ...input, labels: [{ name: 'weight', value: 3 }], extra: '{"gift":{"from":null}}' },
  gemini: { ...input, labels: [{ name: 'weight', value: 3 }], extra: '{"gift":{"from":null}}' },
  mcp: input
}

describe('a call', () => {
  test.each(Object.entries(said))('with format=%s arrives as the same input', async (format, body) => {
    const { status, json } = await gateway.call(`/v1/actions/desk_order?format=${format}`, { body })
    expect([status, json]).toEqual([200, input])
  })

  test('for Anthropic means the same whether the tool was strict or over the budget of the request', async () => {
    const body = { ...input, labels: { weight: 3 }, extra: { gift: { from: null } } }
    expect((await gateway.call('/v1/actions/desk_order?format=anthropic&strict=true', { body })).json).toEqual(input)
  })

  test('null and left out stay two things', async () => {
    const call = (body: object) => gateway.call('/v1/actions/desk_order?format=openai&strict=true', { body })
    const rest = { how: null, labels: null, extra: null }
    expect((await call({ item: 'x', Order_No_: { value: null }, ...rest })).json).toEqual({ item: 'x', 'Order No.': null })
    expect((await call({ item: 'x', Order_No_: { value: 'A' }, ...rest })).json).toEqual({ item: 'x', 'Order No.': 'A' })
    expect((await call({ item: 'x', Order_No_: null, ...rest })).json).toEqual({ item: 'x' })
  })

  test('in two formats with one key is one run', async () => {
    const headers = { 'idempotency-key': 'two-formats' }
    const first = await gateway.call('/v1/actions/desk_order', { body: input, headers })
    const again = await gateway.call('/v1/actions/desk_order?format=openai&strict=true', { body: said['openai&strict=true'], headers })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.headers.get('run-id')).toBe(first.headers.get('run-id'))
  })

  test('is still checked: what the model made up, and what hides in a text', async () => {
    const call = (body: object) => gateway.call('/v1/actions/desk_order?format=gemini', { body })
    expect((await call({ item: 'x'.repeat(21) })).json).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/item' }] })
    expect((await call({ item: 'x', made: 1 })).json).toMatchObject({ errors: [{ pointer: '/made' }] })
    expect((await call({ item: 'x', extra: '{"__proto__":{"a":1}}' })).status).toBe(422)
    expect((await call({ item: 'x', extra: `{"a":${'['.repeat(50)}${']'.repeat(50)}}` })).status).toBe(422)
    expect((await call({ item: 'x', labels: [{ name: '__proto__', value: 1 }] })).status).toBe(422)
    expect(
      (
        await call({
          item: 'x',
          labels: [
            { name: 'a', value: 1 },
            { name: 'a', value: 2 }
          ]
        })
      ).status
    ).toBe(422)
    expect((await call({ item: 'x', Order_No_: 'a', 'Order No.': 'b' })).json.code).toBe('invalid_input')
  })

  test('without format takes the own input only', async () => {
    expect((await gateway.call('/v1/actions/desk_order', { body: { item: 'x', how: null } })).status).toBe(422)
  })

  test('of an action or format that is not there says so', async () => {
    expect((await gateway.call('/v1/actions/desk_no?format=openai', { body: {} })).json.code).toBe('action_not_found')
    expect((await gateway.call('/v1/actions/desk_order?format=llama', { body: {} })).json).toMatchObject({
      code: 'invalid_request',
      errors: [{ message: expect.stringContaining('openai, openai-responses, anthropic, gemini, mcp') }]
    })
  })
})

describe('GET /tools', () => {
  const names = (tools: readonly { name?: string; function?: { name: string }; functionDeclarations?: { name: string }[] }[]) =>
    tools.flatMap(tool => tool.functionDeclarations?.map(({ name }) => name) ?? tool.function?.name ?? tool.name)

  test.each(dialects)('%s: sorted, and only what the key may use', async format => {
    const all = await gateway.call(`/tools?format=${format}`)
    expect(names(all.json)).toEqual(['desk_any', 'desk_order'])
    const some = await gateway.call(`/tools?format=${format}`, { authorization: await gateway.bearer(['desk:read']) })
    expect(names(some.json)).toEqual(['desk_order'])
    const none = await gateway.call(`/tools?format=${format}`, { authorization: await gateway.bearer(['other:read']) })
    expect(none.json).toEqual([])
  })

  test('is answered 304 to who has it, until a bot changes', async () => {
    const first = await gateway.call('/tools?format=openai')
    const headers = { 'if-none-match': first.headers.get('etag') as string }
    expect((await gateway.call('/tools?format=openai', { headers })).status).toBe(304)
    expect((await gateway.call('/tools?format=openai&strict=true', { headers })).status).toBe(200)
    const late = manifest.replace('bot: desk', 'bot: late')
    await gateway.call('/v1/bots/late', { method: 'PUT', raw: late, headers: { 'content-type': 'application/yaml' } })
    const changed = await gateway.call('/tools?format=openai', { headers })
    expect([changed.status, names(changed.json)]).toEqual([200, ['desk_any', 'desk_order', 'late_any', 'late_order']])
    expect(names((await gateway.call('/tools?format=openai&bot=late')).json)).toEqual(['late_any', 'late_order'])
    await gateway.call('/v1/bots/late', { method: 'DELETE' })
  })

  test('says which tools are not strict', async () => {
    const { json, headers } = await gateway.call('/tools?format=openai&strict=true')
    expect(headers.get('tools-not-strict')).toBe('desk_any')
    expect(json.map((tool: { function: { strict: boolean } }) => tool.function.strict)).toEqual([false, true])
  })

  test('names no more actions in a header than clients take', async () => {
    const any = manifest.slice(manifest.indexOf('  any:'))
    const head = manifest.slice(0, manifest.indexOf('  order:')).replace('bot: desk', 'bot: large')
    const actions = Array.from({ length: 150 }, (_, i) => any.replace('any:', `a_rather_long_name_of_an_action_${i}:`))
    const put = await gateway.call('/v1/bots/large', {
      method: 'PUT',
      raw: head + actions.join(''),
      headers: { 'content-type': 'application/yaml' }
    })
    expect([put.status, put.json.errors]).toEqual([201, undefined])
    const { json, headers } = await gateway.call('/tools?format=openai&strict=true&bot=large')
    expect(json).toHaveLength(150)
    expect(headers.get('tools-not-strict')).toMatch(/^large_a_rather_long_name_of_an_action_0, .* and \d+ more$/)
    expect(headers.get('tools-not-strict')?.length).toBeLessThan(2_100)
    expect((await gateway.call('/openapi.json?format=gpt')).headers.get('tools-left-out')).toMatch(/ and \d+ more$/)
    await gateway.call('/v1/bots/large', { method: 'DELETE' })
  })

  test('refuses what it does not know', async () => {
    const wrong = await gateway.call('/tools?format=llama')
    expect([wrong.status, wrong.json.code]).toEqual([400, 'invalid_request'])
    expect(wrong.json.errors[0].message).toContain('openai, openai-responses, anthropic, gemini, mcp')
    expect((await gateway.call('/tools')).json).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/query/format' }] })
    expect((await gateway.call('/tools?format=openai&bot=nobody')).json.code).toBe('bot_not_found')
    expect((await gateway.call('/tools?format=openai', { authorization: null })).status).toBe(401)
  })
})

test('a manifest is checked for agents when that is asked', async () => {
  const check = (query: string) =>
    gateway.call(`/v1/bots/check${query}`, { method: 'POST', raw: manifest, headers: { 'content-type': 'application/yaml' } })
  expect((await check('')).json).not.toHaveProperty('agents')
  const { json } = await check('?agents=true')
  expect(json.agents.catalogue).toMatchObject({ tools: 2, tokens: { openai: expect.any(Number) } })
  expect(json.agents.actions[0]).toMatchObject({ action: 'desk_any', providers: [{ provider: 'openai', strict: 'no' }, {}, {}, {}] })
})
