import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Answer, callUntilAnswered } from './client.ts'
import { type Deployment, deploy } from './deployment.ts'
import { brokenPromises } from './payments.ts'
import { survivors } from './processes.ts'
import { seededRandom } from './seeded-random.ts'
import { openSite, type Site, type Target } from './site.ts'

let site: Site
let portal: Target
let deployed: Deployment

beforeAll(async () => {
  site = openSite({ LEASE_MS: '3000' })
  // The effect is applied at once here, so the probe need not wait so long.
  site.copyBot('teller', source => source.replaceAll('settle: 5s', 'settle: 1s'))
  portal = await site.startTarget('teller')
  deployed = await deploy(site, 'embedded')
})
afterAll(() => site?.close())

const browsers = () => (deployed.parts[0]?.program.children() ?? []).filter(({ command }) => /chrom/i.test(command))
const transferTo = (reference: string) => ({ from: '40068001', to: '40012345', amount: 12.5, reference })

test('a balance is read off the screen of the portal, in a real browser', async () => {
  const { client } = deployed
  const before = await client.call('teller_get_balance', { account: '40012345' })
  expect(before).toMatchObject({
    status: 200,
    body: { account: '40012345', balance: 12_843.56, currency: 'GBP', status: 'Open', type: 'Current account' }
  })
  expect(browsers()).not.toEqual([])
  const missing = await client.call('teller_get_balance', { account: '49999999' })
  expect(missing).toMatchObject({ status: 404, body: { code: 'account_not_found', retryable: false } })
})

test('a transfer with the same key twice happens once, and the screen shows it', async () => {
  const { client } = deployed
  const balanceBefore = Number((await client.call('teller_get_balance', { account: '40012345' })).body.balance)
  const effectsBefore = portal.effects().length
  const first = await client.call('teller_transfer', transferTo('E2E-ONCE'), { key: 'once' })
  expect(first).toMatchObject({ status: 200, body: { confirmation: expect.stringMatching(/^CN[0-9]+$/) } })
  const second = await client.call('teller_transfer', transferTo('E2E-ONCE'), { key: 'once' })
  expect(second).toMatchObject({ status: 200, runId: first.runId, text: first.text })
  expect(second.headers.get('idempotent-replayed')).toBe('true')
  expect(portal.effects()).toHaveLength(effectsBefore + 1)
  expect(portal.effects().at(-1)?.reference).toBe((await client.run(first.runId ?? '')).reference)
  expect((await client.call('teller_get_balance', { account: '40012345' })).body.balance).toBe(balanceBefore + 12.5)
})

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const rounds = 10
/** A transfer takes about this long from the call on a cold browser. */
const momentMs = 3_500

test(`kill -9 at ten random moments of a transfer: never two effects, no run lost, no browser left (SEED=${seed})`, async () => {
  const { client, parts } = deployed
  const [part] = parts
  const random = seededRandom(seed)
  const answers: Promise<Answer>[] = []
  for (let round = 0; round < rounds; round++) {
    const call = () =>
      client.call('teller_transfer', transferTo(`E2E-KILL-${round}`), { key: `kill-${round}`, headers: { prefer: 'wait=5' } })
    const answer = callUntilAnswered(call, 300_000)
    answer.catch(() => {})
    answers.push(answer)
    await sleep(random() * momentMs)
    const running = browsers()
    await part?.program.kill()
    expect(await survivors(running, 5_000)).toEqual([])
    await part?.restart()
  }
  const ids = (await Promise.all(answers)).map(({ runId }) => runId ?? '')
  expect(new Set(ids).size).toBe(rounds)
  await Promise.all(ids.map(id => client.ended(id)))
  await sleep(500)
  const runs = (await client.runs()).filter(({ action }) => action === 'teller_transfer')
  expect(runs).toHaveLength(rounds + 1)
  expect(brokenPromises(runs, portal)).toEqual([])
}, 600_000)

test('the browsers are gone after a graceful stop', async () => {
  await deployed.client.call('teller_get_balance', { account: '40012345' })
  const running = browsers()
  expect(running).not.toEqual([])
  expect(await deployed.parts[0]?.program.stop()).toEqual({ code: 0, signal: null })
  expect(await survivors(running, 2_000)).toEqual([])
})
