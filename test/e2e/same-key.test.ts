import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Deployment, deploy, kinds } from './deployment.ts'
import { payment } from './payments.ts'
import { openSite, type Site, type Target } from './site.ts'

describe.each(kinds)('%s: a key has one run for ever', kind => {
  let site: Site
  let bank: Target
  let deployed: Deployment

  beforeAll(async () => {
    site = openSite()
    site.copyBot('corebank')
    bank = await site.startTarget('corebank')
    deployed = await deploy(site, kind)
  })
  afterAll(() => site?.close())

  test('fifty calls at once with one key, over all gateways: one run, one effect', async () => {
    const input = payment()
    await bank.faults({ delayMs: 150 })
    const callOn = (index: number) =>
      deployed.clients[index % deployed.clients.length]?.call('corebank_post_payment', input, { key: 'fifty' })
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => callOn(index)))
    await bank.faults({ delayMs: 0 })
    expect(answers.map(answer => answer?.status)).toEqual(Array.from({ length: 50 }, () => 200))
    const ids = new Set(answers.map(answer => answer?.runId))
    expect(ids.size).toBe(1)
    expect(new Set(answers.map(answer => answer?.text)).size).toBe(1)
    const run = await deployed.client.run([...ids][0] ?? '')
    expect(run).toMatchObject({ status: 'completed', effect: 'committed', attempt: 1 })
    expect(bank.effects().map(({ reference }) => reference)).toEqual([run.reference])
  })

  test('another body with that key is refused on every gateway, and nothing happens', async () => {
    const before = bank.effects().length
    for (const client of deployed.clients) {
      const answer = await client.call('corebank_post_payment', payment(), { key: 'fifty' })
      expect(answer).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused', effect: 'none' } })
    }
    expect(bank.effects()).toHaveLength(before)
  })

  test("a fresh key cannot get past the manifest's key: the run is replayed", async () => {
    const input = payment()
    const first = await deployed.client.call('corebank_post_payment', input, { key: 'model-try-1' })
    expect(first).toMatchObject({ status: 200 })
    expect(first.headers.get('idempotent-replayed')).toBeNull()
    const before = bank.effects().length
    for (const [index, client] of deployed.clients.entries()) {
      const again = await client.call('corebank_post_payment', input, { key: `model-try-${index + 2}` })
      expect(again).toMatchObject({ status: 200, runId: first.runId, text: first.text })
      expect(again.headers.get('idempotent-replayed')).toBe('true')
    }
    const bare = await deployed.client.call('corebank_post_payment', input)
    expect(bare).toMatchObject({ status: 200, runId: first.runId })
    expect(bank.effects()).toHaveLength(before)
  })

  test('the same values under an old key and another amount are refused: the reference is taken', async () => {
    const input = payment()
    await deployed.client.call('corebank_post_payment', input)
    const before = bank.effects().length
    const other = await deployed.client.call('corebank_post_payment', { ...input, amount: 0.02 }, { key: 'fresh-key-other-amount' })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
    expect(bank.effects()).toHaveLength(before)
  })
})
