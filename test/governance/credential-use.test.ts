/** Who may use a credential. */
import { expect, test } from '@jest/globals'
import { type CredentialUse, homeOf, secretValues, whyRefused } from '../../src/governance/credential-use.ts'

const home = 'https://bank.example'
const bound: CredentialUse = { origins: [home], bots: ['desk'], tenants: ['acme'] }

const target = (url: string, egress = [new URL(url).origin]) => ({ url, egress, waiting: 1, env: {} })
const file = (url = `${home}/login`) => ({ name: 'desk', target: target(url) })
const registered = (changes: { tenant?: string; name?: string; url?: string; egress?: string[] } = {}) => {
  const { tenant = 'acme', name = 'desk', url = `${home}/login`, egress } = changes
  return { name, tenant, target: target(url, egress) }
}

test.each<[string, CredentialUse, { bot: ReturnType<typeof file>; tenant: string }, RegExp | undefined]>([
  ['a file, nothing said', {}, { bot: file(), tenant: 'acme' }, undefined],
  ['a file, listed', bound, { bot: file(), tenant: 'acme' }, undefined],
  ['a file, another bot listed', { bots: ['teller'] }, { bot: file(), tenant: 'acme' }, /"desk" in bots in bank\.json/],
  ['a file, no bot listed', { bots: [] }, { bot: file(), tenant: 'acme' }, /"desk" in bots/],
  ['a file, called by another tenant', bound, { bot: file(), tenant: 'globex' }, /the caller's tenant in tenants/],
  ['a file with another target', bound, { bot: file('https://other.example'), tenant: 'acme' }, /the origin of target\.url in origins/],
  ['a file with another port', bound, { bot: file(`${home}:8443`), tenant: 'acme' }, /in origins/],
  ['a file without TLS', bound, { bot: file('http://bank.example'), tenant: 'acme' }, /in origins/],
  ['registered, listed', bound, { bot: registered(), tenant: 'acme' }, undefined],
  ['registered, nothing said', {}, { bot: registered(), tenant: 'acme' }, /"desk" in bots, its tenant in tenants, every origin/],
  ['registered, no tenants', { ...bound, tenants: undefined }, { bot: registered(), tenant: 'acme' }, /its tenant in tenants/],
  ['registered, no bots', { ...bound, bots: undefined }, { bot: registered(), tenant: 'acme' }, /"desk" in bots/],
  ['registered, no origins', { ...bound, origins: undefined }, { bot: registered(), tenant: 'acme' }, /in origins/],
  ['the name of the bot, another tenant', bound, { bot: registered({ tenant: 'globex' }), tenant: 'globex' }, /its tenant in tenants/],
  ['the tenant, another bot', bound, { bot: registered({ name: 'thief' }), tenant: 'acme' }, /"thief" in bots/],
  ['an address of its own', bound, { bot: registered({ url: 'https://evil.example' }), tenant: 'acme' }, /in origins/],
  ['a way out', bound, { bot: registered({ egress: [home, 'https://evil.example'] }), tenant: 'acme' }, /in origins/]
])('%s', (_, use, user, message) => {
  const why = whyRefused('bank', use, user)
  if (message === undefined) expect(why).toBeUndefined()
  else expect(why).toMatch(message)
})

test('the values go to the origin of the target where the file names none', () => {
  expect(homeOf({}, target(`${home}/login`, [home, 'https://cdn.example']))).toEqual([home])
  expect(homeOf({ origins: ['https://sso.example'] }, target(home))).toEqual(['https://sso.example'])
})

test('a name may stand in what an operator wrote, and nothing in what somebody registered', () => {
  const values = { username: 'teller1', password: 'Branch#2004', clientId: 'c', token: 't' }
  expect(secretValues(values, {})).toEqual(['Branch#2004', 't'])
  expect(secretValues(values, { tenant: 'acme' })).toEqual(['teller1', 'Branch#2004', 'c', 't'])
})
