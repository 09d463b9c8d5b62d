/** What an answer says of the limit that counts for its key (draft-ietf-httpapi-ratelimit-headers-10). */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Answer, type OpenGateway, openGateway } from './open-gateway.ts'

let gateway: OpenGateway
beforeAll(async () => {
  gateway = await openGateway({ settings: { maxCallsPerSecond: 50, maxFailedAuthentications: 2 } })
})
afterAll(() => gateway.close())

const toldBy = ({ headers }: Answer) => [headers.get('ratelimit-policy'), headers.get('ratelimit')]
const leftOf = ({ headers }: Answer): number => Number(/^"calls";r=(\d+);t=1$/.exec(headers.get('ratelimit') ?? '')?.[1])

test('each answer to a key says how many calls it has in a second, and how many are left of them', async () => {
  const echo = { body: { text: 'x' } }
  const all = await Promise.all([
    gateway.call('/v1/runs'),
    gateway.call('/openapi.json'),
    gateway.call('/v1/actions/demo_echo', echo),
    gateway.call('/v1/actions/demo_echo', { body: {} }),
    gateway.call('/v1/actions/demo_slow', { body: {}, headers: { prefer: 'respond-async' } }),
    gateway.call('/mcp', {
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      headers: { accept: 'application/json, text/event-stream' }
    })
  ])
  expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 422, 202, 200])
  for (const answer of all) {
    expect(toldBy(answer)[0]).toBe('"calls";q=50;w=1')
    expect(leftOf(answer)).toBeLessThan(50)
  }
  expect((await gateway.call('/healthz', { authorization: null })).headers.has('ratelimit')).toBe(false)
})

test('what is left grows fewer, and nothing is left to who is refused', async () => {
  const authorization = await gateway.bearer(['*'])
  const burst = () => Promise.all(Array.from({ length: 200 }, () => gateway.call('/v1/runs?limit=1', { authorization })))
  let answers: readonly Answer[] = []
  // On a machine that is busy with something else, a burst may spread over many seconds.
  while (!answers.some(({ status }) => status === 429)) answers = await burst()
  const [taken, refused] = [200, 429].map(wanted => answers.filter(({ status }) => status === wanted))
  expect(new Set(taken?.map(leftOf)).size).toBeGreaterThan(1)
  for (const answer of refused ?? []) {
    expect(toldBy(answer)).toEqual(['"calls";q=50;w=1', '"calls";r=0;t=1'])
    expect(answer.headers.get('retry-after')).toBe('1')
  }
})

test('an address that tried too many keys is told of that limit', async () => {
  const other = await openGateway({ worker: false, settings: { maxFailedAuthentications: 2 } })
  const wrong = () => other.call('/v1/runs', { authorization: 'Bearer wrong' })
  expect(toldBy(await wrong())).toEqual([null, null])
  await wrong()
  const refused = await wrong()
  const seconds = refused.headers.get('retry-after')
  expect([refused.status, ...toldBy(refused)]).toEqual([
    429,
    '"failed-authentications";q=2;w=60',
    `"failed-authentications";r=0;t=${seconds}`
  ])
  await other.close()
})

test('where there is no limit, nothing is said of one', async () => {
  const other = await openGateway({ worker: false, settings: { maxCallsPerSecond: 0 } })
  expect(toldBy(await other.call('/v1/runs'))).toEqual([null, null])
  await other.close()
})
