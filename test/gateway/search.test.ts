/** `GET /tools?query=`, and the index behind it. */
import type Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type OpenAI from 'openai'
import type { Caller } from '../../src/core/types.ts'
import { usableActions } from '../../src/gateway/usable-actions.ts'
import { echoManifest, type OpenGateway, openGateway } from './open-gateway.ts'

const bank = `
bot: bank
version: 1.0.0
title: Bank
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
${Array.from({ length: 30 }, (_, i) => `a${i}`)
  .map(
    name => `  ${name}:
    title: Account ${name}
    description: Reads the ledger ${name}.
    effect: read
    scopes: [bank:${name}]
    input: { type: object, properties: { customer: { type: string } } }
    output: { type: object }`
  )
  .join('\n')}
`

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ manifests: [echoManifest, bank] })
})
afterAll(() => gateway.close())

const caller = (scopes: readonly string[], tenant = 'default'): Caller => ({ tenant, subject: 's', clientId: 'c', scopes })
const named = (format: string, json: unknown): readonly string[] => {
  const tools = format === 'gemini' ? (json as { functionDeclarations: object[] }[]).flatMap(one => one.functionDeclarations) : json
  return (tools as { name?: string; function?: { name: string } }[]).map(tool => tool.function?.name ?? tool.name ?? '')
}

describe('a list of tools', () => {
  test.each(['openai', 'openai-responses', 'anthropic', 'gemini', 'mcp'])('for %s holds what fits the query, best first', async format => {
    const { status, json, headers } = await gateway.call(`/tools?format=${format}&query=${encodeURIComponent('ledger a7')}&limit=4`)
    expect([status, named(format, json)[0], named(format, json).length]).toEqual([200, 'bank_a7', 4])
    const again = await gateway.call(`/tools?format=${format}&query=a7%20ledger&limit=4`, {
      headers: { 'if-none-match': headers.get('etag') ?? '' }
    })
    expect(again.status).toBe(304)
  })

  test('holds ten when no limit is given, none when nothing fits, and all without a query', async () => {
    const list = async (query: string) => (await gateway.call(`/tools?format=openai${query}`)).json.length
    expect(await Promise.all(['&query=ledger', '&query=zebra', '&bot=bank'].map(list))).toEqual([10, 0, 30])
  })

  test('holds only what the key may use and what the bot has', async () => {
    const authorization = await gateway.bearer(['bank:a1', 'bank:a2'])
    const { json } = await gateway.call('/tools?format=openai&query=ledger&limit=50', { authorization })
    expect([...named('openai', json)].sort()).toEqual(['bank_a1', 'bank_a2'])
    expect((await gateway.call('/tools?format=openai&query=ledger&bot=demo')).json).toEqual([])
    expect(await gateway.call('/tools?format=openai&query=ledger&bot=none')).toMatchObject({ status: 404, json: { code: 'bot_not_found' } })
  })

  test.each([
    ['query=', 'query'],
    [`query=${'x'.repeat(4_001)}`, 'query'],
    ['query=a&query=b', 'query'],
    ['query=a&limit=0', 'limit'],
    ['query=a&limit=51', 'limit'],
    ['query=a&limit=many', 'limit'],
    ['limit=5', 'limit'],
    ['defer_loading=perhaps', 'defer_loading']
  ])('refuses %.20s', async (query, name) => {
    const { status, json } = await gateway.call(`/tools?format=openai&${query}`)
    expect([status, json.code, json.errors?.[0].pointer]).toEqual([400, 'invalid_request', `/query/${name}`])
  })

  test('is another one when the bot is', async () => {
    const source = (word: string) => bank.replaceAll('ledger', word).replace('bot: bank', 'bot: other')
    const owner = { caller: caller(['*']), tenant: 'default' }
    await gateway.engine.catalog.register('other', source('abacus'), owner)
    expect(named('mcp', (await gateway.call('/tools?format=mcp&query=abacus&limit=50')).json)).toHaveLength(30)
    await gateway.engine.catalog.register('other', source('slate'), owner)
    expect(named('mcp', (await gateway.call('/tools?format=mcp&query=abacus&limit=50')).json)).toHaveLength(0)
    await gateway.engine.catalog.unregister('other', 'default')
  })
})

test('the index is made once for each state of the catalog and set of scopes', async () => {
  const { catalog } = gateway.engine
  const of = (scopes: readonly string[]) => usableActions(catalog, caller(scopes)).index()
  const first = await of(['bank:a1', 'bank:a2'])
  expect(await of(['bank:a2', 'bank:a1'])).toBe(first)
  expect((await of(['bank:a1'])).search('ledger').map(({ name }) => name)).toEqual(['bank_a1'])
  await catalog.register('other', bank.replace('bot: bank', 'bot: other'), { caller: caller(['*']), tenant: 'default' })
  expect(await of(['bank:a1', 'bank:a2'])).not.toBe(first)
  await catalog.unregister('other', 'default')
})

describe('tools that are left for later', () => {
  const deferred = async (format: string, more = '') =>
    (await gateway.call(`/tools?format=${format}&bot=bank&defer_loading=true${more}`)).json

  test('come with the search of Anthropic, as its SDK types them', async () => {
    const tools: Anthropic.Messages.ToolUnion[] = await deferred('anthropic')
    expect(tools[0]).toEqual({ type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' })
    expect(tools.slice(1).map(tool => 'defer_loading' in tool && tool.defer_loading)).toEqual(Array(30).fill(true))
  })

  test('come with the search of the responses API, as its SDK types them', async () => {
    const tools: OpenAI.Responses.Tool[] = await deferred('openai-responses', '&strict=true')
    expect(tools[0]).toEqual({ type: 'tool_search' })
    expect(tools.slice(1).map(tool => 'defer_loading' in tool && tool.defer_loading)).toEqual(Array(30).fill(true))
  })

  test('are marked beside the function for hosts of chat completions', async () => {
    const tools: readonly { defer_loading: boolean; function: { name: string } }[] = await deferred('openai', '&query=a7&limit=1')
    expect(tools).toMatchObject([{ type: 'function', defer_loading: true, function: { name: 'bank_a7' } }])
  })

  test.each(['gemini', 'mcp'])('are refused for %s, which knows nothing of the kind', async format => {
    const { status, json } = await gateway.call(`/tools?format=${format}&defer_loading=true`)
    expect([status, json.errors[0].pointer, json.detail]).toEqual([400, '/query/defer_loading', expect.stringContaining('anthropic')])
  })

  test('are not where nobody asked', async () => {
    for (const more of ['', '&defer_loading=false'])
      expect(JSON.stringify((await gateway.call(`/tools?format=anthropic${more}`)).json)).not.toMatch(/defer_loading|tool_search/)
  })

  test('are no search alone when there are none', async () => {
    expect(await deferred('anthropic', '&query=zebra')).toEqual([])
  })
})
