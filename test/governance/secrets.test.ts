import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { createSecrets } from '../../src/governance/secrets.ts'
import { until } from '../setup/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
const write = (name: string, text: string) => writeFileSync(join(folder, `${name}.json`), text)
afterAll(() => rmSync(folder, { recursive: true }))

test('credentials are read by name, and a changed file counts without a restart', async () => {
  const secrets = createSecrets(folder)
  write('bank', '{"password":"old"}')
  expect(await secrets.get('bank')).toEqual({ values: { password: 'old' }, use: {} })
  write('bank', '{"password":"new"}')
  utimesSync(join(folder, 'bank.json'), new Date(), new Date(Date.now() + 5_000))
  await until('the new file', async () => (await secrets.get('bank')).values.password === 'new')
  expect(await secrets.get('bank')).toEqual({ values: { password: 'new' }, use: {} })
})

test.each([
  ['no file', 'missing', undefined, /"missing" are missing; write missing\.json in SECRETS_DIR/],
  ['a name that leads elsewhere', '../bank', undefined, /have no valid name/],
  ['half a file', 'half', '{"password":', /are not JSON/],
  ['a list', 'list', '["x"]', /are not an object/],
  ['bots that are no list', 'bots', '{"bots":"teller"}', /have bots that are no list of texts/],
  ['a tenant that is a number', 'tenants', '{"tenants":[1]}', /have tenants that are no list of texts/],
  ['an origin with a path', 'origins', '{"origins":["https://bank.example/login"]}', /have origins that are none; write each as https:/],
  ['an origin that is none', 'origin', '{"origins":["bank.example"]}', /have origins that are none/],
  ['a number', 'number', '{"pin":1234}', /are not an object of texts/]
])('%s is an error that says what to write', async (_what, name, text, message) => {
  if (text !== undefined) write(name, text)
  await expect(createSecrets(folder).get(name)).rejects.toMatchObject({ code: 'target_failed', message: expect.stringMatching(message) })
})

test('the lists of a file are no values', async () => {
  write('bound', '{"password":"p","origins":["https://bank.example"],"bots":["teller"],"tenants":["acme"]}')
  expect(await createSecrets(folder).get('bound')).toEqual({
    values: { password: 'p' },
    use: { origins: ['https://bank.example'], bots: ['teller'], tenants: ['acme'] }
  })
})
