import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { attach } from '../../src/core/run.ts'
import type { FedCatalog } from '../../src/engine/catalog.ts'
import { echoManifest, type OpenGateway, openGateway } from '../gateway/open-gateway.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape are looked into
type Any = any

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ settings: { mcpWaitMs: 1_200 } })
})
afterAll(() => gateway.close())

const info = { name: 'test', version: '1.0.0' }
const withKey = (authorization: string) => ({ requestInit: { headers: { authorization } } })

/** A client of the revisions of 2025. */
async function legacy<T>(use: (client: Client) => Promise<T>, authorization = `Bearer ${gateway.adminKey}`, url = gateway.url): Promise<T> {
  const client = new Client(info)
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), withKey(authorization)) as Any)
  return use(client).finally(() => client.close())
}

/** A client of 2026-07-28. */
async function modern<T>(use: (client: ModernClient) => Promise<T>): Promise<T> {
  const client = new ModernClient(info, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new ModernTransport(new URL(`${gateway.url}/mcp`), withKey(`Bearer ${gateway.adminKey}`)))
  return use(client).finally(() => client.close())
}

let id = 0
const rpc = (method: string, params: object = {}, options: { authorization?: string | null; headers?: Record<string, string> } = {}) =>
  gateway.call('/mcp', {
    body: { jsonrpc: '2.0', id: ++id, method, params },
    ...(options.authorization === undefined ? {} : { authorization: options.authorization }),
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18', ...options.headers }
  })
const resultOf = (text: string): Any => JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text)
const call = async (name: string, args: object, meta?: object): Promise<Any> =>
  resultOf((await rpc('tools/call', { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) })).text).result

describe.each([
  ['2025-11-25', legacy as Any],
  ['2026-07-28', modern as Any]
])('a client of %s', (_, connect) => {
  test('lists the actions as tools, in order, and calls them', () =>
    connect(async (client: Any) => {
      const { tools } = await client.listTools()
      const names = tools.map(({ name }: Any) => name)
      expect(names.slice(0, -1)).toEqual([...names.slice(0, -1)].sort())
      expect(names).toEqual(expect.arrayContaining(['demo_echo', 'demo_pay', 'get_run']))
      const pay = tools.find(({ name }: Any) => name === 'demo_pay')
      expect(pay.annotations).toEqual({ title: 'Pay somebody', readOnlyHint: false, destructiveHint: true, idempotentHint: false })
      expect(pay).toMatchObject({ title: 'Pay somebody', description: expect.stringContaining('can not be undone') })
      const answer = await client.callTool({ name: 'demo_echo', arguments: { text: 'hello' } })
      expect(answer).toMatchObject({ structuredContent: { text: 'hello' }, content: [{ type: 'text', text: 'text: hello' }] })
    }))

  test('an unknown tool is an error of the protocol, a failure one that a model reads', () =>
    connect(async (client: Any) => {
      await expect(client.callTool({ name: 'demo_none', arguments: {} })).rejects.toMatchObject({ code: -32_602 })
      const failed = await client.callTool({ name: 'demo_echo', arguments: { list: [] } })
      expect(failed.isError).toBe(true)
      expect(failed.content[0].text).toMatch(/invalid_input.*\n\/text is required\n.*Correct the fields/s)
    }))
})

