/** The commands, as a person types them, against a running program. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { readSettings, SettingsError } from '../src/config.ts'
import { brokenBot, echoBot } from './e2e/echo-bot.ts'
import type { Program } from './e2e/program.ts'
import { adminKey, openSite, type Site } from './e2e/site.ts'

const main = join(import.meta.dirname, '../src/main.ts')

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

let site: Site
let program: Program

beforeAll(async () => {
  site = openSite()
  site.addBot('probe', echoBot({ version: '1.0.0' }))
  program = await site.start('up')
})
afterAll(() => site.close())

function retrofit(...args: string[]): Promise<Said> {
  const env = { PATH: process.env.PATH, DATA_DIR: site.dataDir, BOTS_DIR: site.botsDir, RETROFIT_ADMIN_KEY: adminKey }
  return new Promise(resolve => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', main, ...args],
      { env, maxBuffer: 20_000_000 },
      (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
      }
    )
  })
}

const at = () => ['--url', program.url]

describe('retrofit', () => {
  test('--help names every command; a wrong one is refused with a way on', async () => {
    const help = await retrofit('--help')
    expect(help.code).toBe(0)
    for (const name of ['up', 'gateway', 'worker', 'check', 'call', 'tools', 'openapi', 'keys'])
      expect(help.out).toMatch(new RegExp(`^  ${name}\\b`, 'm'))
    const wrong = await retrofit('chek')
    expect(wrong).toMatchObject({ code: 1 })
    expect(wrong.err).toContain('Did you mean check?')
  })

  test('call prints the output, reads inputs by the schema, and tells a replay', async () => {
    expect(await retrofit('call', 'probe_ask', 'note=42', ...at())).toEqual({ code: 0, out: '{\n  "version": "1.0.0"\n}\n', err: '' })
    expect((await retrofit('call', 'probe_ask', 'count=3', ...at())).code).toBe(0)
    expect(JSON.parse((await retrofit('call', 'probe_ask', 'count=three', ...at())).err)).toMatchObject({ code: 'invalid_input' })
    const lost = 'has more digits than a number keeps: send it as text'
    for (const input of ['count=9007199254740993', 'count:=9007199254740993', 'count:={"a":0.10000000000000001}'])
      expect((await retrofit('call', 'probe_ask', input, ...at())).err).toContain(lost)
    const once = await retrofit('call', 'probe_ask', '--idempotency-key', 'k-1', '--json', ...at())
    const again = await retrofit('call', 'probe_ask', '--idempotency-key', 'k-1', '--json', ...at())
    const [first, second] = [JSON.parse(once.out), JSON.parse(again.out)]
    expect(first).toMatchObject({ httpStatus: 200, replayed: false, body: { version: '1.0.0' } })
    expect(second).toEqual({ ...first, replayed: true })
    expect(JSON.parse((await retrofit('call', 'probe_ask', '--dry-run', ...at())).out)).toMatchObject({ dryRun: true, action: 'probe_ask' })
  })

  test('call says what is wrong: an input, an action, a server that is not there', async () => {
    const input = await retrofit('call', 'probe_ask', 'nott=1', ...at())
    expect(input.code).toBe(1)
    expect(JSON.parse(input.err)).toMatchObject({ code: 'invalid_input', errors: [{ pointer: '/nott' }] })
    expect((await retrofit('call', 'probe_ask', 'note', ...at())).err).toBe(
      'retrofit: write inputs as name=value or name:=json, not note\n'
    )
    expect((await retrofit('call', 'probe_ask', '--url', 'http://127.0.0.1:9')).err).toContain('is it running? Start it with: npm start')
  })

  test('keys are made, work with their scopes only, are listed without their secret, and end', async () => {
    const made = JSON.parse((await retrofit('keys', 'create', '--name', 'crm', '--scopes', 'probe:*', '--json')).out) as {
      id: string
      key: string
    }
    const useful = () => retrofit('call', 'probe_ask', ...at(), '--key', made.key)
    expect((await useful()).code).toBe(0)
    const listed = await retrofit('keys', 'list')
    expect(listed.out).toContain(made.id)
    expect(listed.out).not.toContain(made.key)
    const poor = (await retrofit('keys', 'create', '--name', 'other', '--scopes', 'accounts:read')).out.trim()
    expect(JSON.parse((await retrofit('call', 'probe_ask', ...at(), '--key', poor)).err)).toMatchObject({ code: 'insufficient_scope' })
    expect((await retrofit('keys', 'revoke', made.id)).code).toBe(0)
    await new Promise(resolve => setTimeout(resolve, 1_100))
    expect(JSON.parse((await useful()).err)).toMatchObject({ code: 'unauthenticated' })
    expect((await retrofit('keys', 'revoke', made.id)).err).toContain('retrofit keys list shows them')
    expect((await retrofit('keys', 'create', '--name', 'x', '--scopes', 'Not A Scope')).err).toContain('write names such as accounts:read')
  })

  test('keys name the addresses that may be called back, and callbacks are listed and sent again', async () => {
    const create = ['keys', 'create', '--name', 'flow', '--scopes', 'probe:*']
    expect((await retrofit(...create, '--callback', 'http://hooks.example/x')).err).toContain('must begin with https://')
    const made = JSON.parse((await retrofit(...create, '--callback', 'https://hooks.example/a, https://hooks.example/b', '--json')).out)
    expect(made.callbackSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
    const shown = JSON.parse((await retrofit('keys', 'callbacks', made.id, '--json')).out)
    expect(shown).toEqual({ id: made.id, addresses: ['https://hooks.example/a', 'https://hooks.example/b'], secret: made.callbackSecret })
    const rotated = JSON.parse(
      (await retrofit('keys', 'callbacks', made.id, '--rotate', '--callback', 'https://hooks.example/c', '--json')).out
    )
    expect(rotated).toMatchObject({ addresses: ['https://hooks.example/c'], secret: expect.not.stringContaining(made.callbackSecret) })
    expect((await retrofit('keys', 'list')).out).toContain('https://hooks.example/c')
    expect((await retrofit('keys', 'callbacks', made.id, '--callback', '')).err).toContain('may call nobody back')
    expect((await retrofit('keys', 'callbacks', 'nobody')).err).toContain('There is no key nobody')
    expect((await retrofit('callbacks', 'list', ...at())).out).toContain('state')
    expect((await retrofit('callbacks', 'list', '--state', 'odd', ...at())).err).toContain('/query/state')
    const id = `cb_${'0'.repeat(21)}_1`
    expect(await retrofit('callbacks', 'resend', id, ...at())).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${id}: There is no callback`)
    })
    expect((await retrofit('callbacks', 'resend', ...at())).err).toContain('--failed')
    expect((await retrofit('callbacks', 'resend', '--failed', ...at())).code).toBe(0)
  })

  test('openapi prints the document, as JSON and as YAML', async () => {
    expect(JSON.parse((await retrofit('openapi', ...at())).out).paths).toHaveProperty('/v1/actions/probe_ask')
    expect((await retrofit('openapi', '--yaml', ...at())).out).toMatch(/^openapi: "3\.1\.\d"/)
  })

  test('openapi prints what an importer takes', async () => {
    expect(JSON.parse((await retrofit('openapi', '--for', '3.0', ...at())).out).openapi).toBe('3.0.3')
    expect(Object.keys(JSON.parse((await retrofit('openapi', '--for', 'gpt', ...at())).out).paths)).toContain('/v1/runs/{runId}')
    expect(await retrofit('openapi', '--for', 'soap', ...at())).toMatchObject({ code: 1, err: expect.stringContaining('write 3.0 or gpt') })
  })

  test('call prints some of the output, and as text', async () => {
    expect((await retrofit('call', 'probe_ask', '--text', ...at())).out).toBe('version: 1.0.0\n')
    const wrong = await retrofit('call', 'probe_ask', '--fields', 'versoin', ...at())
    expect([wrong.code, JSON.parse(wrong.err).errors[0].message]).toEqual([1, 'versoin is not in the output, which has version'])
  })

  test('tools prints definitions, and says what it does not know', async () => {
    const { code, out } = await retrofit('tools', '--format', 'openai', '--strict', '--bot', 'probe', ...at())
    expect([code, JSON.parse(out)]).toMatchObject([0, [{ type: 'function', function: { name: 'probe_ask', strict: true } }]])
    const found = await retrofit('tools', '--format', 'anthropic', '--query', 'which version', '--limit', '1', '--defer-loading', ...at())
    expect(JSON.parse(found.out).map(({ name }: { name: string }) => name)).toEqual(['tool_search_tool_bm25', 'probe_ask'])
    expect((await retrofit('tools', '--format', 'openai', '--limit', '1', ...at())).err).toContain('goes with query')
    expect(await retrofit('tools', '--format', 'llama', ...at())).toMatchObject({
      code: 1,
      err: expect.stringContaining('openai, openai-responses')
    })
  })

  test('check --agents says what each definition costs', async () => {
    const { code, out } = await retrofit('check', '--agents')
    expect([code, out]).toEqual([0, expect.stringMatching(/probe_ask\n {2}openai strict \d+ tokens/)])
    expect(JSON.parse((await retrofit('check', '--agents', '--json')).out).agents.catalogue.tools).toBe(1)
  })

  test('check prints every mistake with its place and exits 1', async () => {
    expect(await retrofit('check')).toEqual({ code: 0, out: '1 manifest, 0 errors, 0 warnings\n', err: '' })
    site.addBot('broken', brokenBot('1.0.0').replace('bot: probe', 'bot: broken'))
    const { code, out } = await retrofit('check', join(site.botsDir, 'broken'))
    expect(code).toBe(1)
    expect(out).toMatch(/bot\.yaml:11:5 .*did you mean effect\?/)
    expect(out).toContain('1 manifest, 2 errors, 0 warnings')
    const json = JSON.parse((await retrofit('check', '--json')).out)
    expect(json).toMatchObject({ valid: false, issues: [{ severity: 'error' }, { severity: 'error' }] })
    expect((await retrofit('check', 'nowhere')).err).toContain('nowhere does not exist')
  })
})

describe('settings', () => {
  test('every mistake at once, and no secret is repeated', () => {
    const wrong = { PORT: 'eighty', LEASE_MS: '1', LOG_LEVEL: 'loud', REDIS_URL: 'redis://:hunter2@x', RETROFIT_DATA_KEY: 'too short' }
    const read = () => readSettings(wrong)
    expect(read).toThrow(SettingsError)
    expect(read).toThrow(
      /PORT must be a whole number[\s\S]*LEASE_MS must be[\s\S]*LOG_LEVEL must be one of[\s\S]*belong together[\s\S]*at least 32 characters/
    )
    expect(read).not.toThrow(/hunter2|too short/)
  })

  test.each([
    ['http://login.bank.example', /OIDC_ISSUER must be an https address/],
    ['https://login.bank.example?x=1', /OIDC_ISSUER must be an https address/],
    ['login.bank.example', /OIDC_ISSUER must be an https address/],
    ['https://login.bank.example', /OIDC_ISSUER needs OIDC_AUDIENCE or PUBLIC_URL/]
  ])('an issuer %s', (issuer, message) => {
    expect(() => readSettings({ OIDC_ISSUER: issuer })).toThrow(message)
  })

  test.each(['https://login.bank.example/realms/main', 'http://localhost:8081', 'http://[::1]:8081'])('an issuer %s is taken', issuer => {
    expect(readSettings({ OIDC_ISSUER: issuer, OIDC_AUDIENCE: 'x' }).OIDC_ISSUER).toBe(issuer)
  })

  test.each<[name: string, listed: string | undefined, value: string | undefined | null]>([
    ['TELLER_URL', undefined, 'value'],
    ['BOT_ORDERS_URL', undefined, 'value'],
    ['BOT_UNSET', undefined, undefined],
    ['ORDERS_URL', undefined, null],
    ['DATABASE_URL', undefined, null],
    ['DB_PASS', undefined, null],
    ['OTEL_EXPORTER_OTLP_HEADERS', undefined, null],
    ['PATH', undefined, null],
    ['RETROFIT_ADMIN_KEY', undefined, null],
    ['ORDERS_URL', 'ORDERS_URL, CRM_*', 'value'],
    ['CRM_HOST', 'ORDERS_URL, CRM_*', 'value'],
    ['TELLER_URL', 'ORDERS_URL, CRM_*', null],
    ['REDIS_URL', 'RE*', null],
    ['RETROFIT_ADMIN_KEY', 'RE*', null]
  ])('whether a manifest can read %s where MANIFEST_ENV is %s', (name, listed, value) => {
    const shared = { REDIS_URL: 'redis://x', RABBITMQ_URL: 'amqp://x', RETROFIT_ADMIN_KEY: 'k'.repeat(20) }
    const environment = name === 'BOT_UNSET' || name in shared ? shared : { ...shared, [name]: 'value' }
    expect(readSettings({ ...environment, MANIFEST_ENV: listed }).manifestEnv(name)).toBe(value)
  })

  test.each([
    ['*', /MANIFEST_ENV must be names with commas/],
    ['ORDERS-URL', /MANIFEST_ENV must be names with commas/],
    ['ORDERS_URL,REDIS_URL', /MANIFEST_ENV names REDIS_URL, which is a setting of Retrofit/]
  ])('MANIFEST_ENV can not be %s', (listed, message) => {
    expect(() => readSettings({ MANIFEST_ENV: listed })).toThrow(message)
  })
})
