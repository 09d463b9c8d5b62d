import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type OpenGateway, openGateway } from './open-gateway.ts'
import { rawHttp, statusOf } from './raw-http.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ settings: { maxBodyBytes: 200_000, requestTimeoutMs: 1_000 } })
})
afterAll(() => gateway.close())

const call = (path: string, options?: Parameters<OpenGateway['call']>[1]) => gateway.call(path, options)
const echo = '/v1/actions/demo_echo'
const nested = (depth: number): string => `{"text":"x","list":${'['.repeat(depth)}${']'.repeat(depth)}}`
const bytes = (...parts: (string | number[])[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part)))))

const bodies: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, number, string])[] = [
  ['half a document', '{"text":', 400, 'malformed_json'],
  ['blank', ' ', 400, 'malformed_json'],
  ['NaN', '{"text":NaN}', 400, 'malformed_json'],
  ['a trailing comma', '{"text":"x",}', 400, 'malformed_json'],
  ['two members of one name', '{"text":"x","text":"y"}', 400, 'malformed_json'],
  ['two members of one name, one of them escaped', '{"text":"x","te\\u0078t":"y"}', 400, 'malformed_json'],
  ['two members of one name deep inside', '{"text":"x","list":[{"a":{"b":1,"b":1}}]}', 400, 'malformed_json'],
  ['a byte order mark', bytes([0xef, 0xbb, 0xbf], '{"text":"x"}'), 400, 'malformed_json'],
  ['bytes that are not UTF-8', bytes('{"text":"', [0xc3, 0x28], '"}'), 400, 'malformed_json'],
  ['half of a surrogate pair', '{"text":"\\ud800"}', 400, 'malformed_json'],
  ['half of a surrogate pair in a name', '{"text":"x","\\udc00":1}', 400, 'malformed_json'],
  ['a number that is too large', '{"text":"x","list":[1e999]}', 422, 'invalid_input'],
  ['an array', '[]', 422, 'invalid_input'],
  ['a text', '"text"', 422, 'invalid_input'],
  ['null', 'null', 422, 'invalid_input'],
  ['__proto__', '{"text":"x","__proto__":{"a":1}}', 422, 'invalid_input'],
  ['constructor', '{"text":"x","list":[{"constructor":1}]}', 422, 'invalid_input'],
  ['too deep', nested(64), 422, 'invalid_input'],
  ['much too deep', nested(50_000), 422, 'invalid_input'],
  ['an unknown property', '{"text":"x","more":1}', 422, 'invalid_input'],
  ['another type', '{"text":1}', 422, 'invalid_input'],
  ['a missing property', '{}', 422, 'invalid_input'],
  ['too large', `{"text":"${'x'.repeat(200_000)}"}`, 413, 'body_too_large']
]

describe('a body', () => {
  test.each(bodies)('%s', async (_, raw, status, code) => {
    const answer = await call(echo, { raw })
    expect([answer.status, answer.json.code]).toEqual([status, code])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.json).toMatchObject({ type: `urn:retrofit:problem:${code}`, status, effect: 'none' })
    expect(answer.text).not.toMatch(/at .*\.ts|node:internal/)
  })

  test('colons, quotes and backslashes inside strings are no members', async () => {
    const body = { text: 'a: "b": \\\\" {"c":1} \\' }
    expect((await call(echo, { body })).json).toEqual(body)
  })

  test('names the field', async () => {
    const answer = await call('/v1/actions/demo_pay', { body: { to: { name: 1 }, amount: 1 }, headers: { 'idempotency-key': 'k' } })
    expect(answer.json.errors).toEqual([{ pointer: '/to/name', message: 'must be string: write it in quotes' }])
  })

  test('chunked and too large', async () => {
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 5; i++) controller.enqueue(Buffer.alloc(60_000, 0x20))
        controller.close()
      }
    })
    const headers = { authorization: `Bearer ${gateway.adminKey}`, 'content-type': 'application/json' }
    const init: RequestInit & { duplex: 'half' } = { method: 'POST', body: stream, headers, duplex: 'half' }
    const response = await fetch(`${gateway.url}${echo}`, init)
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([413, 'body_too_large'])
  })

  test.each([
    ['text', { 'content-type': 'text/plain' }],
    ['another charset', { 'content-type': 'application/json; charset=latin1' }],
    ['none', { 'content-type': '' }]
  ])('of another media type: %s', async (_, headers) => {
    const answer = await call(echo, { raw: '{"text":"x"}', headers })
    expect([answer.status, answer.json.code]).toEqual([415, 'unsupported_media_type'])
  })

  test('charset utf-8 is fine', async () => {
    const answer = await call(echo, { body: { text: 'ü' }, headers: { 'content-type': 'Application/JSON; charset="UTF-8"' } })
    expect([answer.status, answer.json]).toEqual([200, { text: 'ü' }])
  })

  test('compressed', async () => {
    const raw = new Uint8Array(gzipSync('{"text":"x"}'))
    const answer = await call(echo, { raw, headers: { 'content-encoding': 'gzip' } })
    expect([answer.status, answer.json.code]).toEqual([415, 'unsupported_media_type'])
  })

  test('a refused call does not use its key up', async () => {
    const headers = { 'idempotency-key': 'kept' }
    expect((await call(echo, { raw: '{"text":1}', headers })).status).toBe(422)
    expect((await call(echo, { body: { text: 'x' }, headers })).status).toBe(200)
  })
})

