/** A service with a login: the manifest proposes it, and whoever takes the marks away has one that works. */
import { expect, test } from '@jest/globals'
import { loadAdapters } from '../../adapters/index.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { proposeLogin } from '../../src/manifest/import/wsdl/propose-login.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { load } from './imported.ts'

test('a login is proposed as a comment that is right once it is none', async () => {
  const { text, errors, imported } = await load('login')
  expect(errors).toEqual([])
  expect(imported.warnings).toContain('log_in looks like a login: bot.yaml proposes target.login.')
  const lines = text.split('\n')
  const [first, last] = ['looks like a login', 'and send it with later calls'].map(words => lines.findIndex(line => line.includes(words)))
  const taken = lines.flatMap((line, index) =>
    index === first || index === last ? [] : [index > (first ?? 0) && index < (last ?? 0) ? line.replace('# ', '') : line]
  )
  const manifest = taken.join('\n').replace('\ntarget:\n', '\ntarget:\n  credentials: desk\n')
  expect(manifest).toContain('password: "{{ credentials.password }}"'.replace('password:', 'Password:'))
  expect(manifest).toContain('token: "{{ response.sessionId }}"')
  const { bot, issues } = await loadManifest(manifest, {
    file: 'bot.yaml',
    name: 'fixture',
    adapters: await loadAdapters({}, ['soap']),
    env: () => undefined,
    trusted: true
  })
  expect(issues.filter(({ severity }) => severity === 'error')).toEqual([])
  expect(bot?.actions).toHaveLength(2)
})

const text = { type: 'string' }
const asked = (properties: JsonObject): JsonObject => ({ operation: 't:X', input: { type: 'object', properties } })
const pair = { username: text, password: text }

test.each<[string, JsonObject, boolean]>([
  ['login', pair, true],
  ['sign_on', { uid: text, pwd: text }, true],
  ['authenticate_user', { arg0: { type: 'object', properties: { userName: text, passWord: text } } }, true],
  ['create_session', { loginName: text, secret: text }, true],
  ['get_auth_token', pair, true],
  ['login', { day: text }, false],
  ['get_logins', pair, false],
  ['change_password', pair, false],
  ['create_user', pair, false]
])('%s is proposed where its input is that of a login', (name, properties, isProposed) => {
  expect(proposeLogin({ actions: { [name]: asked(properties) }, target: {} }) !== undefined).toBe(isProposed)
  expect(proposeLogin({ actions: { [name]: asked(properties) }, target: { login: {} } })).toBeUndefined()
})