describe('a tool', () => {
  test('its output schema takes both its output and "still running"; get_run goes on from there', async () => {
    const { tools } = resultOf((await rpc('tools/list')).text).result
    const slow = tools.find(({ name }: Any) => name === 'demo_slow')
    const valid = new Ajv2020({ strict: false }).compile(slow.outputSchema)
    const pending = await call('demo_slow', { text: 'later' })
    expect(pending.structuredContent).toMatchObject({
      status: expect.stringMatching(/queued|working/),
      runId: expect.stringMatching(/^run_/)
    })
    expect(valid(pending.structuredContent)).toBe(true)
    expect(pending.content[0].text).toContain(`get_run with {"run_id":"${pending.structuredContent.runId}"}`)
    let last = pending
    while (last.structuredContent?.status !== undefined) last = await call('get_run', { run_id: pending.structuredContent.runId })
    expect(last.structuredContent).toEqual({ text: 'later' })
    expect(valid(last.structuredContent)).toBe(true)
  })

  test('one key, as argument or in _meta, is one run; an effect without a key is refused with what to do', async () => {
    const pay = { to: { name: 'Ada' }, amount: 1 }
    const first = await call('demo_pay', { ...pay, idempotency_key: 'intent-1' })
    const again = await call('demo_pay', pay, { idempotencyKey: 'intent-1' })
    expect(first._meta.runId).toMatch(/^run_/)
    expect(again._meta.runId).toBe(first._meta.runId)
    expect((await call('demo_pay', { ...pay, amount: 2, idempotency_key: 'intent-1' }))._meta.problem.code).toBe('idempotency_key_reused')
    expect((await call('demo_pay', pay)).content[0].text).toContain('idempotency_key_required')
    expect((await call('demo_pay', { ...pay, idempotency_key: 'x'.repeat(256) }))._meta.problem.code).toBe('invalid_request')
  })

  test('the key is asked for where nothing else guards, and not there where the manifest does or for a read', async () => {
    const { tools } = resultOf((await rpc('tools/list')).text).result
    const keyOf = (name: string) => {
      const { inputSchema } = tools.find((tool: Any) => tool.name === name)
      return [inputSchema.properties.idempotency_key !== undefined, (inputSchema.required ?? []).includes('idempotency_key')]
    }
    expect([keyOf('demo_pay'), keyOf('demo_note'), keyOf('demo_echo')]).toEqual([
      [true, true],
      [false, false],
      [false, false]
    ])
    expect((await call('demo_note', { text: 'guarded', idempotency_key: 'given all the same' })).isError).toBeUndefined()
  })

  test('tells of progress where it is asked to', () =>
    legacy(async client => {
      const told: Any[] = []
      const args = { text: 'x', idempotency_key: 'progress-1' }
      await client.callTool({ name: 'demo_note', arguments: args }, undefined, { onprogress: progress => void told.push(progress) })
      expect(told.map(({ message }) => message)).toContain('commit')
      expect(told.map(({ progress }) => progress)).toEqual(told.map((_, i) => i + 1))
    }))

  test('a read that nobody waits for any more is cancelled; a write goes on', async () => {
    const other = await openGateway({ manifests: [echoManifest.replace('  slow:', slowWrite)] })
    try {
      for (const [name, args, status] of [
        ['demo_slow', { text: 'x' }, 'cancelled'],
        ['demo_late', { idempotency_key: 'k1' }, 'completed']
      ] as const) {
        const gone = new AbortController()
        const sent = fetch(`${other.url}/mcp`, {
          method: 'POST',
          signal: gone.signal,
          headers: {
            authorization: `Bearer ${other.adminKey}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream'
          },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } })
        }).then(answer => answer.text())
        sent.catch(() => undefined)
        const find = async () => (await other.call(`/v1/runs?action=${name}`)).json.runs[0]
        while ((await find())?.status !== 'working') await new Promise(resolve => setTimeout(resolve, 20))
        gone.abort()
        await expect(sent).rejects.toThrow()
        while (!['cancelled', 'completed', 'failed'].includes((await find()).status)) await new Promise(resolve => setTimeout(resolve, 50))
        expect([name, (await find()).status]).toEqual([name, status])
      }
    } finally {
      await other.close()
    }
  })

  test.each([
    ['over HTTP', (other: OpenGateway) => overHttp(other)],
    ['over stdio', (other: OpenGateway) => overStdio(other)]
  ])('what its client cancels is cancelled, also a write before its commit point: %s', async (_, transport) => {
    const other = await openGateway({ manifests: [echoManifest.replace('  slow:', slowWrite.replace('1s', '60s'))] })
    const client = new Client(info)
    try {
      await client.connect(transport(other) as Any)
      const gone = new AbortController()
      const options = { signal: gone.signal }
      const sent = client.callTool({ name: 'demo_late', arguments: { idempotency_key: 'k2' } }, undefined, options)
      sent.catch(() => undefined)
      const find = async () => (await other.call('/v1/runs?action=demo_late')).json.runs[0]
      while ((await find())?.status !== 'working') await new Promise(resolve => setTimeout(resolve, 20))
      gone.abort()
      await expect(sent).rejects.toThrow()
      while ((await find()).status === 'working') await new Promise(resolve => setTimeout(resolve, 50))
      expect(await find()).toMatchObject({ status: 'cancelled', effect: 'none' })
    } finally {
      await client.close()
      await other.close()
    }
  })

  test('only its own client cancels a call', async () => {
    const asked = (session: string) => ({ headers: { 'mcp-session-id': session } })
    const request = ++id
    const sent = gateway.call('/mcp', {
      body: { jsonrpc: '2.0', id: request, method: 'tools/call', params: { name: 'demo_slow', arguments: { text: 'mine' } } },
      headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18', ...asked('one').headers }
    })
    const running = async () => (await gateway.call('/v1/runs?action=demo_slow&status=working')).json.runs.length > 0
    while (!(await running())) await new Promise(resolve => setTimeout(resolve, 20))
    await rpc('notifications/cancelled', { requestId: request }, asked('two'))
    await rpc('notifications/cancelled', { requestId: request })
    const { runId } = resultOf((await sent).text).result.structuredContent
    let last = await call('get_run', { run_id: runId })
    while (last.structuredContent?.status !== undefined) last = await call('get_run', { run_id: runId })
    expect(last.structuredContent).toEqual({ text: 'mine' })
  })
})

const overHttp = (other: OpenGateway) => new StreamableHTTPClientTransport(new URL(`${other.url}/mcp`), withKey(`Bearer ${other.adminKey}`))

function overStdio({ url, adminKey }: OpenGateway): StdioClientTransport {
  const root = join(import.meta.dirname, '../..')
  const main = join(root, 'src/main.ts')
  const args = ['node', '--disable-warning=ExperimentalWarning', main, 'mcp', '--stdio', '--url', url, '--key', adminKey]
  return new StdioClientTransport({ command: join(root, 'scripts/with-node'), args, stderr: 'inherit' })
}

const slowWrite = `  late:
    title: Write late
    description: Takes a second.
    effect: write
    scopes: [demo:write]
    input: { type: object }
    output: { type: object }
    commit: true
    delay: 1s
  slow:`

describe('files', () => {
  test('are links in the answer and resources to read; those of others are not there', async () => {
    const answer = await call('demo_echo', { text: 'with a file' })
    const runId = answer._meta.runId as string
    const { store } = gateway.parts
    const file = { content: Buffer.from('seen on the screen'), mediaType: 'text/plain' }
    await store.artifacts.put(runId, 'note.txt', file)
    await store.artifacts.put(runId, 'screen.png', { content: Buffer.from([0x89, 0x50]), mediaType: 'image/png' })
    for (const [name, mediaType] of [
      ['note.txt', 'text/plain'],
      ['screen.png', 'image/png']
    ] as const) {
      const run = await store.getRun(runId)
      if (run !== undefined) await store.updateRun(attach(run, { name, mediaType, bytes: 2 }, Date.now()))
    }
    const uri = `retrofit://runs/${runId}/artifacts/note.txt`
    expect((await call('get_run', { run_id: runId })).content).toContainEqual(
      expect.objectContaining({ type: 'resource_link', uri, name: 'note.txt' })
    )
    const { resources } = resultOf((await rpc('resources/list')).text).result
    expect(resources).toContainEqual(expect.objectContaining({ uri, mimeType: 'text/plain' }))
    expect(resultOf((await rpc('resources/read', { uri })).text).result.contents).toEqual([
      { uri, mimeType: 'text/plain', text: 'seen on the screen' }
    ])
    const picture = resultOf((await rpc('resources/read', { uri: uri.replace('note.txt', 'screen.png') })).text).result.contents[0]
    expect(picture).toMatchObject({ mimeType: 'image/png', blob: 'iVA=' })
    const stranger = await gateway.bearer(['*'], 'elsewhere')
    for (const [authorization, wanted] of [
      [stranger, uri],
      [undefined, 'retrofit://runs/x/artifacts/%E0%A4%A'],
      [undefined, 'file:///etc/passwd']
    ] as const) {
      const refused = await rpc('resources/read', { uri: wanted }, authorization === undefined ? {} : { authorization })
      expect(resultOf(refused.text).error).toMatchObject({ code: -32_602, message: expect.stringContaining('not found') })
    }
  })
})

describe('who may', () => {
  test('without a key: 401, and where a client learns how to get one', async () => {
    const refused = await rpc('tools/list', {}, { authorization: null })
    expect(refused.status).toBe(401)
    const url = /resource_metadata="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? ''
    expect(url).toBe(`${gateway.url}/.well-known/oauth-protected-resource/mcp`)
    const metadata = (await (await fetch(url)).json()) as object
    expect(metadata).toMatchObject({ resource: `${gateway.url}/mcp`, bearer_methods_supported: ['header'] })
  })

  test('without the scope: not in the list, and 403 that names it', async () => {
    const authorization = await gateway.bearer(['demo:read'])
    const { tools } = resultOf((await rpc('tools/list', {}, { authorization })).text).result
    expect(tools.map(({ name }: Any) => name)).toEqual(['demo_echo', 'demo_odd', 'demo_slow', 'get_run'])
    const refused = await rpc('tools/call', { name: 'demo_note', arguments: { text: 'x' } }, { authorization })
    expect(refused.status).toBe(403)
    expect(refused.headers.get('www-authenticate')).toMatch(/error="insufficient_scope", scope="demo:write"/)
  })

  test.each([
    ['Origin', { origin: 'https://elsewhere.example' }],
    ['Host', { host: 'rebound.example' }]
  ])('a page elsewhere may not: %s', async (_, headers) => {
    expect(await statusOf(headers)).toBe(403)
    expect(await statusOf({ origin: 'http://localhost:3000' })).toBe(200)
  })

  test('GET is for who may, too; DELETE is for sessions, which there are none', async () => {
    const refused = await gateway.call('/mcp', { authorization: null })
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('resource_metadata=')])
    expect((await gateway.call('/mcp', { headers: { accept: 'text/event-stream', origin: 'https://elsewhere.example' } })).status).toBe(403)
    expect((await gateway.call('/mcp', { headers: { accept: 'application/json' } })).status).toBe(406)
    expect((await gateway.call('/mcp', { method: 'DELETE' })).status).toBe(405)
  })
})

/** fetch sets Host itself. */
function statusOf(headers: Record<string, string>): Promise<number | undefined> {
  const { hostname, port } = new URL(gateway.url)
  return new Promise((resolve, reject) => {
    const asked = request({
      hostname,
      port,
      path: '/mcp',
      method: 'POST',
      headers: {
        authorization: `Bearer ${gateway.adminKey}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers
      }
    })
    asked.on('response', answer => resolve(answer.resume().statusCode)).on('error', reject)
    asked.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }))
  })
}

describe('a large catalogue', () => {
  let large: OpenGateway
  beforeAll(async () => {
    large = await openGateway({ settings: { mcpToolLimit: 3 } })
  })
  afterAll(() => large.close())

  test('is searched, described and called', () =>
    legacy(
      async client => {
        const { tools } = await client.listTools()
        expect(tools.map(({ name }) => name)).toEqual(['search_actions', 'describe_action', 'call_action', 'get_run'])
        const found: Any = await client.callTool({ name: 'search_actions', arguments: { query: 'repeat a text again' } })
        expect(found.structuredContent.actions[0].name).toBe('demo_echo')
        const described: Any = await client.callTool({ name: 'describe_action', arguments: { name: 'demo_echo' } })
        expect(described.structuredContent.inputSchema.required).toEqual(['text'])
        const done: Any = await client.callTool({ name: 'call_action', arguments: { name: 'demo_echo', arguments: { text: 'found' } } })
        expect(done.structuredContent).toEqual({ text: 'found' })
        const wrong: Any = await client.callTool({ name: 'describe_action', arguments: { name: 'demo_none' } })
        expect([wrong.isError, wrong.content[0].text]).toEqual([true, expect.stringContaining('search_actions')])
        const none: Any = await client.callTool({ name: 'search_actions', arguments: { query: 'zebra' } })
        expect(none.content[0].text).toContain('try other words')
      },
      `Bearer ${large.adminKey}`,
      large.url
    ))
})

const owner = { caller: { tenant: 'default', subject: 'admin', clientId: 'admin', scopes: ['*'] }, tenant: 'default' }

test('a client of 2026-07-28 is told when the bots change', () =>
  modern(async client => {
    const changed = new Promise<void>(resolve => client.setNotificationHandler('notifications/tools/list_changed', () => resolve()))
    await (client as Any).listen({ toolsListChanged: true })
    const catalog = gateway.parts.catalog as FedCatalog
    await catalog.register('extra', echoManifest.replace('bot: demo', 'bot: extra'), owner)
    await changed
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('extra_echo')
    await catalog.unregister('extra', 'default')
  }))

test.each([
  ['HTTP', () => new StreamableHTTPClientTransport(new URL(`${gateway.url}/mcp`), withKey(`Bearer ${gateway.adminKey}`)) as Any],
  ['stdio', () => overStdio(gateway) as Any]
])('a client of 2025 is told when the bots change, over %s', async (_, transport) => {
  const client = new Client(info)
  await client.connect(transport())
  const catalog = gateway.parts.catalog as FedCatalog
  try {
    expect(client.getServerCapabilities()?.tools?.listChanged).toBe(true)
    let told = false
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
      told = true
    })
    // The stream opens beside what the client does: a change before it is there is not heard.
    for (let i = 0; i < 200 && !told; i++) {
      await catalog.register('extra', echoManifest.replace('bot: demo', 'bot: extra'), owner)
      await catalog.unregister('extra', 'default')
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    expect(told).toBe(true)
  } finally {
    await client.close()
  }
})

test('retrofit mcp --stdio hands everything on', async () => {
  const client = new Client(info)
  await client.connect(overStdio(gateway) as Any)
  try {
    expect((await client.listTools()).tools.length).toBeGreaterThan(4)
    const answers: Any[] = await Promise.all(
      ['a', 'b', 'c'].map(text => client.callTool({ name: 'demo_echo', arguments: { text } }) as Promise<Any>)
    )
    expect(answers.map(({ structuredContent }) => structuredContent)).toEqual([{ text: 'a' }, { text: 'b' }, { text: 'c' }])
  } finally {
    await client.close()
  }
})
