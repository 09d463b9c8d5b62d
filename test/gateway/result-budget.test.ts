/** A result that is too long for a model is cut: head, count, how to go on, and where all of it is. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type CountTokens, loadTokenCounter } from '../../src/surface/count-tokens.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape are looked into
type Any = any

const manifest = `
bot: zoo
version: 1.0.0
title: Zoo
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  huge:
    title: A huge answer
    description: Answers many rows. Use it in tests.
    effect: read
    scopes: [zoo:read]
    input: { type: object, additionalProperties: false, properties: { owner: { type: string }, rows: { type: array } } }
    output:
      type: object
      required: [rows]
      additionalProperties: false
      properties:
        owner: { type: string }
        rows: { type: array, items: { type: object, properties: { i: { type: integer }, text: { type: string, x-untrusted: true } } } }
  book:
    title: Write and answer a book
    description: Writes, and answers a long text. Use it in tests.
    effect: write
    scopes: [zoo:write]
    idempotency: { key: [ref] }
    input: { type: object, required: [ref], additionalProperties: false, properties: { ref: { type: string }, text: { type: string, maxLength: 100000 } } }
    output: { type: object, properties: { ref: { type: string }, text: { type: string, x-untrusted: true } } }
    commit: true
`

let gateway: OpenGateway
let count: CountTokens
beforeAll(async () => {
  gateway = await openGateway({ manifests: [manifest] })
  count = await loadTokenCounter()
})
afterAll(() => gateway.close())

/** It answers what it is given. */
const input = (n: number) => ({
  owner: 'Ada',
  rows: Array.from({ length: n }, (_, i) => ({ i: i + 1, text: `row number ${i + 1} of the huge answer` }))
})
const words = Array.from({ length: 9_000 }, (_, i) => `word${i + 1}`).join(' ')

const budget = 20_000
const rows = 5_000
const runsOf = async (action: string): Promise<number> => (await gateway.call(`/v1/runs?action=${action}&limit=100`)).json.runs.length

let id = 0
async function call(name: string, args: object, meta?: object): Promise<Any> {
  const { text } = await gateway.call('/mcp', {
    body: {
      jsonrpc: '2.0',
      id: ++id,
      method: 'tools/call',
      params: { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) }
    },
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }
  })
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text).result
}
/** Numbers of the rows that a text shows. */
const rowsIn = (text: string): readonly number[] => [...text.matchAll(/«row number (\d+) of/g)].map(match => Number(match[1]))

describe('over REST, as text', () => {
  const huge = (query: string) => gateway.call(`/v1/actions/zoo_huge?view=text${query}`, { body: input(rows) })

  test('the head, the count, and requests for what follows and for all of it; together they are the whole', async () => {
    const first = await huge('')
    expect(count(first.text)).toBeLessThanOrEqual(budget)
    expect(first.text).toMatch(/\nrows\[1-\d+ of 5000\]: i,text\n 1,«row number 1 of the huge answer»\n/)
    const runId = first.headers.get('run-id') as string
    expect(first.text).toMatch(new RegExp(`\nAll of it: GET /v1/runs/${runId}\\?view=json$|All of it: GET /v1/runs/${runId}\\?view=json`))
    expect((await gateway.call(`/v1/runs/${runId}?view=json`)).json.output.rows).toHaveLength(rows)
    const seen = [...rowsIn(first.text)]
    let answer = first
    while (answer.headers.get('link') !== null) {
      const next = /Next: GET (\S+)/.exec(answer.text)?.[1] as string
      expect(answer.headers.get('link')).toBe(`<${next}>; rel="next"`)
      answer = await gateway.call(next)
      expect(count(answer.text)).toBeLessThanOrEqual(budget)
      seen.push(...rowsIn(answer.text))
    }
    expect(seen).toEqual(Array.from({ length: rows }, (_, i) => i + 1))
    expect(await runsOf('zoo_huge')).toBe(1)
  })

  test('limit and fields give less of it, and go on', async () => {
    const { text, headers } = await huge('&limit=2&fields=rows.i')
    expect(text).toMatch(
      /^\{"rows":\[\{"i":1\},\{"i":2\}\]\}\nNot all of it: 1 to 2 of 5000 items in rows\.\nNext: GET \S+fields=rows\.i&limit=2&view=text&cursor=2\n/
    )
    const next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] as string
    expect((await gateway.call(next)).text).toMatch(/^zoo_huge completed, run .*\n\{"rows":\[\{"i":3\},\{"i":4\}\]\}\n/)
  })

  test('JSON has no budget; limit and cursor work for it too', async () => {
    const path = '/v1/actions/zoo_huge?limit=1'
    const { json, headers } = await gateway.call(path, { body: input(3) })
    expect(json).toEqual({ owner: 'Ada', rows: [{ i: 1, text: 'row number 1 of the huge answer' }] })
    const next = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] as string
    const second = await gateway.call(next)
    expect(second.json.output.rows.map(({ i }: Any) => i)).toEqual([2])
    expect((await gateway.call('/v1/actions/zoo_huge', { body: input(rows) })).json.rows).toHaveLength(rows)
  })

  test.each([
    ['limit=0', '/query/limit'],
    ['limit=1.5', '/query/limit'],
    ['limit=99999', '/query/limit'],
    ['cursor=x', '/query/cursor'],
    ['cursor=-1', '/query/cursor'],
    ['cursor=1', '/query/cursor'],
    ['cursor=', '/query/cursor']
  ])('%s is refused before anything is done', async (query, pointer) => {
    const before = await runsOf('zoo_book')
    const { status, json } = await gateway.call(`/v1/actions/zoo_book?view=text&${query}`, { body: { ref: `refused ${query}` } })
    expect([status, json.code, json.errors[0].pointer]).toEqual([400, 'invalid_request', pointer])
    expect(await runsOf('zoo_book')).toBe(before)
  })

  test.each(['9999999', '1.2', '0.0.0'])('a cursor that is not of the output is refused: %s', async cursor => {
    const runId = (await gateway.call('/v1/actions/zoo_huge', { body: input(3) })).headers.get('run-id')
    expect((await gateway.call(`/v1/runs/${runId}?view=text&cursor=${cursor}`)).json.errors[0].message).toBe(
      'is of another output, or of other fields'
    )
  })

  test('a model that is called through a program goes on with an argument, and nothing is done again', async () => {
    const path = '/v1/actions/zoo_book?format=openai&view=text'
    const first = await gateway.call(path, { body: { ref: 'one', text: words } })
    const cursor = /with \{"cursor":"([^"]+)"\} alone/.exec(first.text)?.[1] as string
    expect(first.text).toMatch(/^ref: one\ntext: «word1 word2 [^»]*»\nNot all of it: 1 to \d+ of \d+ characters in text\./)
    const before = await runsOf('zoo_book')
    const second = await gateway.call(path, { body: { cursor }, headers: { 'idempotency-key': 'another-one' } })
    expect(second.headers.get('run-id')).toBe(first.headers.get('run-id'))
    expect(second.text).toMatch(/^ref: one\ntext: «/)
    expect(await runsOf('zoo_book')).toBe(before)
    const shown = [first, second].map(({ text }) => /«([^»]*)»/.exec(text)?.[1] ?? '').join('')
    expect(words.startsWith(shown)).toBe(true)
    const other = await gateway.call('/v1/actions/zoo_huge?format=openai&view=text', { body: { cursor } })
    expect([other.status, other.json.code]).toEqual([400, 'invalid_request'])
  })
})

