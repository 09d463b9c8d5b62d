/** OAuth client credentials: a token of a real issuer, kept and fetched by one call at a time; and of issuers that answer badly. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { type OpenIssuer, openIssuer, secret } from '../governance/open-issuer.ts'
import { crm, planOf } from './soap/crm.ts'
import { type CallOptions, compile, failure, newCall, type Recorded } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'

let adapter = createAdapter()
let issuer: OpenIssuer
let target: RawServer
let badIssuer: RawServer
const good = xml(envelope('<r:readResponse xmlns:r="urn:crm"><r:name>done</r:name></r:readResponse>'))

beforeAll(async () => {
  ;[issuer, target, badIssuer] = await Promise.all([openIssuer(), startRawServer(), startRawServer()])
})
afterEach(async () => {
  await adapter.close()
  adapter = createAdapter()
  for (const server of [target, badIssuer]) server.seen.length = 0
  target.answer = good
})
afterAll(() => Promise.all([issuer.close(), target.close(), badIssuer.close()]))

const manifest = (oauth: JsonObject) =>
  crm({ login: undefined as never, headers: undefined as never, auth: 'oauth', oauth }, { response: { element: 'c:readResponse' } })
const real = () => ({ tokenUrl: `${issuer.issuer}/token`, resource: 'urn:target', scope: 'demo:read' })
const bad = () => ({ tokenUrl: badIssuer.url })
const keys = { client_id: 'crm', client_secret: secret }

function callFor(
  oauth: JsonObject,
  { name = 'read', credentials = { ...keys }, ...options }: Partial<CallOptions> & { name?: string } = {}
): Recorded {
  const origins = [target.url, issuer.issuer, badIssuer.url].map(url => new URL(url).origin)
  return newCall({
    plan: planOf(manifest(oauth), name),
    url: target.url,
    input: { id: 'A' },
    egress: origins,
    origins,
    credentials,
    ...options
  })
}
const tokens = () => target.seen.map(({ headers }) => headers.authorization)
const issue = (token: string, more: JsonObject = {}) =>
  xml(JSON.stringify({ access_token: token, token_type: 'bearer', ...more }), 200, { 'content-type': 'application/json' })

test.each(['read', 'write'])('a %s carries a token of the issuer, which is a secret', async name => {
  target.answer = good
  const made = callFor(real(), { name })
  expect(await adapter.run(made.call)).toEqual({ name: 'done' })
  const [header = ''] = tokens()
  expect(header).toMatch(/^Bearer ey/)
  expect(JSON.parse(Buffer.from(header.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
    client_id: 'crm',
    scope: 'demo:read',
    aud: 'urn:target'
  })
  expect(made.holdsSecret(header.slice(7))).toBe(true)
  expect(made.call.redact(header)).not.toContain(header.slice(7))
})

test('one token serves many calls, at once and one after the other; client_secret_post sends the secret in the form', async () => {
  const before = issuer.asked.length
  const credentials = { ...keys }
  const oauth = { ...real(), tokenUrl: badIssuer.url, client: 'post' }
  badIssuer.answer = issue('token-1', { expires_in: 3600 })
  await Promise.all(Array.from({ length: 5 }, () => adapter.run(callFor(oauth, { credentials }).call)))
  await adapter.run(callFor(oauth, { credentials }).call)
  expect(badIssuer.seen).toHaveLength(1)
  expect(badIssuer.seen[0]?.headers.authorization).toBeUndefined()
  expect(new URLSearchParams(badIssuer.seen[0]?.body).get('client_secret')).toBe(secret)
  expect(issuer.asked).toHaveLength(before)
  expect(new Set(tokens())).toEqual(new Set(['Bearer token-1']))
})

test.each([
  ['that is over', { expires_in: 0 }, 2],
  ['whose time is text', { expires_in: '3600' }, 1],
  ['without a time', {}, 1]
])('a token %s', async (_, more, fetched) => {
  const credentials = { ...keys }
  badIssuer.answer = issue('token-1', more)
  for (const __ of [1, 2]) await adapter.run(callFor(bad(), { credentials }).call)
  expect(badIssuer.seen).toHaveLength(fetched)
})

test('a token that the target no longer takes is fetched anew once; a new one is not', async () => {
  const credentials = { ...keys }
  badIssuer.answer = issue('token-1')
  await adapter.run(callFor(bad(), { credentials }).call)
  badIssuer.answer = issue('token-2')
  target.answer = response =>
    target.seen.at(-1)?.headers.authorization === 'Bearer token-2' ? good(response) : void response.writeHead(401).end()
  expect(await adapter.run(callFor(bad(), { credentials }).call)).toEqual({ name: 'done' })
  expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2'])
  target.answer = response => void response.writeHead(401).end()
  expect(await failure(adapter.run(callFor(bad(), { credentials: { ...keys } }).call))).toMatchObject({
    code: 'target_failed',
    retryable: false
  })
  expect(badIssuer.seen).toHaveLength(3)
  expect(target.seen).toHaveLength(4)
})

test('a commit that was answered 401 is not sent again', async () => {
  badIssuer.answer = issue('token-1')
  target.answer = response => void response.writeHead(401).end()
  const made = callFor(bad(), { name: 'write' })
  expect(await failure(adapter.run(made.call))).toMatchObject({ code: 'target_failed', effect: 'unknown' })
  expect([made.commits, target.seen.length]).toEqual([1, 1])
})

test('a secret that the issuer refuses is not tried again for a while', async () => {
  const credentials = { client_id: 'crm', client_secret: 'wrong' }
  const before = issuer.asked.length
  for (const _ of [1, 2])
    expect(await failure(adapter.run(callFor(real(), { credentials }).call))).toMatchObject({
      code: 'target_failed',
      retryable: false,
      message: expect.stringContaining('refused client_id and client_secret (HTTP 401: invalid_client)')
    })
  expect(issuer.asked).toHaveLength(before + 1)
  expect(target.seen).toEqual([])
})

test.each<[string, RawServer['answer'], string, boolean]>([
  ['is down', response => void response.writeHead(503).end(), 'it answered HTTP 503', true],
  [
    'knows no such scope',
    xml('{"error":"invalid_scope","error_description":"<secret>"}', 400),
    'it answered HTTP 400: invalid_scope',
    false
  ],
  ['answers with a page', xml('<html>', 200), 'its answer has no access_token', false],
  ['gives nothing', xml('null', 200), 'its answer has no access_token', false],
  ['gives a token with a line break', issue('a\r\nx: y'), 'its answer has no access_token', false],
  ['gives a token of another type', issue('a', { token_type: 'mac' }), 'none of the type Bearer', false],
  ['hangs up', response => void response.destroy(), 'it can not be reached', true]
])('an issuer that %s is told, and nothing is sent to the target', async (_, answer, message, retryable) => {
  badIssuer.answer = answer
  const error = await failure(adapter.run(callFor(bad(), { name: 'write' }).call))
  expect(error).toMatchObject({ code: 'target_failed', effect: 'none', retryable })
  expect(error.message).toContain(message)
  expect(target.seen).toEqual([])
})

test('the secret goes to no issuer that the credentials may not go to', async () => {
  const home = [new URL(target.url).origin]
  expect(await failure(adapter.run(callFor(bad(), { origins: home }).call))).toMatchObject({ code: 'credential_refused' })
  expect(await failure(adapter.run(callFor(bad(), { egress: home }).call))).toMatchObject({ code: 'target_failed' })
  expect(badIssuer.seen).toEqual([])
})

test.each<[string, JsonObject, string]>([
  ['auth: oauth without oauth', { auth: 'oauth' }, 'needs target.oauth'],
  ['oauth without auth: oauth', { oauth: { tokenUrl: 'https://x.example/t' } }, 'does nothing without auth: oauth']
])('%s is a mistake of the manifest', (_, keys, message) => {
  expect(
    compile(crm(keys), 'read')
      .issues.map(issue => issue.message)
      .join()
  ).toContain(message)
})
