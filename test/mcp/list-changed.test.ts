/** `notifications/tools/list_changed`: only when the list that this client sees is another one, and at most once in 250 ms. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client'
import type { Bot } from '../../src/core/types.ts'
import type { FedCatalog } from '../../src/engine/catalog.ts'
import { echoManifest, type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { until } from '../setup/until.ts'

const heartbeatMs = 150
/** More than the pause between two looks at the list. */
const beatsOfPause = 4
const changes = 124

let gateway: OpenGateway
let large: OpenGateway
beforeAll(async () => {
  const [own, other] = await Promise.all([
    openGateway({ settings: { heartbeatMs } }),
    openGateway({ manifests: [echoManifest, bot('large', 1)], settings: { heartbeatMs, mcpToolLimit: 3 } })
  ])
  gateway = own
  large = other
})
afterAll(() => Promise.all([gateway.close(), large.close()]))

interface Stream {
  /** Notifications so far. */
  told(): number
  beats(): number
  close(): void
}

async function listen(at: OpenGateway, authorization = `Bearer ${at.adminKey}`): Promise<Stream> {
  const gone = new AbortController()
  const answer = await fetch(`${at.url}/mcp`, { headers: { authorization, accept: 'text/event-stream' }, signal: gone.signal })
  let text = ''
  const read = async (): Promise<void> => {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString()
  }
  read().catch(() => undefined)
  const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0
  return { told: () => count(/list_changed/g), beats: () => count(/: still there/g), close: () => gone.abort() }
}

/** Whatever was due has been told: the beats come from the same clock as the looks. */
async function settled(stream: Stream): Promise<void> {
  const from = stream.beats()
  await until('the stream has been quiet for a while', () => stream.beats() >= from + beatsOfPause)
}

const bot = (name: string, version: number, scope = 'demo:read'): string =>
  echoManifest
    .replace('bot: demo', `bot: ${name}`)
    .replace('version: 1.0.0', `version: 1.0.${version}`)
    .replaceAll(/demo:(?:read|write)/g, scope)

function owned(at: OpenGateway, tenant = 'default') {
  const catalog = at.parts.catalog as FedCatalog
  const owner = { caller: { tenant, subject: 'admin', clientId: 'admin', scopes: ['*'] }, tenant }
  return {
    add: (name: string, version = 1, scope?: string) => catalog.register(name, bot(name, version, scope), owner),
    remove: (name: string) => catalog.unregister(name, tenant)
  }
}

/** Many changes, after which everything is as it was. */
async function comeAndGo(at: OpenGateway): Promise<void> {
  const catalog = at.parts.catalog as FedCatalog
  const demo = catalog.entry('demo', 'default')?.bot as Bot
  for (let i = 0; i < changes; i += 2) {
    catalog.removeFile('demo')
    await catalog.setFile(demo)
  }
}

describe('a client of 2025', () => {
  test('hears of many changes at most four times in a second, and of the last one', async () => {
    const stream = await listen(gateway)
    const startedAt = performance.now()
    await comeAndGo(gateway)
    const catalog = gateway.parts.catalog as FedCatalog
    const demo = catalog.entry('demo', 'default')?.bot as Bot
    catalog.removeFile('demo')
    await settled(stream)
    const most = Math.ceil((performance.now() - startedAt) / 250)
    expect(stream.told()).toBeGreaterThan(0)
    expect(stream.told()).toBeLessThanOrEqual(most)
    const before = stream.told()
    await catalog.setFile(demo)
    await until('that it is back is told', () => stream.told() > before)
    stream.close()
  })

  test('hears nothing of bots that it may not use, of other tenants, and of what changes nothing', async () => {
    const stream = await listen(gateway, await gateway.bearer(['demo:read']))
    await owned(gateway).add('hidden', 1, 'other:scope')
    await owned(gateway, 'elsewhere').add('theirs')
    // Another version of the record, the same bot.
    await owned(gateway).add('hidden', 1, 'other:scope')
    await settled(stream)
    expect(stream.told()).toBe(0)
    await owned(gateway).add('seen')
    await until('a bot of its own is told', () => stream.told() === 1)
    for (const name of ['hidden', 'seen']) await owned(gateway).remove(name)
    await owned(gateway, 'elsewhere').remove('theirs')
    stream.close()
  })

  test('that searches a large catalogue hears nothing: its list is the same', async () => {
    const stream = await listen(large)
    await comeAndGo(large)
    await settled(stream)
    expect(stream.told()).toBe(0)
    stream.close()
  })
})

test('a client of 2026-07-28 hears of changes of its own list alone', async () => {
  const client = new ModernClient({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  const requestInit = { headers: { authorization: await gateway.bearer(['demo:read']) } }
  await client.connect(new ModernTransport(new URL(`${gateway.url}/mcp`), { requestInit }))
  let told = 0
  client.setNotificationHandler('notifications/tools/list_changed', () => {
    told++
  })
  await client.listen({ toolsListChanged: true })
  const beside = await listen(gateway)
  await owned(gateway).add('hidden', 2, 'other:scope')
  await owned(gateway, 'elsewhere').add('theirs', 2)
  await settled(beside)
  expect([told, beside.told() > 0]).toEqual([0, true])
  await owned(gateway).add('seen')
  await until('a bot of its own is told', () => told === 1)
  beside.close()
  await client.close()
})
