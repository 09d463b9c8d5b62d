/** Bytes on the wire: documents, lists and large outputs are compressed as the client asks; streams, files and secrets are not. */
import { type IncomingHttpHeaders, request } from 'node:http'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { codingOf, representation } from '../../src/gateway/representation.ts'
import { echoManifest, type OpenGateway, openGateway } from './open-gateway.ts'

const privateBot = `
bot: vault
version: 1.0.0
title: Vault
description: Knows what others must not.
adapter: echo
target: { url: 'http://127.0.0.1:9' }
actions:
  look:
    title: Look into it
    description: Answers the note and the code.
    effect: read
    scopes: [vault:read]
    input: &note { type: object, properties: { note: { type: string }, code: { type: string, x-sensitive: secret } } }
    output: *note
`

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ manifests: [echoManifest, privateBot] })
})
afterAll(() => gateway.close())

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly text: string
}

interface Asked {
  readonly method?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const decoders: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { br: brotliDecompressSync, gzip: gunzipSync, deflate: inflateSync }

/** As it comes over the wire: fetch would decode it, and say what it accepts by itself. */
function get(path: string, accept: string | undefined, { method = 'GET', body, headers }: Asked = {}): Promise<Got> {
  const content = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const asking = request(
      `${gateway.url}${path}`,
      {
        method: content === undefined ? method : 'POST',
        headers: {
          authorization: `Bearer ${gateway.adminKey}`,
          ...(content !== undefined && { 'content-type': 'application/json' }),
          ...(accept !== undefined && { 'accept-encoding': accept }),
          ...headers
        }
      },
      answer => {
        const chunks: Buffer[] = []
        answer
          .on('data', chunk => chunks.push(chunk))
          .on('end', () => {
            const bytes = Buffer.concat(chunks)
            const decode = bytes.length === 0 ? undefined : decoders[answer.headers['content-encoding'] ?? '']
            resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes, text: (decode?.(bytes) ?? bytes).toString() })
          })
      }
    )
    asking.once('error', reject).end(content)
  })
}

const documents = [
  '/openapi.json',
  '/openapi.yaml',
  '/tools?format=openai',
  '/tools?format=mcp',
  '/docs/swagger-ui-bundle.js',
  '/docs/docs.css'
]

