/** Run-Priority: who may, and what goes before what. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startWorker } from '../../src/worker/worker.ts'
import { until } from '../setup/until.ts'
import { type Answer, type OpenGateway, openGateway } from './open-gateway.ts'

const desk = `
bot: desk
version: 1.0.0
title: Desk
description: Does one thing after the other.
adapter: echo
target: { url: 'http://127.0.0.1:9', concurrency: 1, waiting: 100 }
actions:
  say: { title: Say, description: Answers its input., effect: read, scopes: [desk:read], input: { type: object, properties: { text: { type: string } } }, output: { type: object } }
`

let gateway: OpenGateway
let allowed: string
let narrow: string
beforeAll(async () => {
  gateway = await openGateway({ manifests: [desk], worker: false })
  allowed = await gateway.bearer(['desk:read', 'priority:high'])
  narrow = await gateway.bearer(['desk:*', 'runs:*'])
})
afterAll(() => gateway.close())

const say = (text: string, priority: string | undefined, authorization = allowed): Promise<Answer> =>
  gateway.call('/v1/actions/desk_say', {
    body: { text },
    authorization,
    headers: { prefer: 'respond-async', ...(priority !== undefined && { 'run-priority': priority }) }
  })
const waiting = async () => (await gateway.call('/v1/runs?status=queued')).json.runs.length

test('who lacks the scope is refused in plain words, and nothing is accepted; normal is for everybody', async () => {
  const refused = await say('x', 'high', narrow)
  expect([refused.status, refused.json]).toMatchObject([
    403,
    { code: 'insufficient_scope', detail: expect.stringContaining('priority:high'), hint: expect.stringContaining('Run-Priority') }
  ])
  for (const wrong of ['urgent', 'HIGH', 'u=1', '9', 'high, high']) {
    const answer = await say('x', wrong)
    expect([wrong, answer.status, answer.json.errors?.[0].message]).toEqual([wrong, 400, 'must be one of normal, high'])
  }
  expect(await waiting()).toBe(0)
})

test('urgent runs go before all that wait, also beyond those that the queue is told of, and of three turns one stays with the others', async () => {
  const sent: Record<string, string> = {}
  const send = async (text: string, priority?: string, authorization?: string) => {
    const { status, json } = await say(text, priority, authorization)
    expect(status).toBe(202)
    sent[json.runId] = text
  }
  // Twice as many as stand in the queue at once.
  for (const text of ['n1', 'n2', 'n3', 'n4', 'n5']) await send(text, 'normal', narrow)
  for (const text of ['u1', 'u2', 'u3', 'u4']) await send(text, 'high')
  const order: string[] = []
  const off = gateway.parts.store.watch(event => {
    if (event.type === 'status' && event.status === 'working') order.push(sent[event.runId] ?? '')
  })
  const worker = await startWorker(gateway.parts, { concurrency: 1, graceMs: 1_000 })
  const ended = await until('all are done', async () => {
    const { runs } = (await gateway.call('/v1/runs?status=completed&limit=100')).json as { runs: { runId: string }[] }
    return runs.length === 9 && runs
  })
  off()
  expect(order.slice(0, 6).map(text => text[0])).toEqual(['u', 'u', 'n', 'u', 'u', 'n'])
  expect(order.filter(text => text[0] === 'u')).toEqual(['u1', 'u2', 'u3', 'u4'])
  const whole = await Promise.all(ended.map(async ({ runId }) => (await gateway.call(`/v1/runs/${runId}`)).json))
  expect(whole.filter(({ priority }) => priority === 'high')).toHaveLength(4)
  await worker.stop()
})
