/** A login whose answer later calls need: kept, shared, made anew once, masked, and never a reason to send an effect twice. */
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { JsonObject } from '../../src/index.ts'
import { loadManifest } from '../../src/manifest/load.ts'
import { type CrmServer, crm, crmLogin, fault, invalidSession, planOf, startCrm } from './soap/crm.ts'
import { type CallOptions, compile, failure, newCall } from './soap/fixture.ts'
import { envelope, xml } from './soap/raw-server.ts'

let adapter = createAdapter()
let server: CrmServer
let others: CrmServer[] = []
/** The same object until the file changes, as the secret store gives it. */
let credentials: Record<string, string>

beforeEach(async () => {
  adapter = createAdapter()
  server = await startCrm('pa$$word-1')
  credentials = { username: 'svc', password: 'pa$$word-1' }
})
afterEach(async () => {
  await adapter.close()
  await Promise.all([server, ...others].map(each => each.close()))
  others = []
})

const call = (plan: CallOptions['plan'], options: Partial<CallOptions> = {}) =>
  newCall({ plan, url: server.url, input: { id: 'A-1' }, credentials, ...options })
const run = (plan: CallOptions['plan'], options: Partial<CallOptions> = {}) => adapter.run(call(plan, options).call)
const another = async (password: string) => {
  const made = await startCrm(password)
  others.push(made)
  return made
}
const bodies = () => server.seen.map(({ body }) => body)

test('one login serves later calls, whose header carries the token', async () => {
  const plan = planOf(crm())
  expect(await run(plan)).toEqual({ name: 'A-1' })
  expect(await run(plan)).toEqual({ name: 'A-1' })
  expect(server.logins).toBe(1)
  expect(
    bodies()
      .slice(1)
      .every(body => body.includes('<c:sessionId>session-1-abcdefghij</c:sessionId>'))
  ).toBe(true)
})

test('the token can go into the body, and names that are public into the output', async () => {
  const schema = { type: 'object', properties: { sessionId: { type: 'string' }, id: { type: 'string' } } }
  const login = { ...crmLogin, keep: { token: '{{ response.sessionId }}', user: '{{ response.userId }}' }, public: ['user'] }
  const plan = planOf(
    crm({ login, headers: {} }, { request: { schema, body: { sessionId: '{{ login.token }}', id: '{{ login.user }}' } } })
  )
  const made = call(plan)
  expect(await adapter.run(made.call)).toEqual({ name: 'U-17' })
  expect(made.holdsSecret({ name: 'U-17' })).toBe(false)
})

test('the token is a secret: an output that holds it is found, and no text shows it', async () => {
  const made = call(planOf(crm()), { input: { id: 'A-1' } })
  await adapter.run(made.call)
  expect(made.holdsSecret({ name: 'session-1-abcdefghij' })).toBe(true)
  expect(made.holdsSecret({ name: Buffer.from('session-1-abcdefghij').toString('base64') })).toBe(true)
  expect(made.call.redact('it says session-1-abcdefghij')).not.toContain('session-1')
  const written = call(planOf(crm(), 'write'))
  await adapter.run(written.call)
  expect(written.sent).not.toContain('session-1')
})

test('a login that has ended is made anew once, and the read is asked again', async () => {
  const plan = planOf(crm())
  await run(plan)
  server.sessions.clear()
  expect(await run(plan)).toEqual({ name: 'A-1' })
  expect(server.logins).toBe(2)
})

test.each<[string, JsonObject, CrmServer['over']]>([
  ['HTTP 401', {}, response => void response.writeHead(401).end()],
  ['a fault by its text', { expired: [{ text: 'is over' }] }, xml(fault('Server', 'the session is over'), 500)],
  [
    'a value of the answer',
    { expired: [{ response: "{{ response.name = 'SESSION_OVER' }}" }] },
    xml(envelope('<r:readResponse xmlns:r="urn:crm"><r:name>SESSION_OVER</r:name></r:readResponse>'))
  ]
])('%s says that it has ended', async (_, keys, over) => {
  server.over = over
  const plan = planOf(crm({ login: { ...crmLogin, ...keys } }))
  await run(plan)
  server.sessions.clear()
  expect(await run(plan)).toEqual({ name: 'A-1' })
  expect(server.logins).toBe(2)
})

test('a new login that is refused as well ends the call: one more try, and no more', async () => {
  server.over = response => {
    server.sessions.clear()
    invalidSession(response)
  }
  server.sessions.add = () => new Set()
  const error = await failure(run(planOf(crm())))
  expect(error).toMatchObject({ code: 'target_failed', message: 'The target answered: a fault' })
  expect(server.logins).toBe(1)
  expect(server.seen).toHaveLength(2)
})

