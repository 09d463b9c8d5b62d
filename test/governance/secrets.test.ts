import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { createSecrets } from '../../src/governance/secrets.ts'
import { until } from '../contract/fixtures.ts'

const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
const write = (name: string, text: string) => writeFileSync(join(folder, `${name}.json`), text)
afterAll(() => rmSync(folder, { recursive: true }))

test('credentials are read by name, and a changed file counts without a restart', async () => {
  const secrets = createSecrets(folder)
  write('bank', '{"password":"old"}')
  expect(await secrets.get('bank')).toEqual({ password: 'old' })
  write('bank', '{"password":"new"}')
  utimesSync(join(folder, 'bank.json'), new Date(), new Date(Date.now() + 5_000))
  await until('the new file', async () => (await secrets.get('bank')).password === 'new')
  expect(await secrets.get('bank')).toEqual({ password: 'new' })
})

test.each([
  ['no file', 'missing', undefined, /"missing" are missing; write missing\.json in SECRETS_DIR/],
  ['a name that leads elsewhere', '../bank', undefined, /have no valid name/],
  ['half a file', 'half', '{"password":', /are not JSON/],
  ['a list', 'list', '["x"]', /are not an object of texts/],
  ['a number', 'number', '{"pin":1234}', /are not an object of texts/]
])('%s is an error that says what to write', async (_what, name, text, message) => {
  if (text !== undefined) write(name, text)
  await expect(createSecrets(folder).get(name)).rejects.toMatchObject({ code: 'target_failed', message: expect.stringMatching(message) })
})
