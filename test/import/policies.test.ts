import { expect, test } from '@jest/globals'
import type { Plan } from '../../adapters/soap/plan.ts'
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
