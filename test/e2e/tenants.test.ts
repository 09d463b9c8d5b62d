/** One tenant at every limit, on the real program: what it may is counted over all gateways, and the calls of another are answered. */
import { expect, test } from '@jest/globals'
import { until } from '../setup/until.ts'
import { type Client, createClient } from './client.ts'
import { deploy, kinds, sharedSettings } from './deployment.ts'
import { openSite, type Site } from './site.ts'

const action = (delay: string) => `
    title: Ask
    description: Answers late, or soon.
    effect: read
    scopes: [probe:read]
    input: { type: object }
    output: { type: object }
    result: {}
    delay: ${delay}`
const bot = `
bot: probe
version: 1.0.0
title: Desk
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  late: ${action('50s')}
  soon: ${action('1ms')}
`

const quotas = { TENANT_CONCURRENCY: '3', TENANT_WAITING: '20', TENANT_SESSIONS: '2', MAX_RUN_MS: '55000', MAX_QUEUE_MS: '40000' }

async function keyOf(site: Site, tenant: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { output } = await site.run(`keys create --name ${tenant} --tenant ${tenant} --scopes * --json`, env)
  return String(JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)).key)
}

const numberIn = async (client: Client, status: string) =>
  ((await client.request('GET', `/v1/runs?status=${status}&limit=100`)).body.runs as readonly object[]).length

test.each(kinds)(
  '%s: a tenant at its limits is refused what is over, and leaves another alone',
  async kind => {
    const site = openSite()
    try {
      site.addBot('probe', bot)
      const shared = await sharedSettings(site, kind)
      const { gateways } = await deploy(site, kind, { ...shared, ...quotas })
      const [greedyKey, modestKey] = [await keyOf(site, 'greedy', shared), await keyOf(site, 'modest', shared)]
      const greedy = gateways.map(({ program }) => createClient(() => program.url, greedyKey))
      const modest = gateways.map(({ program }) => createClient(() => program.url, modestKey))
      const [first, second] = [greedy[0] as Client, modest.at(-1) as Client]
      const start = (index: number) =>
        (greedy[index % greedy.length] as Client).call('probe_late', {}, { key: `late-${index}`, headers: { prefer: 'respond-async' } })

      for (let i = 0; i < 3; i++) await start(i)
      await until('three are at work', async () => (await numberIn(first, 'working')) === 3)
      const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => start(i + 3)))
      const refused = answers.filter(({ status }) => status === 429)
      expect([answers.filter(({ status }) => status === 202).length, refused.length]).toEqual([20, 10])
      expect(refused[0]?.body).toMatchObject({ code: 'quota_exceeded', quota: { name: 'waiting_runs', used: 20, allowed: 20 } })

      const soon = await Promise.all(Array.from({ length: 10 }, (_, i) => second.call('probe_soon', {}, { key: `soon-${i}` })))
      expect(soon.map(({ status }) => status)).toEqual(Array(10).fill(200))
      expect([await numberIn(first, 'working'), await numberIn(first, 'queued'), await numberIn(first, 'completed')]).toEqual([3, 20, 0])

      const plan = await second.request('POST', '/v1/actions/probe_soon?dryRun=true', { body: '{}' })
      expect(plan.body.timeouts).toEqual({ queueMs: 40_000, runMs: 55_000 })

      const made = await Promise.all(
        Array.from({ length: 6 }, (_, i) => greedy[i % greedy.length]?.request('POST', '/v1/sessions', { body: '{}' }))
      )
      expect(made.map(answer => answer?.status).sort()).toEqual([201, 201, 429, 429, 429, 429])
      expect((await second.request('POST', '/v1/sessions', { body: '{}' })).status).toBe(201)
    } finally {
      await site.close()
    }
  },
  120_000
)
