/** An action that is not there: what it may be, or that its bot's manifest has mistakes; and to each caller no more than it may know. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ settings: { botsOverHttp: 'tenant' } })
  const issue = {
    severity: 'error',
    file: 'bots/ledger/bot.yaml',
    line: 7,
    column: 3,
    pointer: '',
    message: 'adapter: is missing'
  } as const
  gateway.parts.catalog.broken.note({ name: 'ledger', issues: [issue] })
  gateway.parts.catalog.broken.note({ name: 'safe', tenant: 'acme', issues: [{ ...issue, file: 'safe (registered)' }, issue] })
})
afterAll(() => gateway.close())

const ask = async (name: string, scopes?: readonly string[], tenant?: string) => {
  const authorization = scopes === undefined ? {} : { authorization: await gateway.bearer(scopes, tenant) }
  const { status, json } = await gateway.call(`/v1/actions/${name}`, { body: {}, ...authorization })
  expect([status, json.code, json.retryable, json.effect]).toEqual([404, 'action_not_found', false, 'none'])
  return `${json.detail} ${json.hint}`
}

test('names that the caller may use and that are nearly so', async () => {
  expect(await ask('demo_ehco')).toContain('There is no action demo_ehco. Did you mean demo_echo?')
  expect(await ask('demo_ehco', ['other:read'])).not.toContain('Did you mean')
  expect(await ask('x'.repeat(60))).not.toContain('Did you mean')
})

test('a bot whose manifest has mistakes: the operator is told the first of them', async () => {
  expect(await ask('ledger_book')).toContain(
    'There is no action ledger_book. The manifest of the bot ledger has a mistake: none of its actions is served. The first: bots/ledger/bot.yaml:7:3 adapter: is missing'
  )
})

test('another caller is told that it is so, and not what stands there', async () => {
  const told = await ask('ledger_book', ['demo:*'], 'globex')
  expect(told).toContain('The manifest of the bot ledger has a mistake: none of its actions is served.')
  expect(told).toContain('retrofit check')
  expect(told).not.toMatch(/bot\.yaml|missing/)
})

test("a tenant's own registered bot; another tenant learns nothing of it", async () => {
  expect(await ask('safe_open', ['bots:write'], 'acme')).toContain('The first: safe (registered):7:3')
  expect(await ask('safe_open', ['demo:*'], 'acme')).toMatch(/safe has mistakes: none .*retrofit check/)
  expect(await ask('safe_open', ['*'], 'globex')).not.toMatch(/safe has/)
})

test('a bot that is mended is broken no more', async () => {
  gateway.parts.catalog.broken.note({ name: 'ledger', issues: [] })
  expect(await ask('ledger_book')).not.toContain('mistake')
})
