/** Clients as they are: what they are known to send is taken, and what they read is in their words. */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { type CallOptions, echoManifest, type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { until } from '../setup/until.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape are looked into
type Any = any

const text = (description = 'A text.') => ({ type: 'string', description })
const oddBot = JSON.stringify({
  bot: 'odd',
  version: '1.0.0',
  title: 'Odd names',
  description: 'Actions whose inputs are called as arguments of ours.',
  adapter: 'echo',
  target: { url: 'http://127.0.0.1:9' },
  actions: {
    own: {
      title: 'Own key',
      description: 'Writes with a key of its own. Use it to try names.',
      effect: 'write',
      scopes: ['demo:write'],
      input: {
        type: 'object',
        additionalProperties: false,
        required: ['idempotency_key'],
        properties: { idempotency_key: text(), botVersion: { ...text(), 'x-session': 'version' }, session: text() }
      },
      output: { type: 'object' },
      commit: true
    },
    slow: {
      title: 'Write late',
      description: 'Takes a minute. Use it to cancel it.',
      effect: 'write',
      scopes: ['demo:write'],
      input: { type: 'object' },
      output: { type: 'object' },
      commit: true,
      delay: '60s'
    },
    count: {
      title: 'Count',
      description: 'Answers its input. Use it to try types.',
      effect: 'read',
      scopes: ['demo:read'],
      input: {
        type: 'object',
        additionalProperties: false,
        properties: {
          n: { type: 'integer', description: 'A number.' },
          list: { type: 'array', items: { type: 'integer' }, description: 'Numbers.' },
          label: text()
        }
      },
      output: { type: 'object' }
    }
  }
})

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ manifests: [echoManifest, oddBot], settings: { mcpWaitMs: 30_000, maxCallsPerSecond: 90 } })
})
afterAll(() => gateway.close())

const both = 'application/json, text/event-stream'
const post = (body: unknown, { path = '/mcp', headers = {} }: { path?: string } & Pick<CallOptions, 'headers'> = {}, at = gateway) =>
  at.call(path, { body, headers: { accept: both, ...headers } })
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }
const calling = (name: string, args: unknown, id: string | number = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args }
})
/** The answers in a body, whichever form it has. */
const answersIn = (body: string): Any[] =>
  body.startsWith('event:') || body.includes('\ndata:')
    ? [...body.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data))
    : [JSON.parse(body)].flat()
const call = async (name: string, args: unknown): Promise<Any> => answersIn((await post(calling(name, args))).text)[0].result

