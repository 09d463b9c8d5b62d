/** A registered bot belongs to its tenant: nobody else sees it, calls it, replaces it or removes it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type CallOptions, type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
let acme: string
let globex: string
const all = ['bots:*', 'desk:*', 'demo:*', 'runs:*']

beforeAll(async () => {
  gateway = await openGateway({ settings: { botsOverHttp: 'tenant' } })
  acme = await gateway.bearer(all, 'acme')
  globex = await gateway.bearer(all, 'globex')
})
afterAll(async () => {
  await Promise.all(clients.map(client => client.close()))
  await gateway.close()
})

const manifest = (says: string, { name = 'desk', scope = 'desk:read', input = '{ type: object }' } = {}): string => `
bot: ${name}
version: 1.0.0
title: Desk
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  ask: { title: Ask, description: Asks the desk., effect: read, scopes: ["${scope}"], input: ${input}, output: { type: object }, result: { says: "${says}" } }
`

const yaml = { 'content-type': 'application/yaml' }
const put = (authorization: string | undefined, source: string, path = '/v1/bots/desk?allowBreaking=true') =>
  gateway.call(path, { method: 'PUT', raw: source, headers: yaml, ...(authorization !== undefined && { authorization }) })
const as = (authorization: string) => ({
  get: (path: string) => gateway.call(path, { authorization }),
  ask: (headers: CallOptions['headers'] = {}, body: object = {}) => gateway.call('/v1/actions/desk_ask', { authorization, body, headers }),
  remove: () => gateway.call('/v1/bots/desk', { authorization, method: 'DELETE' })
})

const clients: Client[] = []

async function mcpTools(authorization: string) {
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), { requestInit: { headers: { authorization } } }))
  clients.push(client)
  const { tools } = await client.listTools()
  return { client, tools }
}

test('two tenants have a bot of the same name, and each meets its own everywhere', async () => {
  expect((await put(acme, manifest('acme'))).status).toBe(201)
  expect((await as(globex).get('/v1/bots/desk')).status).toBe(404)
  expect((await as(globex).ask()).json.code).toBe('action_not_found')
  expect((await as(globex).remove()).json.code).toBe('bot_not_found')
  expect((await put(globex, manifest('globex'))).status).toBe(201)
  expect([(await as(acme).ask()).json, (await as(globex).ask()).json]).toEqual([{ says: 'acme' }, { says: 'globex' }])
  expect((await put(globex, manifest('globex again'))).status).toBe(200)
  expect([(await as(acme).ask()).json, (await as(globex).ask()).json]).toEqual([{ says: 'acme' }, { says: 'globex again' }])
  expect((await as(globex).remove()).status).toBe(204)
  expect([(await as(acme).ask()).status, (await as(globex).ask()).status]).toEqual([200, 404])
})

test('what one tenant registers stands in no list of another, nor in the public metadata', async () => {
  const { json } = await put(acme, manifest('acme'))
  expect(json.source).toContain('acme')
  const lists = async (authorization: string) => ({
    bots: (await as(authorization).get('/v1/bots')).json.bots.map(({ bot }: { bot: string }) => bot),
    openApi: Object.keys((await as(authorization).get('/openapi.json')).json.paths).filter(path => path.startsWith('/v1/actions/desk')),
    tools: (await as(authorization).get('/tools?format=openai')).json.map((tool: { function: { name: string } }) => tool.function.name),
    oneBot: (await as(authorization).get('/tools?format=openai&bot=desk')).status,
    mcp: (await mcpTools(authorization)).tools.map(({ name }) => name)
  })
  const [own, other] = [await lists(acme), await lists(globex)]
  expect(own).toMatchObject({ bots: ['demo', 'desk'], openApi: ['/v1/actions/desk_ask'], oneBot: 200 })
  expect([own.tools, own.mcp].map(names => names.includes('desk_ask'))).toEqual([true, true])
  expect(other).toMatchObject({ bots: ['demo'], openApi: [], oneBot: 404 })
  expect([...other.tools, ...other.mcp]).not.toContain('desk_ask')
  const metadata = await gateway.call('/.well-known/oauth-protected-resource', { authorization: null })
  expect(metadata.text).not.toContain('desk:read')
})

test('a run of a tenant finishes on the version of that tenant, and nobody else retries it', async () => {
  await put(acme, manifest('acme'))
  const run = await as(acme).ask()
  const id = run.headers.get('run-id')
  expect((await as(acme).get(`/v1/runs/${id}`)).json).toMatchObject({ output: { says: 'acme' } })
  expect((await as(globex).get(`/v1/runs/${id}`)).status).toBe(404)
})

test('the operator names the tenant; nobody else can', async () => {
  expect((await put(undefined, manifest('by the operator'), '/v1/bots/desk?tenant=initech')).status).toBe(201)
  const initech = await gateway.bearer(all, 'initech')
  expect((await as(initech).ask()).json).toEqual({ says: 'by the operator' })
  expect((await gateway.call('/v1/bots?tenant=initech')).json.bots.map(({ bot }: { bot: string }) => bot)).toContain('desk')
  const everything = await gateway.bearer(['*'], 'globex')
  for (const path of ['/v1/bots?tenant=initech', '/v1/bots/desk?tenant=initech'])
    expect((await as(everything).get(path)).json.code).toBe('insufficient_scope')
  expect((await put(everything, manifest('mine now'), '/v1/bots/desk?tenant=initech')).json.code).toBe('insufficient_scope')
  expect((await put(undefined, manifest('x'), `/v1/bots/desk?tenant=${encodeURIComponent('no tenant')}`)).json.code).toBe('invalid_request')
})

test.each([
  ['a scope that the key does not hold', 'payments:write'],
  ['the scope to register', 'keys:write'],
  ['a wildcard', 'accounts:*']
])('a registering key can not give an action %s', async (_, scope) => {
  const { status, json } = await put(acme, manifest('acme', { scope }))
  expect([status, json.code]).toEqual([403, 'insufficient_scope'])
  expect(json.detail).toContain(scope)
})

test("a file's bot can not be shadowed by a tenant", async () => {
  expect((await put(acme, manifest('acme', { name: 'demo' }), '/v1/bots/demo')).json.code).toBe('bot_from_file')
  expect((await gateway.call('/v1/actions/demo_echo', { authorization: acme, body: { text: 'x' } })).json).toEqual({ text: 'x' })
})

test("the source of the operator's files is not for tenants", async () => {
  expect((await as(acme).get('/v1/bots/demo')).json).not.toHaveProperty('source')
  expect((await gateway.call('/v1/bots/demo')).json.source).toContain('bot: demo')
})

describe('who may register at all', () => {
  test.each([
    ['off', ['*'], 'default', 403],
    ['off', ['bots:write', 'desk:read'], 'acme', 403],
    ['admin', ['*'], 'default', 201],
    ['admin', ['bots:write', 'desk:read'], 'acme', 403],
    ['admin', ['bots:*', 'desk:*'], 'default', 403],
    ['tenant', ['bots:write', 'desk:read'], 'acme', 201]
  ] as const)('BOTS_OVER_HTTP=%s, a key with %j of %s: %i', async (botsOverHttp, scopes, tenant, status) => {
    const other = await openGateway({ settings: { botsOverHttp }, worker: false })
    try {
      const authorization = await other.bearer(scopes, tenant)
      const request = { raw: manifest('x'), headers: yaml, authorization }
      const put = await other.call('/v1/bots/desk', { ...request, method: 'PUT' })
      expect(put.status).toBe(status)
      if (status === 403) expect(put.json).toMatchObject({ code: 'registering_refused', hint: expect.stringMatching(/BOTS_OVER_HTTP/) })
      // Looking for mistakes registers nothing.
      if (scopes.some(scope => scope !== 'desk:read'))
        expect((await other.call('/v1/bots/check', { ...request, method: 'POST' })).json).toMatchObject({ valid: true })
    } finally {
      await other.close()
    }
  })
})

describe('a caller pins the version of a bot', () => {
  const narrow = '{ type: object, additionalProperties: false, properties: { a: { type: string }, b: { type: string } } }'
  const wide = '{ type: object, required: [a], additionalProperties: false, properties: { a: { type: string } } }'
  let first: string
  let second: string
  beforeAll(async () => {
    first = (await put(acme, manifest('one', { input: narrow }))).json.digest
  })

  test('the digest stands in the list, the OpenAPI document, MCP and each answer', async () => {
    const document = (await as(acme).get('/openapi.json')).json
    expect(document.paths['/v1/actions/desk_ask'].post['x-bot-version']).toBe(first)
    const { tools } = await mcpTools(acme)
    expect(tools.find(({ name }) => name === 'desk_ask')?._meta).toEqual({ botVersion: first })
    expect((await as(acme).get('/v1/bots/desk')).json.digest).toBe(first)
    expect((await as(acme).ask()).headers.get('bot-version')).toBe(first)
  })

  test('the version that is served is called', async () => {
    expect((await as(acme).ask({ 'bot-version': first })).json).toEqual({ says: 'one' })
    expect((await as(acme).ask({ 'bot-version': first.toUpperCase() })).status).toBe(200)
    const { client } = await mcpTools(acme)
    const called = await client.callTool({ name: 'desk_ask', arguments: {}, _meta: { botVersion: first } })
    expect(called.structuredContent).toEqual({ says: 'one' })
  })

  test('another one answers what has changed, and does nothing', async () => {
    await as(acme).ask({ 'bot-version': first, 'idempotency-key': 'before-the-change' })
    second = (await put(acme, manifest('two', { input: wide }))).json.digest
    for (const path of ['/v1/actions/desk_ask', '/v1/actions/desk_ask?dryRun=true']) {
      const { status, json } = await gateway.call(path, { authorization: acme, body: { a: 'x' }, headers: { 'bot-version': first } })
      expect([status, json.code, json.effect]).toEqual([409, 'version_changed', 'none'])
      expect(json.detail).toContain(second)
      expect(json.errors.map(({ message }: { message: string }) => message)).toEqual([
        expect.stringContaining('breaking: b is gone'),
        expect.stringContaining('breaking: a is required now')
      ])
    }
    expect((await as(acme).ask({ 'bot-version': first, 'idempotency-key': 'before-the-change' })).status).toBe(409)
  })

  test('a known key still gets its run, whatever is served now', async () => {
    await put(acme, manifest('one', { input: narrow }))
    const headers = { 'bot-version': first, 'idempotency-key': 'once' }
    const ran = await as(acme).ask(headers, { a: 'x' })
    await put(acme, manifest('two', { input: wide }))
    const again = await as(acme).ask(headers, { a: 'x' })
    expect([again.status, again.json, again.headers.get('idempotent-replayed')]).toEqual([200, { says: 'one' }, 'true'])
    expect(again.headers.get('run-id')).toBe(ran.headers.get('run-id'))
  })

  test('over MCP too, in _meta or as an argument', async () => {
    await put(acme, manifest('two', { input: wide }))
    const { client } = await mcpTools(acme)
    for (const call of [{ arguments: { a: 'x' }, _meta: { botVersion: first } }, { arguments: { a: 'x', botVersion: first } }]) {
      const answer = await client.callTool({ name: 'desk_ask', ...call })
      expect([answer.isError, (answer._meta?.problem as { code: string } | undefined)?.code]).toEqual([true, 'version_changed'])
    }
    const { structuredContent } = await client.callTool({ name: 'desk_ask', arguments: { a: 'x', botVersion: second } })
    expect(structuredContent).toEqual({ says: 'two' })
  })

  test.each(['1.0.0', 'latest', '0'.repeat(63)])('%s is no version', async version => {
    expect((await as(acme).ask({ 'bot-version': version }, { a: 'x' })).json).toMatchObject({ status: 400, code: 'invalid_request' })
  })

  test('a version that was never here is said to be unknown, also one of another tenant', async () => {
    const theirs = (await put(globex, manifest('theirs'))).json.digest
    for (const version of ['0'.repeat(64), theirs]) {
      const { json } = await as(acme).ask({ 'bot-version': version }, { a: 'x' })
      expect([json.code, json.errors]).toEqual(['version_changed', undefined])
      expect(json.detail).toContain('is not known here')
    }
  })
})