test('a commit whose session had ended is not sent again by this attempt; the next one logs in anew', async () => {
  const plan = planOf(crm(), 'write')
  await run(plan)
  server.sessions.clear()
  const second = call(plan)
  const error = await failure(adapter.run(second.call))
  expect(error).toMatchObject({ name: 'NothingSent', retryable: true, targetSaid: 'the session is over' })
  expect([second.commits, server.logins, server.written.length]).toEqual([1, 1, 1])
  expect(await run(plan)).toEqual({ name: 'A-1' })
  expect([server.logins, server.written.length]).toEqual([2, 2])
})

test('HTTP 401 to a commit proves nothing where the manifest does not say so; with notApplied the next attempt logs in anew', async () => {
  server.over = response => void response.writeHead(401).end()
  const [unsaid, said] = [planOf(crm(), 'write'), planOf(crm({}, { notApplied: [{ http: 401 }] }), 'write')]
  await run(unsaid)
  for (const [plan, expected] of [
    [unsaid, { code: 'target_failed', effect: 'unknown', retryable: false }],
    [said, { name: 'NothingSent', retryable: true }]
  ] as const) {
    await run(plan).catch(() => undefined)
    await run(plan).catch(() => undefined)
    server.sessions.clear()
    expect(await failure(run(plan))).toMatchObject(expected)
  }
})

test('calls at once share one login', async () => {
  const plan = planOf(crm())
  await Promise.all(Array.from({ length: 10 }, () => run(plan)))
  expect([server.logins, server.reads]).toEqual([1, 10])
})

test('who waits for the login of a call that is cancelled makes its own', async () => {
  const plan = planOf(crm())
  const controller = new AbortController()
  const { answer } = server
  server.answer = () => {
    server.answer = answer
    controller.abort(new Error('cancelled'))
  }
  const [first, second] = [failure(run(plan, { signal: controller.signal })), run(plan)]
  expect((await first).message).toBe('cancelled')
  expect(await second).toEqual({ name: 'A-1' })
})

test('each tenant, and each version of the credentials, has a login of its own', async () => {
  const plan = planOf(crm())
  await run(plan)
  await run(plan, { tenant: 'globex' })
  expect(server.logins).toBe(2)
  await run(plan, { credentials: { ...credentials } })
  expect(server.logins).toBe(3)
})

test('a refused login is not tried again for a while, by no call, so that no account is locked', async () => {
  server.password = 'changed'
  const plan = planOf(crm())
  const told = { code: 'target_failed', retryable: false, targetSaid: 'wrong name or password', effect: 'none' }
  for (const tenant of ['acme', 'acme', 'globex']) expect(await failure(run(plan, { tenant }))).toMatchObject(told)
  expect(server.logins).toBe(1)
  await failure(run(planOf(crm(), 'write')))
  expect([server.logins, server.written]).toEqual([1, []])
  server.password = 'pa$$word-2'
  expect(await run(plan, { credentials: { username: 'svc', password: 'pa$$word-2' } })).toEqual({ name: 'A-1' })
})

test('nothing of a login is kept as evidence', async () => {
  server.password = 'changed'
  const made = call(planOf(crm()))
  await failure(adapter.run(made.call))
  expect([...made.attached.keys()]).toEqual([])
})

test('cookies of the login go with later calls to where they belong', async () => {
  server.cookie = 'sid=ID; Path=/; HttpOnly'
  const { keep: _, ...login } = crmLogin
  const plan = planOf(crm({ login, headers: {} }))
  const made = call(plan)
  expect(await adapter.run(made.call)).toEqual({ name: 'A-1' })
  expect(server.seen[1]?.headers.cookie).toBe('sid=session-1-abcdefghij')
  expect(made.holdsSecret('session-1-abcdefghij')).toBe(true)
  const written = call(planOf(crm({ login, headers: {} }), 'write'))
  expect(await adapter.run(written.call)).toEqual({ name: 'A-1' })
  expect(server.seen.at(-1)?.headers.cookie).toMatch(/^sid=session-/)
})

test.each(['sid=ID; Path=/elsewhere', 'sid=ID; Domain=example.com', 'sid=ID; Secure', 'sid=ID; Max-Age=0'])(
  'the cookie %s is not sent there',
  async cookie => {
    server.cookie = cookie
    await run(planOf(crm()))
    expect(server.seen[1]?.headers.cookie).toBeUndefined()
  }
)