describe('an address', () => {
  test.each([
    ['unknown', '/v2/runs', 404, 'not_found'],
    ['with a slash at the end', '/v1/runs/', 404, 'not_found'],
    ['an unknown action', '/v1/actions/demo_ecko', 405, 'method_not_allowed'],
    ['a broken escape', '/v1/runs/%zz', 400, 'invalid_request'],
    ['a broken escape somewhere', '/nowhere/%zz', 400, 'invalid_request'],
    ['a broken escape of the page', '/docs/%zz', 400, 'invalid_request'],
    ['too long', `/v1/runs?bot=${'a'.repeat(8_200)}`, 414, 'uri_too_long'],
    ['an unknown parameter', '/v1/runs?nonsense=1', 400, 'invalid_request'],
    ['a parameter of another type', '/v1/runs?limit=many', 400, 'invalid_request'],
    ['a parameter out of range', '/v1/runs?limit=101', 400, 'invalid_request'],
    ['a parameter twice', '/v1/runs?limit=1&limit=2', 400, 'invalid_request'],
    ['an unknown run', '/v1/runs/run_000000000000000000000', 404, 'run_not_found'],
    ['no run id', '/v1/runs/..%2f..%2fetc', 404, 'run_not_found'],
    ['an unknown bot', '/v1/bots/nobody', 404, 'bot_not_found'],
    ['a file that is not of the page', '/docs/package.json', 404, 'not_found']
  ])('%s', async (_, path, status, code) => {
    const answer = await call(path)
    expect([answer.status, answer.json.code]).toEqual([status, code])
  })

  test('an unknown action', async () => {
    const answer = await call('/v1/actions/demo_ecko', { body: {} })
    expect([answer.status, answer.json.code]).toEqual([404, 'action_not_found'])
  })

  test('another method names those that are possible', async () => {
    const answer = await call('/v1/bots/demo', { method: 'PATCH' })
    expect([answer.status, answer.json.code]).toEqual([405, 'method_not_allowed'])
    expect(answer.headers.get('allow')).toBe('GET, PUT, DELETE, HEAD, OPTIONS')
  })

  test('OPTIONS says the same and nothing about other origins', async () => {
    const answer = await call('/v1/runs', { method: 'OPTIONS', headers: { origin: 'http://localhost:3000' } })
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS'])
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    const elsewhere = await call('/v1/runs', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })
    expect([elsewhere.status, elsewhere.headers.get('access-control-allow-origin')]).toEqual([403, null])
  })

  test('HEAD is GET without a body', async () => {
    const answer = await call('/v1/runs', { method: 'HEAD' })
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(0)
  })

  test.each([
    ['text/html', 406],
    ['application/json;q=0, text/html', 406],
    ['text/html, application/*;q=0.1', 200],
    ['*/*', 200]
  ])('Accept: %s → %d', async (accept, status) => {
    const answer = await call('/v1/runs', { headers: { accept } })
    expect(answer.status).toBe(status)
  })
})

describe('a call', () => {
  test.each([
    ['X-Request-Timeout that is no number', { 'x-request-timeout': 'soon' }, ''],
    ['X-Request-Timeout of nothing', { 'x-request-timeout': '0' }, ''],
    ['wait below zero', {}, '?wait=-1'],
    ['dryRun that is neither', {}, '?dryRun=perhaps']
  ])('with %s', async (_, headers, query) => {
    const answer = await call(`${echo}${query}`, { body: { text: 'x' }, headers: headers as Record<string, string> })
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid_request'])
  })
})

describe('bytes that are no request', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n', 400],
    [
      'a length and chunks',
      `POST ${echo} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400
    ],
    ['two lengths', `POST ${echo} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello`, 400],
    ['headers that are too large', `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['an expectation', `POST ${echo} HTTP/1.1\r\nHost: localhost\r\nExpect: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, 417],
    ['two expectations', 'GET /docs HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue, x\r\nConnection: close\r\n\r\n', 417],
    ['an expectation of nobody known, at no path', 'GET /no HTTP/1.1\r\nHost: localhost\r\nExpect: "\r\nConnection: close\r\n\r\n', 417],
    ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a tunnel', 'CONNECT bank.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', 405],
    ['headers that never end', 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ', 408]
  ])('%s', async (_, text, status) => {
    const answer = await rawHttp(gateway.url, text)
    expect(statusOf(answer)).toBe(status)
    expect(answer).toContain('application/problem+json')
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)).status).toBe(status)
  })

  test('the one expectation that HTTP knows is met', async () => {
    const head = `POST ${echo} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${gateway.adminKey}\r\nContent-Type: application/json\r\n`
    const answer = await rawHttp(gateway.url, `${head}Expect: 100-Continue\r\nContent-Length: 12\r\nConnection: close\r\n\r\n{"text":"x"}`)
    expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/)
  })

  test('an address in absolute form is understood', async () => {
    const answer = await rawHttp(
      gateway.url,
      'GET http://elsewhere.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    )
    expect(statusOf(answer)).toBe(200)
  })
})