describe('the door', () => {
  test.each([
    ['a slash at the end', { path: '/mcp/' }],
    ['a query string', { path: '/mcp?profile=a&profile=b&wait=soon' }],
    ['a slash and a query string', { path: '/mcp/?x=1' }],
    ['Accept: */*', { headers: { accept: '*/*' } }],
    ['Accept: application/json', { headers: { accept: 'application/json' } }],
    ['Accept: application/*', { headers: { accept: 'application/*' } }],
    ['Accept: text/event-stream', { headers: { accept: 'text/event-stream' } }],
    ['both with qualities', { headers: { accept: 'text/event-stream;q=0.5, application/json;q=0.9' } }]
  ])('%s', async (_, how) => {
    const { status, headers, text: body } = await post(list, how)
    expect(status).toBe(200)
    expect(answersIn(body)[0].result.tools.length).toBeGreaterThan(3)
    const accept = (how as { headers?: { accept?: string } }).headers?.accept ?? both
    const form = headers.get('content-type')
    expect(form).toBe(/text\/event-stream/.test(accept) ? 'text/event-stream' : 'application/json')
  })

  test('an empty Accept', async () => {
    const answer = await post(list, { headers: { accept: '' } })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
  })

  test.each([
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['text/event-stream', 'text/event-stream']
  ])('2026-07-28 with Accept: %s', async (accept, form) => {
    const key = 'io.modelcontextprotocol'
    const _meta = {
      [`${key}/protocolVersion`]: '2026-07-28',
      [`${key}/clientInfo`]: { name: 'a', version: '1' },
      [`${key}/clientCapabilities`]: {}
    }
    const headers = { accept, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' }
    const answer = await post({ ...list, params: { _meta, cursor: null } }, { headers })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, form])
    const listening = { ...list, method: 'subscriptions/listen', params: { _meta, notifications: { toolsListChanged: true } } }
    const refused = { ...headers, accept: 'application/json', 'mcp-method': 'subscriptions/listen' }
    if (form === 'application/json') expect((await post(listening, { headers: refused })).status).toBe(406)
  })

  test('what admits neither form is refused', async () => {
    expect((await post(list, { headers: { accept: 'text/html' } })).status).toBe(406)
    expect((await post(list, { headers: { accept: 'application/json;q=0, text/html' } })).status).toBe(406)
  })

  test.each([
    ['arguments: null', calling('odd_count', null)],
    ['arguments: ""', calling('odd_count', '')],
    ['arguments: []', calling('odd_count', [])],
    ['arguments left out', { ...calling('odd_count', null), params: { name: 'odd_count' } }],
    ['arguments as text', calling('odd_count', '{"n":7}')],
    [
      'nulls everywhere',
      { ...calling('odd_count', {}), error: null, params: { name: 'odd_count', arguments: null, _meta: { progressToken: null } } }
    ]
  ])('%s', async (title, message) => {
    const [answer] = answersIn((await post(message)).text)
    expect(answer.result.structuredContent).toEqual(title.endsWith('as text') ? { n: 7 } : {})
  })

  test('null for what is left out: params, cursor, capabilities', async () => {
    for (const message of [
      { ...list, params: null },
      { ...list, params: [] },
      { ...list, params: { cursor: null, _meta: null } }
    ])
      expect(answersIn((await post(message)).text)[0].result.tools.length).toBeGreaterThan(3)
    const info = { name: 'a', version: '1', title: null }
    for (const capabilities of [null, []]) {
      const params = { protocolVersion: '2025-06-18', capabilities, clientInfo: info }
      const [hello] = answersIn((await post({ ...list, method: 'initialize', params })).text)
      expect(hello.result.protocolVersion).toBe('2025-06-18')
    }
    const ready = { jsonrpc: '2.0', id: null, method: 'notifications/initialized', params: null }
    expect((await post(ready)).status).toBe(202)
  })

  test('the metadata of the resource with a slash at the end is that of the address with one; a query is taken', async () => {
    const metadata = '/.well-known/oauth-protected-resource'
    const resourceAt = async (path: string) => (await gateway.call(path, { authorization: null })).json.resource
    expect(await resourceAt(`${metadata}/mcp/`)).toBe(`${gateway.url}/mcp/`)
    expect(await resourceAt(`${metadata}/mcp?x=1`)).toBe(`${gateway.url}/mcp`)
    expect(await resourceAt(`${metadata}/`)).toBe(`${gateway.url}/mcp`)
    const refused = await gateway.call('/mcp/', { body: list, authorization: null })
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining(`${metadata}/mcp/"`)])
  })

  test('the client of the official SDK, at an address with a slash and a query', async () => {
    const client = new Client({ name: 'test', version: '1' })
    const requestInit = { headers: { authorization: `Bearer ${gateway.adminKey}` } }
    await client.connect(new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp/?a=1`), { requestInit }) as Any)
    expect((await client.callTool({ name: 'odd_count', arguments: { n: 1 } })).structuredContent).toEqual({ n: 1 })
    await client.close()
  })
})

describe('batches of 2025-03-26', () => {
  const batch = [list, calling('odd_count', { n: 5 }, 'two'), { jsonrpc: '2.0', method: 'notifications/initialized' }]

  test('are negotiated, and answered in both forms', async () => {
    const params = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'a', version: '1' } }
    const [hello] = answersIn((await post({ ...list, method: 'initialize', params })).text)
    expect(hello.result.protocolVersion).toBe('2025-03-26')
    for (const accept of [both, 'application/json', '*/*', 'text/event-stream'])
      for (const version of [{}, { 'mcp-protocol-version': '2025-03-26' }]) {
        const answers = answersIn((await post(batch, { headers: { accept, ...version } as Record<string, string> })).text)
        expect(answers.map(({ id }) => id).sort()).toEqual([1, 'two'])
        expect(answers.find(({ id }) => id === 'two').result.structuredContent).toEqual({ n: 5 })
      }
  })

  test('one request in a list is answered by a list; notifications alone by 202', async () => {
    expect(JSON.parse((await post([list], { headers: { accept: 'application/json' } })).text)).toHaveLength(1)
    expect((await post([batch[2]])).status).toBe(202)
  })

  test('a number with too many digits stops its own tool, no other', async () => {
    const raw = JSON.stringify([calling('odd_count', { n: 0 }, 'a'), calling('odd_count', { n: 2 }, 'b')]).replace(
      '"n":0',
      '"n":12345678901234567890'
    )
    const answers = answersIn((await gateway.call('/mcp', { raw, headers: { accept: both, 'content-type': 'application/json' } })).text)
    const [a, b] = ['a', 'b'].map(id => answers.find(answer => answer.id === id).result)
    expect([a._meta.problem.errors, b.structuredContent]).toEqual([[expect.objectContaining({ pointer: '/n' })], { n: 2 }])
  })

  test.each<[string, unknown, Record<string, string>, string]>([
    ['of a later revision', batch, { 'mcp-protocol-version': '2025-06-18' }, 'has no batches'],
    ['without a message', [], {}, 'holds no message'],
    ['of more than 100', Array.from({ length: 101 }, (_, id) => ({ ...list, id })), {}, '101 messages'],
    ['of more than a second takes', Array.from({ length: 95 }, (_, id) => ({ ...list, id })), {}, '90 may be sent in a second'],
    ['with one id twice', [list, list], {}, 'one id']
  ])('%s: refused', async (_, body, headers, why) => {
    const answer = await post(body, { headers })
    expect([answer.status, answer.json.code, answer.json.detail]).toEqual([400, 'invalid_request', expect.stringContaining(why)])
  })

  test('over stdio: the answers come back, and what is wrong with one is said', async () => {
    const root = join(import.meta.dirname, '../..')
    const main = join(root, 'src/main.ts')
    const args = ['node', '--disable-warning=ExperimentalWarning', main, 'mcp', '--stdio', '--url', gateway.url, '--key', gateway.adminKey]
    const bridge = spawn(join(root, 'scripts/with-node'), args, { stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    bridge.stdout.on('data', chunk => {
      said += chunk
    })
    const answers = (): Any[] => said.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)].flat()))
    try {
      bridge.stdin.write(`${JSON.stringify(batch)}\n[]\n`)
      await until('all is answered', () => answers().length === 3)
    } finally {
      const closed = once(bridge, 'close')
      bridge.stdin.destroy()
      bridge.kill()
      await closed
    }
    expect(answers().map(({ id }) => id)).toEqual(expect.arrayContaining([1, 'two', null]))
  })

  test('with a tool that the key may not use nothing is called', async () => {
    const authorization = await gateway.bearer(['demo:read'])
    const body = [calling('odd_count', { n: 1 }, 1), calling('odd_own', { idempotency_key: 'a' }, 2)]
    expect((await gateway.call('/mcp', { body, authorization, headers: { accept: both } })).status).toBe(403)
  })
})

test('arguments as text are taken where the schema leaves no doubt, and told by their place where they can not be', async () => {
  expect((await call('odd_count', { n: '7', list: '["1", 2]', label: '7' })).structuredContent).toEqual({ n: 7, list: [1, 2], label: '7' })
  const strict = await call('odd_count', { n: '7.0', list: '[1' })
  expect(strict._meta.problem.errors.map(({ pointer }: Any) => pointer).sort()).toEqual(['/list', '/n'])
  const inexact = await call('odd_count', { list: '[1, 12345678901234567890]' })
  expect(inexact._meta.problem.errors).toEqual([{ pointer: '/list/1', message: expect.stringContaining('more digits') }])
})

describe('an action with inputs that are called as arguments of ours', () => {
  test('is called with both; ours are renamed, and named so in hints', async () => {
    // Only who has opened a session reads of one.
    await call('open_session', {})
    const { tools } = answersIn((await post(list)).text)[0].result
    const { inputSchema } = tools.find(({ name }: Any) => name === 'odd_own')
    expect(Object.keys(inputSchema.properties).sort()).toEqual([
      'botVersion',
      'idempotency_key',
      'idempotency_key_2',
      'session',
      'session_2'
    ])
    expect(inputSchema.required).toEqual(['idempotency_key', 'idempotency_key_2'])
    const args = { idempotency_key: 'theirs', botVersion: 'theirs', session: 'theirs' }
    const first = await call('odd_own', { ...args, idempotency_key_2: 'ours-1' })
    expect(first.structuredContent).toEqual(args)
    expect((await call('odd_own', { ...args, idempotency_key_2: 'ours-1' }))._meta.runId).toBe(first._meta.runId)
    const hintOf = async (sent: object) => (await call('odd_own', sent))._meta.problem.hint
    expect(await hintOf(args)).toMatch(/^Give idempotency_key_2:/)
    expect(await hintOf({ ...args, idempotency_key: 'other', idempotency_key_2: 'ours-1' })).toMatch(/another idempotency_key_2/)
    const version = await call('odd_own', { ...args, idempotency_key_2: 'ours-2', botVersion_2: 'x' })
    expect(version._meta.problem.errors[0]).toEqual({ pointer: '/botVersion_2', message: expect.not.stringContaining('GET /v1') })
  })
})

test.each([[both], ['application/json']])('the answer of a call that was cancelled says so, and not to call get_run: %s', async accept => {
  const session = { 'mcp-session-id': randomUUID() }
  const sent = post(calling('odd_slow', { idempotency_key: randomUUID() }, 'cancel-me'), { headers: { accept, ...session } })
  await until('the run works', async () => (await gateway.call('/v1/runs?action=odd_slow&status=working')).json.runs.length === 1)
  await post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'cancel-me' } }, { headers: session })
  const [{ result }] = answersIn((await sent).text)
  expect([result.isError, result._meta.problem.code]).toEqual([true, 'run_cancelled'])
  expect(result.content[0].text).toMatch(/run was cancelled/)
  expect(result.content[0].text).not.toMatch(/get_run/)
})
