/** Where a bot that came over HTTP may go is judged by the address that is connected to, and nothing that is open already helps it there. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import { connect, post, type Way } from '../../adapters/soap/http.ts'
import { createPools } from '../../adapters/soap/pools.ts'
import { type JsonObject, NotReachable, type Reach } from '../../src/index.ts'
import { compile, corebank, newCall } from './soap/fixture.ts'
import { type RawServer, startRawServer } from './soap/raw-server.ts'

const adapter = createAdapter()
const pools = createPools()
let server: RawServer
/** By a name, which is looked up when it is connected to. */
let named: string
beforeAll(async () => {
  server = await startRawServer()
  named = new URL(server.url).origin.replace('127.0.0.1', 'localhost')
})
afterAll(async () => {
  await adapter.close()
  await pools.close()
  await server.close()
})

const nowhere: Reach = { origins: [] }
const request = () => ({ path: '/soap', headers: {}, body: Buffer.from('<a/>'), signal: AbortSignal.timeout(10_000), answerBytes: 1_000 })
const read = (way: Way) =>
  post(pools.get(way), request()).then(
    ({ status }) => status,
    (error: Error) => error
  )

test('a read: the name is judged at the connection, and one that was let through is not lent', async () => {
  expect(await read({ origin: named })).toBe(200)
  const refused = await read({ origin: named, reach: nowhere })
  expect(refused).toBeInstanceOf(NotReachable)
  expect(refused).toMatchObject({ message: expect.stringMatching(/^localhost \((127\.0\.0\.1|::1)\) is no public address/) })
  expect(await read({ origin: named, reach: { origins: [named] } })).toBe(200)
  expect(server.seen).toHaveLength(2)
})

test('a commit: there is no connection', async () => {
  const committing = (reach: Reach | undefined) =>
    connect({ origin: named, reach }, AbortSignal.timeout(10_000)).then(
      connection => connection.close(),
      (error: Error) => error
    )
  expect(await committing(nowhere)).toBeInstanceOf(NotReachable)
  expect(await committing({ origins: [named] })).toBeUndefined()
  expect(await committing(undefined)).toBeUndefined()
})

test.each([
  ['get_customer', () => server.url, nowhere, 'is no public address'],
  ['post_payment', () => server.url, nowhere, 'is no public address'],
  ['post_payment', () => `${named}/soap`, nowhere, 'is no public address'],
  ['get_customer', () => 'http://169.254.169.254/soap', undefined, 'cloud metadata'],
  ['post_payment', () => 'http://[64:ff9b::a9fe:a9fe]/soap', { origins: ['http://[64:ff9b::a9fe:a9fe]'] }, 'cloud metadata']
])('%s: nothing is sent, nothing is marked, and the error says what to set', async (name, url, reach, why) => {
  const before = server.seen.length
  const { plan } = compile(corebank, name)
  const made = newCall({ plan, url: url(), input: corebank.actions[name]?.example as JsonObject })
  const call = { ...made.call, target: { ...made.call.target, reach } }
  await expect(adapter.run(call)).rejects.toMatchObject({
    code: 'target_failed',
    retryable: false,
    effect: 'none',
    message: expect.stringMatching(new RegExp(`^Nothing was sent: .*${why}`)),
    hint: expect.stringContaining('TARGET_ORIGINS')
  })
  expect([made.commits, server.seen.length]).toEqual([0, before])
})
