import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway()
})
afterAll(() => gateway.close())

interface Bent {
  readonly version?: string
  readonly longest?: number
  readonly more?: string
}

const manifest = ({ version = '1.0.0', longest = 9, more = '' }: Bent = {}): string => `
bot: till
version: ${version}
title: Till
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  ask:
    title: Ask
    description: Asks the till.
    effect: read
    scopes: [till:read]
    input: { type: object, additionalProperties: false, properties: { a: { type: string, maxLength: ${longest} }${more} } }
    output: { type: object }
`

const yaml = { 'content-type': 'application/yaml' }
const put = (raw: string, query = '') => gateway.call(`/v1/bots/till${query}`, { method: 'PUT', raw, headers: yaml })
const check = (raw: string, authorization?: string) =>
  gateway.call('/v1/bots/check', { method: 'POST', raw, headers: yaml, ...(authorization === undefined ? {} : { authorization }) })
const pointer = '/actions/ask/input/properties/a/maxLength'

test('a breaking change under the same major version is refused, named, and changes nothing', async () => {
  expect((await put(manifest())).status).toBe(201)
  const { status, json } = await put(manifest({ version: '1.1.0', longest: 5 }))
  expect([status, json.code, json.effect, json.retryable]).toEqual([409, 'breaking_change', 'none', false])
  expect(json.errors).toEqual([{ pointer, message: expect.stringMatching(/a call that was taken is refused. It was 9, it is 5/) }])
  expect((await gateway.call('/v1/bots/till')).json.version).toBe('1.0.0')
})

test('the check names it beforehand, with what is not breaking', async () => {
  const { status, json } = await check(manifest({ version: '1.1.0', longest: 5, more: ', b: { type: string }' }))
  expect([status, json.valid, json.needsAllowBreaking, json.against.version]).toEqual([200, true, true, '1.0.0'])
  expect(json.changes).toEqual([
    { breaking: true, certain: true, where: 'ask', pointer, was: 9, is: 5, why: expect.any(String), example: { a: 'aaaaaa' } },
    {
      breaking: false,
      certain: true,
      where: 'ask',
      pointer: '/actions/ask/input/properties/b',
      is: { type: 'string' },
      why: expect.stringContaining('is new')
    }
  ])
})

test('the check of a bot that nobody serves compares nothing', async () => {
  const { json } = await check(manifest().replace('bot: till', 'bot: other'))
  expect(json).toEqual({ valid: true, issues: [] })
})

test("another tenant's check learns nothing about the operator's bot", async () => {
  const source = (await gateway.call('/v1/bots/demo')).json.source as string
  expect((await check(source)).json.against.version).toBe('1.0.0')
  expect((await check(source, await gateway.bearer(['*'], 'acme'))).json.against).toBeUndefined()
})

test('one that is not breaking is taken, and told', async () => {
  const { status, json } = await put(manifest({ version: '1.1.0', longest: 12 }))
  expect([status, json.version, json.needsAllowBreaking]).toEqual([200, '1.1.0', false])
  expect(json.changes).toEqual([expect.objectContaining({ breaking: false, pointer, was: 9, is: 12 })])
})

test('one that is meant is taken, and told', async () => {
  const { status, json } = await put(manifest({ version: '1.2.0', longest: 5 }), '?allowBreaking=true')
  expect([status, json.needsAllowBreaking, json.changes[0].breaking]).toEqual([200, true, true])
})

test('another major version may break', async () => {
  const { status, json } = await put(manifest({ version: '2.0.0', longest: 3 }))
  expect([status, json.needsAllowBreaking, json.changes[0].breaking]).toEqual([200, false, true])
})

test('the very same manifest again is no change', async () => {
  expect((await put(manifest({ version: '2.0.0', longest: 3 }))).json.changes).toEqual([])
})

test('a parameter that is no boolean is refused', async () => {
  expect((await put(manifest({ version: '2.0.1', longest: 2 }), '?allowBreaking=yes')).status).toBe(400)
})