describe('over MCP', () => {
  test('text and structuredContent together keep to the budget, fit the schema, and get_run goes on to the end', async () => {
    const first = await call('zoo_huge', input(2_000))
    const { runId } = first._meta
    expect(count(JSON.stringify([first.content[0].text, first.structuredContent]))).toBeLessThanOrEqual(budget * 1.05)
    expect(first.structuredContent).toMatchObject({
      runId,
      status: 'completed',
      cut: [{ pointer: '/rows', unit: 'items', from: 0, of: 2_000 }]
    })
    expect(first.structuredContent.part.rows[0]).toEqual({ i: 1, text: '«row number 1 of the huge answer»' })
    expect(first.content).toContainEqual(expect.objectContaining({ type: 'resource_link', uri: `retrofit://runs/${runId}/output` }))
    const { text } = await gateway.call('/mcp', {
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
      headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }
    })
    const { tools } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text).result
    const valid = new Ajv2020({ strict: false }).compile(tools.find(({ name }: Any) => name === 'zoo_huge').outputSchema)
    expect(valid(first.structuredContent)).toBe(true)
    const seen = [...rowsIn(first.content[0].text)]
    let last = first
    for (let asked = nextOf(last); asked !== undefined; asked = nextOf(last)) {
      last = await call('get_run', asked)
      expect(count(last.content[0].text)).toBeLessThanOrEqual(budget)
      seen.push(...rowsIn(last.content[0].text))
    }
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1))
  })

  test.each([
    ['arguments of the tool', () => call('zoo_huge', { ...input(9), fields: 'rows.i', limit: 2 })],
    ['_meta of a host', () => call('zoo_huge', input(9), { fields: 'rows.i', limit: 2 })],
    ['get_run', async () => call('get_run', { run_id: (await call('zoo_huge', input(9)))._meta.runId, fields: 'rows.i', limit: 2 })]
  ])('fields and limit: %s', async (_, ask) => {
    expect((await ask()).content[0].text).toMatch(/^\{"rows":\[\{"i":1\},\{"i":2\}\]\}\nNot all of it: 1 to 2 of 9 items in rows\./)
  })

  test.each([
    [{ owner: 'x', fields: 'nothing' }, '/fields'],
    [{ owner: 'x', limit: 0 }, '/limit'],
    [{ owner: 'x', cursor: 'x' }, '/cursor'],
    [{ owner: 'x', cursor: '5' }, '/cursor']
  ])('%j is refused in the words of arguments, before anything is done', async (args, pointer) => {
    const before = await runsOf('zoo_huge')
    const { isError, _meta } = await call('zoo_huge', args)
    expect([isError, _meta.problem.errors[0].pointer]).toEqual([true, pointer])
    expect(await runsOf('zoo_huge')).toBe(before)
  })
})

function nextOf({ content }: Any): object | undefined {
  const written = /get_run with (\{[^}]*"cursor"[^}]*\})/.exec(content[0].text)?.[1]
  return written === undefined ? undefined : JSON.parse(written)
}

test('RESULT_TOKENS is the budget; 0 is none', async () => {
  for (const [resultTokens, most] of [
    [500, 500],
    [0, Number.POSITIVE_INFINITY]
  ] as const) {
    const other = await openGateway({ manifests: [manifest], settings: { resultTokens } })
    try {
      const { text } = await other.call('/v1/actions/zoo_huge?view=text', { body: input(2_000) })
      expect(count(text)).toBeLessThanOrEqual(most)
      expect(rowsIn(text).length === 2_000).toBe(resultTokens === 0)
    } finally {
      await other.close()
    }
  }
})
