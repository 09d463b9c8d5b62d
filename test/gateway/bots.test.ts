import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway()
})
afterAll(() => gateway.close())

const manifest = (version: string, more = ''): string => `
bot: desk
version: ${version}
title: Desk
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
  ask:
    title: Ask
    description: Asks the desk.
    effect: read
    scopes: [desk:read]
    input: { type: object }
    output: { type: object }
    result: { version: "${version}" }
${more}`

const put = (path: string, raw: string, headers: Record<string, string> = { 'content-type': 'application/yaml' }) =>
  gateway.call(path, { method: 'PUT', raw, headers })

test('bots are listed with their actions and without their source', async () => {
  const { status, json } = await gateway.call('/v1/bots')
  expect(status).toBe(200)
  expect(json.bots).toHaveLength(1)
  expect(json.bots[0]).toMatchObject({ bot: 'demo', title: 'Demo desk', version: '1.0.0', origin: 'file', adapter: 'echo' })
  expect(json.bots[0].actions[0]).toEqual({ name: 'demo_echo', title: 'Say it again', effect: 'read', scopes: ['demo:read'] })
  expect(json.bots[0]).not.toHaveProperty('source')
})

test('the source is for those who may replace it', async () => {
  const reader = await gateway.call('/v1/bots/demo', { authorization: await gateway.bearer(['bots:read']) })
  const writer = await gateway.call('/v1/bots/demo', { authorization: await gateway.bearer(['bots:*']) })
  expect([reader.json.source, typeof writer.json.source]).toEqual([undefined, 'string'])
})

test('a bot is registered, called, replaced and removed without a restart', async () => {
  const created = await put('/v1/bots/desk', manifest('1.0.0'))
  expect([created.status, created.headers.get('location'), created.json.origin]).toEqual([201, '/v1/bots/desk', 'registered'])
  expect((await gateway.call('/v1/actions/desk_ask', { body: {} })).json).toEqual({ version: '1.0.0' })
  const replaced = await put('/v1/bots/desk', manifest('2.0.0'), { 'content-type': 'text/yaml; charset=utf-8' })
  expect([replaced.status, replaced.json.version]).toEqual([200, '2.0.0'])
  expect((await gateway.call('/v1/actions/desk_ask', { body: {} })).json).toEqual({ version: '2.0.0' })
  expect((await gateway.call('/openapi.json')).json.paths).toHaveProperty('/v1/actions/desk_ask')
  expect((await gateway.call('/v1/bots/desk', { method: 'DELETE' })).status).toBe(204)
  expect((await gateway.call('/v1/bots/desk', { method: 'DELETE' })).json.code).toBe('bot_not_found')
  expect((await gateway.call('/v1/actions/desk_ask', { body: {} })).status).toBe(404)
  expect((await gateway.call('/openapi.json')).json.paths).not.toHaveProperty('/v1/actions/desk_ask')
})

test('a manifest as JSON', async () => {
  const body = {
    bot: 'jay',
    version: '1.0.0',
    title: 'Jay',
    adapter: 'echo',
    target: { url: 'http://127.0.0.1:9' },
    actions: {
      ask: {
        title: 'Ask',
        description: 'Asks.',
        effect: 'read',
        scopes: ['jay:read'],
        input: { type: 'object' },
        output: { type: 'object' }
      }
    }
  }
  expect((await put('/v1/bots/jay', JSON.stringify(body), { 'content-type': 'application/json' })).status).toBe(201)
})

test('a bad manifest names every mistake with its line, and changes nothing', async () => {
  const bad = await put('/v1/bots/desk', manifest('3.0.0', 'stpes: []\nowner: 3\n'))
  expect([bad.status, bad.json.code]).toEqual([422, 'invalid_manifest'])
  expect(bad.json.errors.length).toBeGreaterThanOrEqual(2)
  expect(bad.json.errors[0].message).toMatch(/line \d+, column \d+: /)
  expect((await gateway.call('/v1/bots/desk')).status).toBe(404)
})

test('another name than that of the path, a bot from a file, and other media types are refused', async () => {
  expect((await put('/v1/bots/other', manifest('1.0.0'))).json.code).toBe('invalid_manifest')
  const file = await gateway.call('/v1/bots/demo', { method: 'DELETE' })
  expect([file.status, file.json.code]).toEqual([409, 'bot_from_file'])
  expect((await put('/v1/bots/desk', manifest('1.0.0'), { 'content-type': 'text/plain' })).json.code).toBe('unsupported_media_type')
  expect((await put('/v1/bots/desk', '')).status).toBe(422)
})

test('a manifest is checked without being registered', async () => {
  const check = (raw: string) => gateway.call('/v1/bots/check', { method: 'POST', raw, headers: { 'content-type': 'application/yaml' } })
  expect((await check(manifest('1.0.0'))).json).toMatchObject({ valid: true })
  const bad = await check(manifest('1.0.0', 'stpes: []\n'))
  expect([bad.status, bad.json.valid]).toEqual([200, false])
  const [mistake] = bad.json.issues.filter(({ severity }: { severity: string }) => severity === 'error')
  expect(mistake).toMatchObject({ line: expect.any(Number), column: expect.any(Number), message: expect.stringContaining('stpes') })
  expect((await gateway.call('/v1/bots/desk')).status).toBe(404)
})

test('a manifest of 390 KB of braces is refused, and holds nobody up', async () => {
  const raw = manifest('1.0.0').replace('"1.0.0" }', () => `"${'{'.repeat(390_000)}" }`)
  const { status, json } = await gateway.call('/v1/bots/check', { method: 'POST', raw, headers: { 'content-type': 'application/yaml' } })
  expect(status).toBe(200)
  expect(json.issues.map(({ message }: { message: string }) => message)).toContainEqual(expect.stringContaining('close it with }}'))
})

test('a run whose expression never ends fails once, and says why', async () => {
  const endless = '{{ ($f := function($n) { $f($n + 1) }; $f(1)) }}'
  const { status } = await put(
    '/v1/bots/desk',
    manifest('3.0.0').replace('"3.0.0" }', () => `"${endless}" }`)
  )
  expect([200, 201]).toContain(status)
  const answer = await gateway.call('/v1/actions/desk_ask', { body: {} })
  expect(answer.json).toMatchObject({
    code: 'target_failed',
    retryable: false,
    detail: expect.stringContaining('longer than 250 milliseconds')
  })
  const run = await gateway.call(`/v1/runs/${answer.json.runId}`)
  expect(run.json).toMatchObject({ status: 'failed', attempt: 1 })
  await gateway.call('/v1/bots/desk', { method: 'DELETE' })
})
