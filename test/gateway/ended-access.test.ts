/** Whoever stays, listening or waiting, is sent away when the key is revoked or expires, whichever process revoked it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Store } from '../../src/core/ports.ts'
import { openSqlite } from '../../src/drivers/sqlite/open-sqlite.ts'
import { openSqliteStore } from '../../src/drivers/sqlite/store.ts'
import { createKeyRing, type KeyRing } from '../../src/governance/keys.ts'
import { until } from '../setup/until.ts'
import { type OpenGateway, openGateway } from './open-gateway.ts'

const ledgers: Readonly<Record<string, () => Promise<readonly Store[]>>> = {
  embedded: async () => {
    const store = openSqliteStore(openSqlite({ path: ':memory:' }))
    return [store, store]
  },
  distributed: async () => {
    const { openRedisStore } = await import('../../src/drivers/redis/store.ts')
    const options = { url: String(process.env.TEST_REDIS_URL), prefix: `ended-access-${process.pid}` }
    return [await openRedisStore(options), await openRedisStore(options)]
  }
}

type Staying = (gateway: OpenGateway, authorization: string) => Promise<Response>

const start = async ({ call }: OpenGateway, authorization: string): Promise<string> =>
  (await call('/v1/actions/demo_slow?wait=0', { body: {}, authorization })).json.runId
const get = ({ url }: OpenGateway, path: string, headers: Record<string, string>) => fetch(`${url}${path}`, { headers })
const post = ({ url }: OpenGateway, path: string, { body, ...headers }: { body: object } & Record<string, string | object>) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) }
  })
const mcp = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }
const modern = '2026-07-28'
const listening = {
  jsonrpc: '2.0',
  id: 1,
  method: 'subscriptions/listen',
  params: {
    notifications: { toolsListChanged: true },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': modern,
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {}
    }
  }
}

const slowTool = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'demo_slow', arguments: {} } }

const streams: Readonly<Record<string, Staying>> = {
  'the events of a run': async (gateway, authorization) =>
    get(gateway, `/v1/runs/${await start(gateway, authorization)}/events`, { authorization }),
  'the changes of MCP': (gateway, authorization) => get(gateway, '/mcp', { ...mcp, accept: 'text/event-stream', authorization }),
  'the subscription of MCP': (gateway, authorization) =>
    post(gateway, '/mcp', { ...mcp, 'mcp-protocol-version': modern, 'mcp-method': 'subscriptions/listen', body: listening, authorization })
}

/** The SDK answers by a stream, which begins with its first message. */
const slowly: Staying = (gateway, authorization) => post(gateway, '/mcp', { ...mcp, body: slowTool, authorization })

const polls: Readonly<Record<string, Staying>> = {
  'a look that waits': async (gateway, authorization) =>
    get(gateway, `/v1/runs/${await start(gateway, authorization)}?wait=60`, { authorization }),
  'a call that prefers to wait': (gateway, authorization) =>
    post(gateway, '/v1/actions/demo_slow', { body: {}, prefer: 'wait=60', authorization })
}

describe.each(Object.keys(ledgers))('%s, two gateways', kind => {
  let gateways: readonly OpenGateway[]
  let stores: readonly Store[]
  let keys: KeyRing
  beforeAll(async () => {
    stores = (await ledgers[kind]?.()) ?? []
    // Nobody works: runs wait until the test is over. No heartbeat either: the key's own end is what is seen.
    const settings = { heartbeatMs: 60_000 }
    gateways = await Promise.all(stores.map(({ records }) => openGateway({ settings, worker: false, keysIn: records })))
    // The command line, or another gateway.
    keys = createKeyRing({ records: (stores[1] as Store).records })
  })
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close()
    for (const store of new Set(stores)) await store.close()
  })

  const newKey = async (expiresAt?: number) => {
    const made = await keys.create({
      name: 'stay',
      tenant: 'acme',
      scopes: ['demo:read'],
      ...(expiresAt === undefined ? {} : { expiresAt })
    })
    return { id: made.id, authorization: `Bearer ${made.key}` }
  }

  test('a revoked key ends every stream with a last event, and every wait with 401', async () => {
    const open = await Promise.all(
      gateways.flatMap(gateway => [
        ...Object.entries(streams).map(([name, stay]) => stayed(gateway, stay, { name, status: 200 })),
        ...Object.entries(polls).map(([name, stay]) => stayed(gateway, stay, { name, status: 401 })),
        stayed(gateway, slowly, { name: 'a tool', status: 200 })
      ])
    )
    const other = await newKey()
    const unharmed = get(
      gateways[0] as OpenGateway,
      `/v1/runs/${await start(gateways[0] as OpenGateway, other.authorization)}?wait=1.5`,
      other
    )
    for (const { id } of open) expect(await keys.revoke(id)).toBe(true)
    for (const { name, answer, status } of open) {
      const response = await answer
      const text = await response.text()
      expect({ name, status: response.status }).toEqual({ name, status })
      if (status === 401) expect(JSON.parse(text)).toMatchObject(refused)
      else
        expect({ name, text }).toEqual({
          name,
          text: expect.stringMatching(/event: (?:refused|message)\ndata: .*revoked.*"unauthenticated".*\n\n$/)
        })
    }
    expect((await unharmed).status).toBe(200)
  })

  test('a key that expires ends them too, without a look at the ledger', async () => {
    const { authorization } = await newKey(Date.now() + 1_500)
    const [gateway] = gateways as [OpenGateway]
    const stream = await (streams['the events of a run'] as Staying)(gateway, authorization)
    const poll = await (polls['a look that waits'] as Staying)(gateway, authorization)
    expect(await stream.text()).toContain('event: refused')
    expect(poll.status).toBe(401)
  })

  interface Expected {
    readonly name: string
    readonly status: number
  }

  async function stayed(gateway: OpenGateway, stay: Staying, expected: Expected) {
    const { id, authorization } = await newKey()
    const answer = stay(gateway, authorization)
    // A stream is open when its headers are there; a wait, when its run is.
    if (expected.name in streams) await answer
    else await untilThere(gateway, authorization)
    return { id, answer, ...expected }
  }
})

/** The effect of a run that goes on is nothing that who is sent away can know. */
const refused = {
  code: 'unauthenticated',
  effect: 'unknown',
  hint: expect.stringMatching(/goes on.*with (the same|another) idempotency key/)
}

async function untilThere({ call }: OpenGateway, authorization: string): Promise<void> {
  await until('the run is there', async () => (await call('/v1/runs', { authorization })).json.runs.length > 0)
}