describe('a document', () => {
  test.each(documents)('%s is a fraction in br and gzip, and the same text', async path => {
    const [plain, br, gzip, both] = await Promise.all([undefined, 'br', 'gzip', 'gzip, deflate, br'].map(accept => get(path, accept)))
    expect([plain, br, gzip, both].map(got => got?.headers['content-encoding'])).toEqual([undefined, 'br', 'gzip', 'br'])
    expect([br, gzip, both].map(got => got?.text === plain?.text)).toEqual([true, true, true])
    expect(br?.bytes.length).toBeLessThan((plain?.bytes.length ?? 0) / 2)
    for (const got of [plain, br, gzip]) {
      expect(got?.headers.vary).toContain('Accept-Encoding')
      expect(Number(got?.headers['content-length'])).toBe(got?.bytes.length)
    }
  })

  test.each(documents)('%s has a validator for each coding, and is not sent again to who has it in any of them', async path => {
    const all = await Promise.all(['identity', 'br', 'gzip'].map(accept => get(path, accept)))
    const etags = all.map(({ headers }) => headers.etag ?? '')
    expect(new Set(etags).size).toBe(3)
    for (const etag of etags)
      for (const accept of ['br', 'gzip', 'identity', 'deflate'])
        for (const held of [etag, `W/${etag}`, `"other", ${etag}`]) {
          const { status, headers, bytes } = await get(path, accept, { headers: { 'if-none-match': held } })
          expect([status, headers.etag, headers['content-encoding'], bytes.length]).toEqual([304, etag, undefined, 0])
          expect(headers.vary).toContain('Accept-Encoding')
        }
    expect((await get(path, 'br', { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
    expect((await get(path, 'br', { headers: { 'if-none-match': '*' } })).status).toBe(304)
  })

  test('HEAD says what GET would send', async () => {
    const [head, got] = await Promise.all([get('/openapi.json', 'br', { method: 'HEAD' }), get('/openapi.json', 'br')])
    const said = ({ headers }: Got) => [headers['content-encoding'], headers['content-length'], headers.etag]
    expect([head.bytes.length, said(head)]).toEqual([0, said(got)])
  })

  test('is compressed once for each coding, however many ask', async () => {
    const shown = representation(Buffer.from('x'.repeat(10_000)))
    const made = await Promise.all([shown.bytesOf('br'), shown.bytesOf('br')])
    expect(made[0]).toBe(made[1])
    expect(await shown.bytesOf('br')).toBe(made[0])
    expect(await shown.bytesOf('gzip')).not.toBe(made[0])
  })

  test('changes its validators with its text', async () => {
    const before = await get('/openapi.json', 'br')
    await gateway.call('/v1/bots/late', {
      method: 'PUT',
      raw: 'bot: late\nversion: 1.0.0\ntitle: Late\nadapter: echo\ntarget: { url: "http://127.0.0.1:9" }\nactions:\n  ask: { title: Ask, description: Asks., effect: read, scopes: [late:read], input: { type: object }, output: { type: object } }\n',
      headers: { 'content-type': 'application/yaml' }
    })
    const after = await get('/openapi.json', 'br', { headers: { 'if-none-match': before.headers.etag ?? '' } })
    expect([after.status, after.text.includes('late_ask')]).toEqual([200, true])
  })
})

test.each([
  [undefined, 'identity'],
  ['', 'identity'],
  ['gzip', 'gzip'],
  ['gzip, deflate, br, zstd', 'br'],
  ['GZIP', 'gzip'],
  ['br;q=0.5, gzip', 'gzip'],
  ['br;q=0, *', 'gzip'],
  ['*', 'br'],
  ['gzip;q=0', 'identity'],
  ['gzip;q=0.5, identity', 'identity'],
  ['*;q=0', 'identity'],
  ['identity;q=0', 'identity'],
  ['deflate', 'identity'],
  ['x-gzip, \u0000, ;;q=', 'identity']
])('Accept-Encoding: %j takes a document as %s', (accept, coding) => {
  expect(codingOf(accept)).toBe(coding)
})

const large = { text: 'the same again '.repeat(2_000) }
const call = (path: string, body: object, headers = {}): Promise<Got> => get(path, 'gzip, br', { body, headers })

describe('an answer', () => {
  test('a large output is compressed, a small one and one for who takes none are not', async () => {
    const got = await call('/v1/actions/demo_echo', large)
    expect([got.status, got.headers['content-encoding'], got.headers['content-length']]).toEqual([200, 'br', undefined])
    expect(JSON.parse(got.text)).toEqual(large)
    expect(got.bytes.length).toBeLessThan(1_000)
    expect(got.headers.vary).toMatch(/Accept\b.*Accept-Encoding/)
    expect((await call('/v1/actions/demo_echo', { text: 'x' })).headers['content-encoding']).toBeUndefined()
    expect((await get('/v1/actions/demo_echo', undefined, { body: large })).headers['content-encoding']).toBeUndefined()
    const text = await call('/v1/actions/demo_echo?view=text', large)
    expect([text.headers['content-encoding'], text.text.includes('the same again')]).toEqual(['br', true])
  })

  test('lists are: of runs, of bots, of the tools of MCP; and the metrics', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => call('/v1/actions/demo_echo', { text: String(i) })))
    const mcp = {
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} },
      headers: { accept: 'application/json, text/event-stream' }
    }
    const all = await Promise.all([get('/v1/runs', 'gzip'), get('/v1/bots', 'gzip'), get('/metrics', 'gzip'), get('/mcp', 'gzip', mcp)])
    const ofMcp = all[3]
    if (ofMcp?.headers['content-type']?.startsWith('text/event-stream')) all.pop()
    expect(all.map(({ status, headers }) => [status, headers['content-encoding']])).toEqual(all.map(() => [200, 'gzip']))
    expect(ofMcp?.text).toContain('demo_echo')
  })

  test('one that an action marks as secret comes as it is, also later and over MCP: its length would tell of the secret', async () => {
    const note = { note: 'chosen by somebody else '.repeat(500), code: '4711' }
    const called = await call('/v1/actions/vault_look', note)
    const runId = called.headers['run-id'] as string
    const mcp = (name: string, args: object) =>
      get('/mcp', 'gzip', {
        body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } },
        headers: { accept: 'application/json, text/event-stream' }
      })
    const all = await Promise.all([
      get(`/v1/runs/${runId}`, 'gzip'),
      get(`/v1/runs/${runId}?view=text`, 'gzip'),
      mcp('vault_look', note),
      mcp('get_run', { run_id: runId })
    ])
    expect([called, ...all].map(({ status, headers }) => [status, headers['content-encoding']])).toEqual(Array(5).fill([200, undefined]))
    const plain = await call('/v1/actions/demo_echo', large)
    expect((await get(`/v1/runs/${plain.headers['run-id']}`, 'gzip')).headers['content-encoding']).toBe('gzip')
  })

  test('events never are, and come one by one', async () => {
    const { headers } = await call('/v1/actions/demo_echo', large)
    const events = await get(`/v1/runs/${headers['run-id']}/events`, 'gzip, br', { headers: { accept: 'text/event-stream' } })
    expect([events.headers['content-type'], events.headers['content-encoding']]).toEqual(['text/event-stream', undefined])
    expect(events.text).toContain('event: end')
  })
})
