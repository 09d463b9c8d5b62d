/** The credentials of a SOAP target go to their own origins: in the login, in a header, in the body; and never into the output. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { Call, JsonObject } from '../../src/index.ts'
import { compile, corebank, failure, login, newCall } from './soap/fixture.ts'
import { envelope, type RawServer, startRawServer, xml } from './soap/raw-server.ts'

const adapter = createAdapter()
const customer =
  '<GetCustomerResponse xmlns="urn:bank.example:corebank:v1"><customer><customerId>C-1</customerId><name><given>A</given><family>P</family></name></customer></GetCustomerResponse>'
let home: RawServer
let away: RawServer

beforeAll(async () => {
  ;[home, away] = await Promise.all([startRawServer(), startRawServer()])
})
beforeEach(() => {
  for (const server of [home, away]) {
    server.seen.length = 0
    server.answer = xml(envelope(customer))
  }
})
afterAll(async () => {
  await adapter.close()
  await Promise.all([home.close(), away.close()])
})

const name = 'get_customer'
const header = {
  headers: { 'h:Key': { '@proof': '{{ credentials.password }}' } },
  namespaces: { ...(corebank.target.namespaces as JsonObject), h: 'urn:h' }
}

function prepare(target: JsonObject, action: JsonObject): Call<never> {
  const manifest = {
    ...corebank,
    target: { ...corebank.target, auth: 'none', ...target },
    actions: { [name]: { ...corebank.actions[name], ...action } }
  }
  const { plan, issues } = compile(manifest, name)
  expect(issues).toEqual([])
  const egress = [home.url, away.url].map(url => new URL(url).origin)
  const { call } = newCall({ plan, url: home.url, egress, input: { customer_id: 'C-1' } })
  return Object.defineProperties(call, { target: { value: { ...call.target, credentials: 'corebank' } } }) as Call<never>
}

test.each<[string, JsonObject]>([
  ['as a login', { auth: 'basic' }],
  ['in a header', header]
])('they are sent to their own origin %s', async (_, target) => {
  const call = prepare(target, {})
  await adapter.run(call)
  expect(home.seen).toHaveLength(1)
})

test.each<[string, JsonObject]>([
  ['a login', { auth: 'basic' }],
  ['a header', header],
  ['nothing that uses them', {}]
])('an operation at another origin is refused before anything is sent, with %s', async (_, target) => {
  const call = prepare(target, { endpoint: away.url })
  expect(await failure(adapter.run(call))).toMatchObject({
    code: 'credential_refused',
    message: expect.stringContaining('Nothing was sent')
  })
  expect([home.seen, away.seen]).toEqual([[], []])
})

test.each(['{{ credentials.password }}', '{{ "is " & credentials.username }}'])('%s is refused as a result', async result => {
  const call = prepare({}, { response: { ...(corebank.actions[name]?.response as JsonObject), result } })
  expect(await failure(adapter.run(call))).toMatchObject({ code: 'credential_refused' })
  expect(home.seen.map(({ body }) => body).join()).not.toContain(login.password)
})
