import { expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { load } from './imported.ts'

test('a policy becomes keys of the target, from the alternative that can be satisfied', async () => {
  const { imported, actions, errors } = await load('policies')
  expect(errors).toEqual([])
  expect(imported.manifest.target).toMatchObject({
    credentials: 'fixture',
    addressing: true,
    security: { usernameToken: 'digest', timestamp: '5m' }
  })
  expect(imported.manifest.target).not.toHaveProperty('auth')
  expect(imported.warnings).toEqual([
    'target.security and target.addressing was written as the policy of the service says: please review; write fixture.json with username and password in SECRETS_DIR.',
    'The policy of the service wants a client certificate: write target.tls with certificate and key.',
    'The policy http://elsewhere.example/policy is not in the file: what it wants is not known.'
  ])
  const wsaActions = actions.map(({ steps }) => (steps as Plan).operation.seal?.addressing?.action)
  expect(wsaActions).toEqual(['urn:fixture:Get', 'urn:fixture:Port:FindRequest'])
})

test('what no manifest can do is said, and nothing is written for it', async () => {
  const { imported, errors } = await load('policies-sealed')
  expect(errors).toEqual([])
  expect(imported.warnings).toContain(
    'The policy of the service wants encryption of parts, which is not supported: its calls may be refused.'
  )
  for (const key of ['credentials', 'security', 'addressing', 'auth']) expect(imported.manifest.target).not.toHaveProperty(key)
})

test.each(['encrypt: { parts: [body] }', 'saml: token', 'issuedToken: sts'])(
  'a manifest that wants %s is refused when it is loaded',
  async keys => {
    const { text } = await load('policies')
    const changed = text.replace('security:\n', `security:\n    ${keys}\n`)
    expect(changed).not.toBe(text)
    const adapter = createAdapter()
    const { bot, issues } = await loadManifest(changed, {
      file: 'bot.yaml',
      name: 'fixture',
      adapters: { soap: adapter },
      env: () => undefined,
      trusted: true
    })
    await adapter.close()
    expect(bot).toBeUndefined()
    expect(issues.map(({ message }) => message).join(' ')).toContain(keys.slice(0, keys.indexOf(':')))
  }
)
