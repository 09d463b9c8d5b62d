/** Access tokens of a real issuer, and what a forger would try (RFC 8725). */
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { exportSPKI, generateKeyPair, importJWK, type JWTPayload } from 'jose'
import { isOperatorScope } from '../../src/governance/scopes.ts'
import { createTokens, type Tokens } from '../../src/governance/tokens.ts'
import { freePort } from '../setup/free-port.ts'
import { makeKey, type OpenIssuer, openIssuer } from './open-issuer.ts'

const audience = 'urn:retrofit:test'
const times = { coolDownMs: 200, maxAgeMs: 400, timeoutMs: 2_000 }
let issuer: OpenIssuer
let tokens: Tokens
beforeAll(async () => {
  issuer = await openIssuer()
  tokens = createTokens({ issuer: issuer.issuer, audiences: [audience, 'urn:retrofit:other'], tenantClaim: undefined, times })
})
afterAll(() => issuer.close())

const bearer = (token: string) => `Bearer ${token}`
const refusal = async (token: string, by = tokens) => (await by.authenticate(bearer(token)).catch((error: unknown) => error)) as Error
const seconds = (from: number) => Math.floor(Date.now() / 1_000) + from
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token that the issuer granted', () => {
  test('names tenant, client and scopes', async () => {
    const byTenant = createTokens({ issuer: issuer.issuer, audiences: [audience], tenantClaim: 'tenant' })
    const token = await issuer.grant('crm', { resource: audience, scope: 'demo:read accounts:read' })
    expect(await byTenant.authenticate(bearer(token))).toEqual({
      tenant: 'acme',
      subject: 'crm',
      clientId: 'oidc:crm',
      scopes: ['demo:read', 'accounts:read'],
      expiresAt: expect.any(Number)
    })
    const other = await issuer.grant('voice', { resource: audience })
    expect(await byTenant.authenticate(bearer(other))).toMatchObject({ tenant: 'globex', clientId: 'oidc:voice', scopes: [] })
  })

  test('for another service is refused', async () => {
    const token = await issuer.grant('crm', { resource: 'urn:somebody:else' })
    expect(await refusal(token)).toMatchObject({
      code: 'unauthenticated',
      message: `The token is not accepted: it is not meant for ${audience} or urn:retrofit:other (aud)`,
      hint: expect.stringContaining('new access token')
    })
  })
})

const operators = [
  'runs',
  'runs:*',
  'runs:read',
  'runs:write',
  'runs:resolve',
  'bots:*',
  'bots:write',
  'keys:*',
  'metrics:read',
  'audit:x:*'
]

