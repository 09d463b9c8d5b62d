import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type OpenGateway, openGateway } from './open-gateway.ts'

const run = promisify(execFile)
let gateway: OpenGateway
let folder: string
beforeAll(async () => {
  gateway = await openGateway({ settings: { publicUrl: 'https://retrofit.bank.test' } })
  folder = await mkdtemp(join(tmpdir(), 'retrofit-openapi-'))
  await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
})
afterAll(async () => {
  await gateway.close()
  await rm(folder, { recursive: true })
})

const fetched = async (scopes: readonly string[]): Promise<string> =>
  (await gateway.call('/openapi.json', { authorization: await gateway.bearer(scopes) })).text

const lint = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text)
  const args = ['redocly', 'lint', '--config', 'openapi/redocly.yaml', '--format', 'summary', join(folder, name)]
  const { stdout, stderr } = await run('scripts/with-node', args, { env: { ...process.env, REDOCLY_TELEMETRY: 'off' } })
  return stdout + stderr
}

describe('the published document', () => {
  test('is valid for whoever reads it', async () => {
    for (const [name, scopes] of Object.entries({ all: ['*'], some: ['demo:read'], none: ['other:*'] })) {
      const said = await lint(`${name}.json`, await fetched(scopes))
      expect(said).toContain('Your API description is valid')
      expect(said).not.toMatch(/warning/i)
    }
  })

  test('is valid in OpenAPI 3.0, and within the limits of GPT Actions', async () => {
    for (const query of ['version=3.0', 'format=gpt', 'format=gpt&version=3.0']) {
      const { text, json } = await gateway.call(`/openapi.json?${query}`)
      expect(json.openapi).toBe(query.includes('3.0') ? '3.0.3' : '3.1.0')
      expect(await lint(`${query.replaceAll(/\W/g, '-')}.json`, text)).toContain('Your API description is valid')
    }
    const gpt = (await gateway.call('/openapi.json?format=gpt')).json
    expect(Object.keys(gpt.paths)).toHaveLength(8)
    expect(JSON.stringify(gpt)).not.toContain('"in":"header"')
    expect((await gateway.call('/openapi.json?version=2.0')).json).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/query/version' }]
    })
  })

  test('is the same as YAML', async () => {
    const json = (await gateway.call('/openapi.json')).json
    const yaml = await gateway.call('/openapi.yaml')
    expect(yaml.headers.get('content-type')).toBe('application/yaml')
    expect(parse(yaml.text)).toEqual(json)
  })

  test('shows the actions that the key may use, and no operation that it may not', async () => {
    const all = JSON.parse(await fetched(['*']))
    const some = JSON.parse(await fetched(['demo:read']))
    expect(Object.keys(all.paths).filter(path => /^\/v1\/actions\/\w+$/.test(path))).toHaveLength(7)
    expect(Object.keys(some.paths).filter(path => /^\/v1\/actions\/\w+$/.test(path))).toEqual([
      '/v1/actions/demo_echo',
      '/v1/actions/demo_slow',
      '/v1/actions/demo_odd'
    ])
    expect(some.paths).not.toHaveProperty('/v1/bots')
    expect(some.components.schemas).not.toHaveProperty('Bot')
    expect(all.paths).not.toHaveProperty('/v1/actions/{action}')
    expect(all.servers).toEqual([{ url: 'https://retrofit.bank.test' }])
  })

  test('is answered 304 to who has it, until something changes', async () => {
    const first = await gateway.call('/openapi.json')
    const etag = first.headers.get('etag') as string
    const again = await gateway.call('/openapi.json', { headers: { 'if-none-match': `"x", W/${etag}` } })
    expect([again.status, again.text]).toEqual([304, ''])
    const source = `bot: late\nversion: 1.0.0\ntitle: Late\nadapter: echo\ntarget: { url: "http://127.0.0.1:9" }\nactions:\n  ask: { title: Ask, description: Asks., effect: read, scopes: [late:read], input: { type: object }, output: { type: object } }\n`
    await gateway.call('/v1/bots/late', { method: 'PUT', raw: source, headers: { 'content-type': 'application/yaml' } })
    const changed = await gateway.call('/openapi.json', { headers: { 'if-none-match': etag } })
    expect([changed.status, changed.json.paths['/v1/actions/late_ask'] !== undefined]).toEqual([200, true])
    await gateway.call('/v1/bots/late', { method: 'DELETE' })
  })

  test('its examples work as they stand', async () => {
    const { paths } = (await gateway.call('/openapi.json')).json
    for (const path of ['/v1/actions/demo_echo', '/v1/actions/demo_pay']) {
      const body = paths[path].post.requestBody.content['application/json'].example
      expect(
        (await gateway.call(path, { body, headers: { 'idempotency-key': `example ${path}`.replaceAll(/[^a-z]/g, '-') } })).status
      ).toBe(200)
    }
  })
})

