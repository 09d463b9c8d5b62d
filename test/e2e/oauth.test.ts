/** The whole program behind a real issuer: MCP clients find it by themselves, and its tokens open what their scopes and tenant allow. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import {
  ClientCredentialsProvider,
  Client as ModernClient,
  StreamableHTTPClientTransport as ModernTransport
} from '@modelcontextprotocol/client'
import { ClientCredentialsProvider as OlderProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { echoManifest } from '../gateway/open-gateway.ts'
import { type OpenIssuer, openIssuer, secret } from '../governance/open-issuer.ts'
import { freePort } from '../setup/free-port.ts'
import { createClient } from './client.ts'
import type { Program } from './program.ts'
import { filesBelow, hits } from './secret-places.ts'
import { adminKey, openSite, type Site } from './site.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape are looked into
type Any = any

let issuer: OpenIssuer
let site: Site
let program: Program
let resource: string

beforeAll(async () => {
  const port = String(await freePort())
  const address = `http://127.0.0.1:${port}`
  resource = `${address}/mcp`
  issuer = await openIssuer({ audience: address })
  site = openSite({ PORT: port, PUBLIC_URL: address, OIDC_ISSUER: issuer.issuer, OIDC_TENANT_CLAIM: 'tenant' })
  site.addBot('demo', echoManifest)
  program = await site.start('up')
})
afterAll(async () => {
  await site?.close()
  await issuer?.close()
})

const clientOf = async (client: string, scope: string) => createClient(() => program.url, await issuer.grant(client, { resource, scope }))

const connected: Readonly<Record<string, () => Promise<Any>>> = {
  '2025-11-25': async () => {
    const client = new Client({ name: 'test', version: '1.0.0' })
    const authProvider = new OlderProvider({ clientId: 'crm', clientSecret: secret, scope: 'demo:read', expectedIssuer: issuer.issuer })
    await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider }) as Any)
    return client
  },
  '2026-07-28': async () => {
    const client = new ModernClient({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
    const authProvider = new ClientCredentialsProvider({ clientId: 'crm', clientSecret: secret, expectedIssuer: issuer.issuer })
    await client.connect(new ModernTransport(new URL(resource), { authProvider }))
    return client
  }
}

test.each(Object.keys(connected))(
  'an MCP client of %s without a token gets one where the challenge leads it, and calls',
  async revision => {
    const client = await connected[revision]?.()
    const { tools } = await client.listTools()
    expect(tools.map(({ name }: Any) => name)).toContain('demo_echo')
    const result = await client.callTool({ name: 'demo_echo', arguments: { text: 'hello' } })
    expect(result).toMatchObject({ structuredContent: { text: 'hello' } })
    await client.close()
  }
)

test('the metadata names the issuer, and the scopes to ask it for', async () => {
  const metadata = await (await fetch(`${program.url}/.well-known/oauth-protected-resource/mcp`)).json()
  expect(metadata).toEqual({
    resource,
    resource_name: 'Retrofit',
    bearer_methods_supported: ['header'],
    authorization_servers: [issuer.issuer],
    scopes_supported: ['demo:read', 'demo:write', 'payments:write']
  })
})

test('a token opens what its scopes allow, in its own tenant, and a key works beside it', async () => {
  const crm = await clientOf('crm', 'demo:read')
  const answer = await crm.call('demo_echo', { text: 'mine' })
  expect(answer).toMatchObject({ status: 200, body: { text: 'mine' } })
  expect((await crm.request('GET', `/v1/runs/${answer.runId}`)).body).toMatchObject({ startedBy: { subject: 'crm', clientId: 'oidc:crm' } })
  expect(await crm.call('demo_note', { text: 'x' }, { key: 'n' })).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } })
  const voice = await clientOf('voice', 'demo:read runs:read')
  expect((await voice.request('GET', `/v1/runs/${answer.runId}`)).status).toBe(404)
  const admin = createClient(() => program.url, adminKey)
  expect((await admin.call('demo_echo', { text: 'key' })).status).toBe(200)
  expect((await admin.request('GET', `/v1/runs/${answer.runId}`)).status).toBe(404)
})

test('the same idempotency key of two clients is two calls, of one client one, whichever token it holds', async () => {
  const call = async (client: string) => (await clientOf(client, 'demo:write')).call('demo_note', { text: 'same' }, { key: 'same' })
  const [first, again, other] = [await call('crm'), await call('crm'), await call('voice')]
  expect([first.status, again.status, other.status]).toEqual([200, 200, 200])
  expect(again.headers.get('idempotent-replayed')).toBe('true')
  expect([again.runId === first.runId, other.runId === first.runId]).toEqual([true, false])
})

test('a bad token: 401 that says why, by status, header and problem', async () => {
  const expired = createClient(() => program.url, await issuer.sign({ exp: 1, tenant: 'acme' }))
  const refused = await expired.call('demo_echo', { text: 'x' })
  expect(refused).toMatchObject({ status: 401, body: { code: 'unauthenticated', detail: 'The token is not accepted: it has expired' } })
  expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="retrofit", error="invalid_token"')
  const atMcp = await expired.request('POST', '/mcp', { body: '{}' })
  expect(atMcp.headers.get('www-authenticate')).toBe(
    `Bearer realm="retrofit", resource_metadata="${program.url}/.well-known/oauth-protected-resource/mcp", error="invalid_token"`
  )
  const withoutAny = await fetch(`${program.url}/v1/runs`)
  expect([withoutAny.status, withoutAny.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="retrofit"'])
})

test('the start says whose tokens are accepted', () => {
  expect(program.output().toString()).toContain(`  tokens    of ${issuer.issuer}`)
})

test('no token is written anywhere', async () => {
  const token = await issuer.grant('crm', { resource, scope: 'demo:read' })
  const answer = await createClient(() => program.url, token).call('demo_echo', { text: 'quiet' })
  expect(answer.status).toBe(200)
  const [, , signature = ''] = token.split('.')
  const places = [...filesBelow(site.dataDir), { name: 'output', bytes: program.output() }]
  expect(hits(places, [signature])).toEqual([])
  expect(hits(places, [String(answer.runId)])).not.toEqual([])
})