test("every scope that the contract asks for is the operator's", () => {
  const asked = [...readFileSync('openapi/retrofit.yaml', 'utf8').matchAll(/apiKey: \["([^"]+)"\]/g)].map(([, scope = '']) => scope)
  expect(asked).toContain('bots:write')
  expect(asked.filter(scope => !isOperatorScope(scope))).toEqual([])
})

describe('claims', () => {
  test.each([
    ['scope in a list, as Okta writes it', { scope: undefined, scp: ['demo:read', 'openid'] }, ['demo:read', 'openid']],
    [
      'scope in words under another name, as Entra ID writes it',
      { scope: undefined, scp: 'demo:read demo:write' },
      ['demo:read', 'demo:write']
    ],
    ['what is no scope is left out', { scope: 'demo:read Https://x/.default DEMO' }, ['demo:read']],
    ["everything, and the operator's", { scope: `demo:read * ${operators.join(' ')}` }, ['demo:read']],
    ["the operator's in a list", { scp: ['*', ...operators, 'running:*'] }, ['demo:read', 'running:*']],
    ['neither', { scope: undefined }, []],
    ['of the wrong type', { scope: { demo: true }, scp: [1, null, 'demo:read'] }, ['demo:read']]
  ])('scopes: %s', async (_what, claims, scopes) => {
    expect(await tokens.authenticate(bearer(await issuer.sign(claims as JWTPayload)))).toMatchObject({ tenant: 'default', scopes })
  })

  test.each([
    [{ client_id: undefined, azp: 'portal' }, 'oidc:portal'],
    [{ client_id: undefined, cid: 'portal' }, 'oidc:portal'],
    [{ client_id: undefined }, 'oidc:ann'],
    [{ client_id: 'admin' }, 'oidc:admin']
  ])('the client of %j is %s, never one of the keys', async (claims, clientId) => {
    expect(await tokens.authenticate(bearer(await issuer.sign(claims)))).toMatchObject({ clientId, subject: 'ann' })
  })

  test.each([
    ['the audience', { aud: 'urn:somebody:else' }, /not meant for/],
    ['no audience', { aud: undefined }, /not meant for/],
    ['the issuer', { iss: 'https://elsewhere.example' }, /it is not of http/],
    ['expired', { exp: seconds(-60) }, /it has expired/],
    ['never to expire', { exp: undefined }, /its claim exp is missing/],
    ['not yet valid', { nbf: seconds(600) }, /its claim nbf/],
    ['no client', { client_id: undefined, sub: undefined }, /names no client/],
    ['a client of 300 letters', { client_id: 'c'.repeat(300), sub: 's'.repeat(300) }, /names no client/],
    ['bound to a key', { cnf: { jkt: 'x' } }, /bound to a key/]
  ])('refused: %s', async (_what, claims, message) => {
    expect(await refusal(await issuer.sign(claims as JWTPayload))).toMatchObject({
      code: 'unauthenticated',
      status: 401,
      message: expect.stringMatching(message)
    })
  })

  test.each([
    ['missing', {}],
    ['a number', { tenant: 7 }],
    ['with a space', { tenant: 'a b' }],
    ['a list', { tenant: ['default'] }]
  ])('a tenant that is %s is refused, not taken for the default one', async (_what, claims) => {
    const byTenant = createTokens({ issuer: issuer.issuer, audiences: [audience], tenantClaim: 'tenant', times })
    expect(await refusal(await issuer.sign(claims), byTenant)).toMatchObject({
      message: expect.stringContaining('its claim tenant names no tenant')
    })
  })

  test.each(['default', 'Default', 'DEFAULT'])("a token can not name %s, the operator's tenant", async tenant => {
    const byTenant = createTokens({ issuer: issuer.issuer, audiences: [audience], tenantClaim: 'tenant', times })
    expect(await refusal(await issuer.sign({ tenant }), byTenant)).toMatchObject({
      code: 'unauthenticated',
      message: `The token is not accepted: its claim tenant names ${tenant}, which is the operator's own tenant`
    })
  })

  test.each(['constructor', '__proto__', 'toString'])('a claim called %s names a tenant only where the token has it', async tenantClaim => {
    const odd = createTokens({ issuer: issuer.issuer, audiences: [audience], tenantClaim, times })
    expect(await refusal(await issuer.sign({}), odd)).toMatchObject({ message: expect.stringContaining('names no tenant') })
  })

  test('five seconds of clock difference are allowed', async () => {
    expect(await tokens.authenticate(bearer(await issuer.sign({ exp: seconds(-2), nbf: seconds(3) })))).toMatchObject({ subject: 'ann' })
  })
})

describe('forged', () => {
  const claims = () => ({ iss: issuer.issuer, aud: audience, sub: 'ann', client_id: 'crm', scope: '*', exp: seconds(60) })

  test.each(['none', 'None', 'nOnE', ''])('algorithm %j', async alg => {
    const unsigned = `${part({ alg, typ: 'at+jwt' })}.${part(claims())}.`
    expect(await refusal(unsigned)).toMatchObject({ code: 'unauthenticated' })
  })

  test('with the public key as the secret of HS256', async () => {
    const { jwk } = issuer.key
    const publicKey = (await importJWK({ kty: 'RSA', n: jwk.n ?? '', e: jwk.e ?? '' }, 'RS256', { extractable: true })) as CryptoKey
    const signed = `${part({ alg: 'HS256', kid: 'first', typ: 'at+jwt' })}.${part(claims())}`
    const token = `${signed}.${createHmac('sha256', await exportSPKI(publicKey))
      .update(signed)
      .digest('base64url')}`
    expect(await refusal(token)).toMatchObject({ message: 'The token is not accepted: its algorithm is not allowed' })
  })

  test('by another key under the same name, or with one byte changed', async () => {
    const { privateKey } = await generateKeyPair('RS256')
    expect(await refusal(await issuer.sign({}, {}, privateKey))).toMatchObject({
      message: 'The token is not accepted: its signature is wrong'
    })
    const [header, , signature] = (await issuer.sign()).split('.')
    expect(await refusal(`${header}.${part(claims())}.${signature}`)).toMatchObject({ message: expect.stringContaining('signature') })
  })

  test('a key that the token brings along, or says where to find, is not looked at', async () => {
    const asked: unknown[] = []
    const thief = createServer((request, response) => response.end(asked.push(request.url)))
    await new Promise<void>(resolve => thief.listen(0, '127.0.0.1', resolve))
    const at = `http://127.0.0.1:${(thief.address() as { port: number }).port}/keys`
    const own = await makeKey('thief')
    const { n = '', e = '' } = own.jwk
    for (const header of [{ jku: at }, { x5u: at }, { jwk: { kty: 'RSA', n, e } }])
      expect(await refusal(await issuer.sign({}, header as never, own.privateKey))).toMatchObject({ code: 'unauthenticated' })
    thief.close()
    expect(asked).toEqual([])
  })

  test.each(['../../etc/passwd', "' OR 1=1 --", '\u0000', 'k'.repeat(1_000)])('a key named %j', async kid => {
    expect(await refusal(await issuer.sign({}, { kid }))).toMatchObject({ message: expect.stringContaining('does not publish the key') })
  })

  test('an extension that must be understood, another kind of token, an encrypted one', async () => {
    expect(await refusal(await issuer.sign({}, { typ: 'logout+jwt' }))).toMatchObject({
      message: expect.stringContaining('no access token')
    })
    const critical = `${part({ alg: 'RS256', kid: 'first', crit: ['exp'], exp: 1 })}.${part(claims())}.AAAA`
    expect(await refusal(critical)).toMatchObject({ code: 'unauthenticated' })
    expect(await tokens.authenticate(bearer('a.b.c.d.e'))).toBeUndefined()
  })

  test.each([
    ['no JSON in it', `${part({ alg: 'RS256' })}.${Buffer.from('{').toString('base64url')}.AAAA`],
    ['a header that is no JSON', `AAAA.${part({})}.AAAA`],
    ['deep', `${part({ alg: 'RS256', kid: 'first' })}.${Buffer.from('['.repeat(5_000)).toString('base64url')}.AAAA`]
  ])('%s', async (_what, token) => {
    expect(await refusal(token)).toMatchObject({ code: 'unauthenticated' })
  })

  test.each([undefined, '', 'Bearer ', 'Basic YTpi', `Bearer ${'a'.repeat(20_000)}.b.c`, 'Bearer rf_key'])(
    '%s is no token: others may know it',
    async authorization => {
      expect(await tokens.authenticate(authorization)).toBeUndefined()
    }
  )
})

describe('the issuer', () => {
  test('is asked once for all tokens, and a flood of unknown keys asks it seldom', async () => {
    const counted = await openIssuer()
    const own = createTokens({ issuer: counted.issuer, audiences: [audience], times: { coolDownMs: 60_000 } })
    const good = await counted.sign()
    await Promise.all(Array.from({ length: 20 }, () => own.authenticate(bearer(good))))
    for (let index = 0; index < 50; index++) await refusal(await counted.sign({}, { kid: `k${index}` }), own)
    expect(counted.asked).toEqual(['/.well-known/openid-configuration', '/jwks'])
    await counted.close()
  })

  test('that changes its key: the new one works after one question, the old one no longer', async () => {
    const before = await openIssuer()
    const own = createTokens({ issuer: before.issuer, audiences: [audience], times })
    const old = await before.sign()
    expect(await own.authenticate(bearer(old))).toMatchObject({ subject: 'ann' })
    await before.close()
    const after = await openIssuer({ port: Number(new URL(before.issuer).port), key: await makeKey('second') })
    await sleep(times.coolDownMs)
    expect(await own.authenticate(bearer(await after.sign()))).toMatchObject({ subject: 'ann' })
    expect(after.asked).toEqual(['/jwks'])
    expect(await refusal(old, own)).toMatchObject({ message: expect.stringContaining('does not publish the key') })
    await after.close()
  })

  test('that is away is not the fault of the token: 503, and well again when it comes back', async () => {
    const port = await freePort()
    const key = await makeKey('first')
    const own = createTokens({ issuer: `http://127.0.0.1:${port}`, audiences: [audience], times })
    const away = await openIssuer({ key })
    const token = await away.sign({ iss: `http://127.0.0.1:${port}` })
    await away.close()
    expect(await refusal(token, own)).toMatchObject({ code: 'not_ready', status: 503, retryable: true })
    const back = await openIssuer({ port, key })
    await sleep(times.coolDownMs + 50)
    expect(await own.authenticate(bearer(token))).toMatchObject({ subject: 'ann' })
    await back.close()
    await sleep(times.maxAgeMs)
    expect(await refusal(token, own)).toMatchObject({ code: 'not_ready' })
  })

  test.each([
    ['is another one', { issuer: 'https://elsewhere.example', jwks_uri: 'https://elsewhere.example/keys' }],
    ['keeps its keys where anybody can change them', { jwks_uri: 'http://elsewhere.example/keys' }],
    ['has none', {}],
    ['says nothing', null]
  ])('whose document %s is not used', async (_what, document) => {
    const server = createServer((_request, response) =>
      response.end(JSON.stringify(document && { issuer: `http://127.0.0.1:${port}`, ...document }))
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const port = (server.address() as { port: number }).port
    const own = createTokens({ issuer: `http://127.0.0.1:${port}`, audiences: [audience] })
    expect(await refusal(await issuer.sign({ iss: `http://127.0.0.1:${port}` }), own)).toMatchObject({ code: 'not_ready' })
    server.close()
  })

  test('with a path, known only by the newer document (RFC 8414)', async () => {
    const server = createServer((request, response) => {
      const found = request.url === '/.well-known/oauth-authorization-server/bank'
      response.statusCode = found ? 200 : 404
      response.end(JSON.stringify({ issuer: `${at}/bank`, jwks_uri: `${issuer.issuer}/jwks` }))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const at = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    const own = createTokens({ issuer: `${at}/bank`, audiences: [audience] })
    expect(await own.authenticate(bearer(await issuer.sign({ iss: `${at}/bank` })))).toMatchObject({ subject: 'ann' })
    server.closeAllConnections()
    server.close()
  })
})
