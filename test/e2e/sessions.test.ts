import { expect, test } from '@jest/globals'
import { startRedis } from '../setup/services.ts'
import { callUntilAnswered } from './client.ts'
import { deploy, kinds } from './deployment.ts'
import { openSite, type Site } from './site.ts'

const bot = `
bot: probe
version: 1.0.0
title: Desk
adapter: echo
target: { url: http://127.0.0.1:9 }
actions:
  find:
    title: Find a customer
    description: Finds one. Use it first.
    effect: read
    scopes: [probe:read]
    input: { type: object, required: [account], additionalProperties: false, properties: { account: { type: string, x-session: account } } }
    output: { type: object, properties: { account: { type: string, x-session: account }, customer: { type: integer, x-session: customer } } }
    result: { account: "{{ input.account }}", customer: "{{ 7 }}" }
  ask:
    title: Ask about a customer
    description: Answers for whom it was asked. Use it after find.
    effect: read
    scopes: [probe:read]
    input:
      type: object
      required: [account, customer]
      additionalProperties: false
      properties: { account: { type: string, x-session: account }, customer: { type: integer, x-session: customer } }
    output: { type: object }
    result: { account: "{{ input.account }}", customer: "{{ input.customer }}" }
`

const known = { account: '40012345', customer: 7 }

test.each(kinds)(
  '%s: what a session knows survives kill -9 of every process, of Redis too, and goes on to be filled in',
  async kind => {
    const site = openSite()
    try {
      site.addBot('probe', bot)
      const redis = kind === 'distributed' ? await ownRedis(site) : undefined
      const deployed = await deploy(site, kind, redis && { REDIS_URL: redis.url })
      const { client } = deployed
      const { body: opened } = await client.request('POST', '/v1/sessions', { body: '{}' })
      const headers = { 'session-id': String(opened.sessionId) }
      const found = await client.call('probe_find', { account: '40012345' }, { headers })
      expect([found.status, found.body]).toEqual([200, known])
      const look = () => client.request('GET', `/v1/sessions/${opened.sessionId}`)
      const before = await look()
      expect(before.body.variables).toEqual(known)

      await Promise.all(deployed.parts.map(({ program }) => program.kill()))
      await redis?.kill()
      await redis?.restart()
      await Promise.all(deployed.parts.map(part => part.restart()))

      const after = await look()
      expect([after.status, after.body]).toEqual([200, before.body])
      const asked = await callUntilAnswered(() => client.call('probe_ask', {}, { headers }))
      expect([asked.status, asked.body]).toEqual([200, known])
    } finally {
      await site.close()
    }
  },
  120_000
)

async function ownRedis(site: Site) {
  const redis = await startRedis()
  site.onClose(() => redis.stop())
  return redis
}