describe('a client generated from it', () => {
  test('type-checks and calls an action', async () => {
    await writeFile(join(folder, 'openapi.json'), await fetched(['*']))
    await run('scripts/with-node', ['openapi-typescript', join(folder, 'openapi.json'), '-o', join(folder, 'api.d.ts')])
    await writeFile(join(folder, 'client.ts'), clientSource)
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--skipLibCheck',
      '--allowImportingTsExtensions',
      '--ignoreConfig',
      '--types',
      'node'
    ]
    const check = (file: string) => run('scripts/with-node', ['tsc', ...flags, join(folder, file)])
    await check('client.ts')
    const { stdout } = await run('scripts/with-node', ['node', join(folder, 'client.ts'), gateway.url, gateway.adminKey])
    expect(JSON.parse(stdout)).toEqual({ text: 'hello', paid: 'Ada', code: 'idempotency_key_required', status: 'completed' })
    await writeFile(join(folder, 'wrong.ts'), clientSource.replace("text: 'hello'", 'text: 1'))
    await expect(check('wrong.ts')).rejects.toMatchObject({
      stdout: expect.stringContaining("'number' is not assignable to type 'string'")
    })
  })
})

const clientSource = `
import createClient from 'openapi-fetch'
import type { paths } from './api.d.ts'

const [, , baseUrl = '', key] = process.argv
const client = createClient<paths, 'application/json' | 'application/problem+json'>({ baseUrl, headers: { Authorization: \`Bearer \${key}\` } })
const echo = await client.POST('/v1/actions/demo_echo', { body: { text: 'hello' } })
if (echo.error !== undefined || !('text' in echo.data)) throw new Error('no text')
const text: string = echo.data.text
const body = { to: { name: 'Ada', home: { street: 'Main Street' } }, amount: 3 }
const paid = await client.POST('/v1/actions/demo_pay', { body, params: { header: { 'Idempotency-Key': 'generated' } } })
const refused = await client.POST('/v1/actions/demo_pay', { body })
const code: string | undefined = refused.error?.code
const runId = paid.response.headers.get('run-id') ?? ''
const run = await client.GET('/v1/runs/{runId}', { params: { path: { runId }, query: { wait: 5 } } })
const status: 'completed' | undefined = run.data?.status === 'completed' ? run.data.status : undefined
console.log(JSON.stringify({ text, paid: (paid.data as { to: { name: string } }).to.name, code, status }))
`

describe('the page', () => {
  test('and its files come from here, and nothing else may be loaded', async () => {
    const page = await gateway.call('/docs', { authorization: null })
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(match => match[1] as string)
      .filter(link => !link.startsWith('data:'))
    expect(links).toHaveLength(4)
    for (const link of links) {
      expect(link).toMatch(/^\/docs\/[\w.-]+$/)
      const file = await gateway.call(link, { authorization: null })
      expect([file.status, file.headers.get('content-type')?.split(';')[0]]).toEqual([
        200,
        link.endsWith('.js') ? 'text/javascript' : 'text/css'
      ])
      expect(file.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})