test('the answer can say where later calls go, as far as the credentials may go there', async () => {
  const other = await another('')
  const [here, there] = [new URL(server.url).origin, new URL(other.url).origin]
  server.serverUrl = other.url
  other.sessions.add('session-1-abcdefghij').add('session-2-abcdefghij')
  const plan = planOf(crm({ login: { ...crmLogin, address: '{{ response.serverUrl }}' } }))
  const both = [here, there]
  expect(await run(plan, { egress: both, origins: both })).toEqual({ name: 'A-1' })
  expect(other.reads).toBe(1)
  const refused = { egress: both, origins: [here] }
  expect(await failure(run(plan, { ...refused }))).toMatchObject({ code: 'credential_refused' })
  expect(await failure(run(plan, { egress: [here], origins: both }))).toMatchObject({ code: 'target_failed' })
  server.serverUrl = 'nowhere'
  const fresh = { egress: both, origins: both, tenant: 'globex' }
  expect(await failure(run(plan, fresh))).toMatchObject({
    code: 'invalid_output',
    message: expect.stringContaining('target.login.address')
  })
  expect(other.reads).toBe(1)
})

test('a login at another origin is made only where the credentials may go', async () => {
  const other = await another('pa$$word-1')
  const origins = [server.url, other.url].map(url => new URL(url).origin)
  server.sessions.add('session-1-abcdefghij')
  const plan = planOf(crm({ login: { ...crmLogin, endpoint: other.url } }))
  expect(await failure(run(plan, { egress: origins }))).toMatchObject({ code: 'credential_refused' })
  expect(other.logins).toBe(0)
  expect(await run(plan, { egress: origins, origins })).toEqual({ name: 'A-1' })
  expect(other.logins).toBe(1)
})

test('a login that gives an empty token says so, and nothing more is sent', async () => {
  server.answer = xml(envelope('<r:loginResponse xmlns:r="urn:crm"><r:sessionId></r:sessionId></r:loginResponse>'))
  expect(await failure(run(planOf(crm(), 'write')))).toMatchObject({
    code: 'invalid_output',
    message: expect.stringContaining('an empty token')
  })
  expect(server.seen).toHaveLength(1)
})

test.each<[string, JsonObject, string]>([
  ['without credentials', { credentials: undefined as never }, 'needs credentials'],
  ['that gives nothing', { login: { ...crmLogin, keep: {}, cookies: false } }, 'gives nothing'],
  ['with a public name that it does not keep', { login: { ...crmLogin, public: ['user'] } }, 'user is no name under keep'],
  ['with a result', { login: { ...crmLogin, response: { ...(crmLogin.response as JsonObject), result: '{{ response }}' } } }, 'under keep'],
  ['with a prefix that is not known', { login: { ...crmLogin, operation: 'x:login' } }, 'the prefix x']
])('a login %s is a mistake of the manifest', (_, target, message) => {
  const { issues } = compile(crm(target), 'read')
  expect(issues.map(issue => issue.message).join('; ')).toContain(message)
})

test('who registers a bot over HTTP can put the token in, not look at it', async () => {
  const body = { id: '{{ $length(login.token) > 30 ? login.token : "short" }}' }
  const plan = planOf(crm({}, { request: { body } }))
  const made = call(plan)
  const reach = { origins: [new URL(server.url).origin] }
  Object.defineProperty(made.call, 'target', { value: { ...made.call.target, reach } })
  await adapter.run(made.call)
  // By its length, which is 20, the author would have learnt something of it.
  expect(bodies().at(-1)).toContain('session-1-abcdefghij</c:id>')
})

test.each<[string, JsonObject, JsonObject, string]>([
  ['that is right, and only that, is none', {}, {}, ''],
  ['of a name that the login does not keep', {}, { headers: { 'c:X': '{{ login.tokn }}' } }, 'login has no tokn; did you mean token?'],
  ['of the login in an output', {}, { response: { result: { name: '{{ login.token }}' } } }, 'reads login, and there is no such name here'],
  [
    "of a caller's input in the login",
    { login: { ...crmLogin, request: { ...(crmLogin.request as JsonObject), body: { user: '{{ input.id }}' } } } },
    {},
    'input has no id'
  ],
  [
    'of what the answer does not have',
    { login: { ...crmLogin, keep: { token: '{{ response.sesionId }}' } } },
    {},
    'did you mean sessionId?'
  ]
])('an expression %s is told as a mistake', async (_, target, action, message) => {
  const { actions, ...rest } = crm(target, action)
  const input = { ...(actions.read?.input as JsonObject), additionalProperties: false }
  const read = { title: 'Read', description: 'Reads a thing by its id.', scopes: ['crm:read'], ...(actions.read as JsonObject), input }
  const text = JSON.stringify({
    ...rest,
    version: '1.0.0',
    title: 'CRM',
    owner: 'crm@bank.example',
    adapter: 'soap',
    target: { url: 'https://crm.example/soap', ...rest.target },
    actions: { read }
  })
  const loaded = await loadManifest(text, { file: 'crm.yaml', adapters: { soap: adapter }, env: () => undefined })
  expect(loaded.issues.map(issue => issue.message)).toEqual(message === '' ? [] : [expect.stringContaining(message)])
})
