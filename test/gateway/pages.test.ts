/** Pages of other origins in a real browser: those that the operator lists call, with fetch and with an MCP client, and no others. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { usualBrowser } from '../../adapters/playwright/browser.ts'
import { readSettings } from '../../src/config.ts'
import { readContract } from '../../src/gateway/gateway.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

/** What the page runs: `ask` for one request, `useMcp` for a whole client. */
const script = `
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
globalThis.ask = async (url, { key, ...init } = {}) => {
  try {
    const answer = await fetch(url, { ...init, headers: { ...init.headers, ...(key && { authorization: 'Bearer ' + key }) } })
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() }
  } catch (error) {
    return { refused: error.name }
  }
}
globalThis.useMcp = async (url, key) => {
  const client = new Client({ name: 'page', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: 'Bearer ' + key } } }))
  const { tools } = await client.listTools()
  const result = await client.callTool({ name: 'demo_echo', arguments: { text: 'from a page' } })
  await client.close()
  return { tools: tools.map(tool => tool.name), said: result.structuredContent }
}`

let server: Server
let listed: string
let unlisted: readonly string[]
let gateway: OpenGateway
let browser: Browser
let page: Page
beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: process.cwd() },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent'
  })
  server = createServer((request, response) => {
    if (request.url === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(outputFiles[0]?.contents)
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<script type="module" src="/page.js"></script>')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  listed = `http://app.bank.example:${port}`
  // The second is the same machine, which the check of the names takes: only the browser can refuse it.
  unlisted = [`http://other.bank.example:${port}`, `http://localhost:${port}`]
  gateway = await openGateway({ settings: { corsOrigins: [listed], issuer: 'https://issuer.example' } })
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? usualBrowser() ?? chromium.executablePath(),
    args: ['--no-sandbox', '--host-resolver-rules=MAP *.bank.example 127.0.0.1']
  })
  page = await browser.newPage()
})
afterAll(async () => {
  await browser?.close()
  await gateway.close()
  await new Promise(resolve => server.close(resolve))
})

interface Asked {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly text?: string
  readonly refused?: string
}

const ask = (path: string, init: object = {}): Promise<Asked> =>
  page.evaluate(([url, options]) => (globalThis as unknown as { ask(...args: unknown[]): Promise<Asked> }).ask(url, options), [
    `${gateway.url}${path}`,
    init
  ] as const)
const useMcp = (): Promise<unknown> =>
  page.evaluate(([url, key]) => (globalThis as unknown as { useMcp(...args: unknown[]): Promise<unknown> }).useMcp(url, key), [
    `${gateway.url}/mcp`,
    gateway.adminKey
  ] as const)
const call = { method: 'POST', body: '{"text":"hello"}', headers: { 'content-type': 'application/json', 'idempotency-key': 'from-a-page' } }

describe('a page of a listed origin', () => {
  beforeAll(async () => {
    await page.goto(listed)
  })

  test('lists, reads the documents, calls, and reads the headers that it needs', async () => {
    const key = gateway.adminKey
    const paths = [
      '/tools?format=openai',
      '/openapi.json',
      '/openapi.yaml',
      '/v1/bots',
      '/v1/runs',
      '/.well-known/oauth-protected-resource'
    ]
    const answers = await Promise.all(paths.map(path => ask(path, { key })))
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200))
    expect(answers[0]?.headers).toHaveProperty('etag')
    const called = await ask('/v1/actions/demo_echo', { ...call, key })
    expect(called).toMatchObject({ status: 200, text: '{"text":"hello"}' })
    expect(Object.keys(called.headers ?? {})).toEqual(expect.arrayContaining(['run-id', 'bot-version', 'server-timing', 'ratelimit']))
    const slow = await ask('/v1/actions/demo_slow', {
      ...call,
      key,
      body: '{}',
      headers: { ...call.headers, prefer: 'respond-async', 'idempotency-key': 's' }
    })
    expect([slow.status, slow.headers?.location?.startsWith('/v1/runs/'), slow.headers?.['retry-after'] !== undefined]).toEqual([
      202,
      true,
      true
    ])
  })

  test('reads a refusal, a missing path and a problem', async () => {
    const without = await ask('/v1/runs')
    expect([without.status, without.headers?.['www-authenticate']?.startsWith('Bearer')]).toEqual([401, true])
    expect(await ask('/v1/nothing', { key: gateway.adminKey })).toMatchObject({ status: 404 })
    expect(await ask('/v1/actions/demo_echo', { ...call, key: gateway.adminKey, body: '{}' })).toMatchObject({ status: 422 })
  })

  test('follows the events of a run', async () => {
    const { headers } = await ask('/v1/actions/demo_echo', { ...call, key: gateway.adminKey })
    const events = await ask(`/v1/runs/${headers?.['run-id']}/events`, { key: gateway.adminKey })
    expect(events.text).toContain('event: end')
    expect(events.headers?.['content-encoding']).toBeUndefined()
  })

  test('is an MCP client', async () => {
    expect(await useMcp()).toMatchObject({ tools: expect.arrayContaining(['demo_echo']), said: { text: 'from a page' } })
  })

  test('has no more than that: neither metrics nor the page at /docs', async () => {
    expect(await Promise.all(['/metrics', '/docs', '/healthz'].map(path => ask(path, { key: gateway.adminKey })))).toEqual([
      { refused: 'TypeError' },
      { refused: 'TypeError' },
      { refused: 'TypeError' }
    ])
  })
})

