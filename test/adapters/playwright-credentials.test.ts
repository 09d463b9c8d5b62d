/** A credential is filled in on its own origins, whatever page the steps have led to. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/playwright/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { type CallOptions, callOf, parseAction } from './playwright/harness.ts'
import { type Site, startSite } from './playwright/site.ts'

const adapter = createAdapter()
let home: Site
let away: Site
const form = '<form method=post action=/caught><label>Password<input name=p></label><button>Sign on</button></form>'
const password = 'Branch#2004'

beforeAll(async () => {
  away = await startSite({ '/form': form, '/caught': 'caught' })
  home = await startSite({
    '/form': `${form}<a href="${away.url}/form">Go on</a>`,
    '/frame': `<iframe name=other src="${away.url}/form"></iframe>`,
    '/own': `<iframe name=other srcdoc='${form}'></iframe>`,
    '/caught': 'caught',
    '/sso': (_, response) => void response.writeHead(302, { location: `${away.url}/form` }).end()
  })
})
afterAll(async () => {
  await adapter.close()
  await Promise.all([home.close(), away.close()])
})

const fill = (value: string) => ({ fill: { label: 'Password', value } })
const own = '{{ credentials.password }}'
const signOn = { click: { role: 'button', name: 'Sign on' } }

async function run(steps: readonly JsonObject[], options: Partial<CallOptions> = {}, more: JsonObject = {}) {
  const parsed = parseAction(adapter, { steps: [...steps], ...more }, { timeout: '20s' })
  expect(parsed.issues).toEqual([])
  const call = callOf(parsed.steps, { url: home.url, egress: [home.url, away.url], credentials: { password }, ...options })
  return adapter.run(call).then(
    output => ({ output, error: undefined }),
    error => ({ output: undefined, error: error as { code?: string; message: string } })
  )
}

const seen = { extract: { value: { label: 'Password', attribute: 'value', optional: true } } }
const refused = { code: 'credential_refused', message: expect.stringMatching(/credentials\.password/) }

test.each<[string, JsonObject[], Partial<CallOptions>?]>([
  ['on its own origin', [{ goto: '/form' }, fill(own), signOn]],
  ['in a frame without an address of its own', [{ goto: '/own' }, { frame: { name: 'other', steps: [fill(own), signOn] } }]],
  ['of a registered bot', [{ goto: '/form' }, fill(own)], { registered: true }],
  ['with text around it', [{ goto: '/form' }, fill(`x${own}`)], { registered: true }],
  ['in an address of its own origin', [{ goto: `/form?p=${own}` }]],
  ['in an address of its own origin, of a registered bot', [{ goto: `/form?p=${own}` }], { registered: true }]
])('a credential is filled in %s', async (_, steps, options = {}) => {
  expect(await run(steps, options)).toMatchObject({ error: undefined })
})

test.each<[string, JsonObject[], Partial<CallOptions>?]>([
  ['on another origin', [{ goto: '{{ input.away }}/form' }, fill(own)]],
  ['on another origin that a link led to', [{ goto: '/form' }, { click: { role: 'link', name: 'Go on' } }, fill(own)]],
  ['on another origin that a redirect led to', [{ goto: '/sso' }, fill(own)]],
  ['in a frame of another origin', [{ goto: '/frame' }, { frame: { name: 'other', steps: [fill(own)] } }]],
  ['in an address of another origin', [{ goto: `{{ input.away }}/form?p=${own}` }]],
  ['as a key that is pressed', [{ goto: '{{ input.away }}/form' }, fill('x'), fill(`{{ "It is " & credentials.password }}`)]],
  ['by a registered bot', [{ goto: '{{ input.away }}/form' }, fill(own)], { registered: true }],
  ['where the file names another origin', [{ goto: '/form' }, fill(own)], { credentialOrigins: ['https://bank.example'] }],
  ['in the output', [{ goto: '/form' }], {}]
])('a credential is not filled in %s', async (what, steps, options = {}) => {
  away.requests.length = 0
  const result = await run(steps, { input: { away: away.url }, ...options }, what === 'in the output' ? { result: { p: own } } : {})
  expect(result.error).toMatchObject(refused)
  expect(away.requests.join(' ')).not.toContain(encodeURIComponent(password))
})

test.each([
  ['a condition', { if: { that: '{{ $contains(credentials.password, "Branch") }}', steps: [fill('it does')] } }],
  ['a text that depends on it', fill('{{ $contains(credentials.password, "Branch") ? "it does" : "no" }}')],
  ['a part of it', fill('{{ $substring(credentials.password, 0, 6) }}')],
  ['its code', fill('{{ $base64encode(credentials.password) }}')]
])('who registers a bot can not look at a value through %s', async (_, step) => {
  const { output } = await run([{ goto: '/form' }, step as JsonObject, seen], { registered: true })
  const said = JSON.stringify(output ?? {})
  for (const leak of ['it does', 'Branch', Buffer.from(password).toString('base64')]) expect(said).not.toContain(leak)
})