test('a page that is not listed gets nothing, whether its name is known here or not', async () => {
  for (const origin of unlisted) {
    await page.goto(origin)
    const key = gateway.adminKey
    const runs = (await gateway.call('/v1/runs')).json.runs.length
    const answers = await Promise.all([
      ask('/tools?format=openai', { key }),
      ask('/openapi.json'),
      ask('/v1/actions/demo_echo', { ...call, key, headers: { ...call.headers, 'idempotency-key': origin.replaceAll(/\W/g, '-') } }),
      ask('/v1/actions/demo_echo', { method: 'POST', body: '{"text":"x"}' })
    ])
    expect(answers).toEqual(answers.map(() => ({ refused: 'TypeError' })))
    await expect(useMcp()).rejects.toThrow()
    // Nothing was done either: a browser asks before it sends a key.
    expect((await gateway.call('/v1/runs')).json.runs).toHaveLength(runs)
  }
})

describe('the headers', () => {
  const preflight = (path: string, origin: string, headers: Record<string, string> = {}) =>
    gateway.call(path, {
      method: 'OPTIONS',
      authorization: null,
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-os',
        ...headers
      }
    })

  test('a question is answered without a key, with the methods and headers that the page may use', async () => {
    for (const path of [
      '/v1/actions/demo_echo',
      '/mcp',
      '/mcp/',
      '/tools',
      '/openapi.json',
      '/v1/nothing',
      '/.well-known/oauth-protected-resource/mcp'
    ]) {
      const { status, headers } = await preflight(path, listed)
      expect([path, status, headers.get('access-control-allow-origin')]).toEqual([path, 204, listed])
      expect(headers.get('access-control-allow-methods')).toContain('PATCH')
      expect(headers.get('access-control-allow-headers')).toBe('authorization,x-stainless-os')
      expect(headers.get('vary')).toContain('Origin')
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  test.each(['http://localhost:1', 'https://app.bank.example', 'http://app.bank.example', 'null', 'http://APP.bank.example:1', ''])(
    'nothing of it for %j, which is listed in no way',
    async origin => {
      const { headers } = await preflight('/v1/runs', origin)
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  )

  test('each header of the contract is exposed, and a cache tells origins apart, whatever else an answer varies with', async () => {
    const names = Object.keys((readContract().components as { headers: object }).headers)
    for (const path of ['/v1/runs', '/openapi.json', '/tools?format=mcp', '/v1/runs/run_000000000000000000000']) {
      const { headers } = await gateway.call(path, { headers: { origin: listed } })
      const exposed = headers.get('access-control-expose-headers')?.split(',')
      expect(exposed).toEqual(expect.arrayContaining([...names, 'Mcp-Session-Id']))
      expect([path, headers.get('vary')]).toEqual([path, expect.stringContaining('Origin')])
    }
    const called = await gateway.call('/v1/actions/demo_echo', { body: { text: 'x' }, headers: { origin: listed } })
    expect(called.headers.get('vary')).toMatch(/Origin.*Accept/)
  })

  test('there are none where nothing is listed', async () => {
    const closed = await openGateway({ worker: false })
    const answer = await closed.call('/v1/runs', { headers: { origin: 'http://localhost:3000' } })
    expect([answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')]).toEqual([null, 'Accept-Encoding'])
    await closed.close()
  })
})

test('the setting takes origins, and nothing that is none', () => {
  const set = (value: string) => readSettings({ CORS_ORIGINS: value }).CORS_ORIGINS
  expect(set('')).toEqual([])
  expect(set('https://app.bank.example, http://localhost:5173')).toEqual(['https://app.bank.example', 'http://localhost:5173'])
  expect(set('HTTPS://App.bank.example:443/'.toLowerCase())).toEqual(['https://app.bank.example'])
  for (const wrong of ['*', 'app.bank.example', 'https://app.bank.example/path', 'null', 'https://*.bank.example'])
    expect(() => set(wrong)).toThrow('CORS_ORIGINS must be origins')
})
