import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createAdapter } from '../../adapters/soap/adapter.ts'
import type { Plan } from '../../adapters/soap/plan.ts'
import { startWsdlSandbox } from '../../src/commands/sandbox.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { failure, newCall } from '../adapters/soap/fixture.ts'
import { fixture, load } from './imported.ts'

const names = ['sequence', 'choice-repeated', 'abstract-type', 'recursion', 'rpc'] as const
const adapter = createAdapter()
const running = new Map<string, Awaited<ReturnType<typeof startWsdlSandbox>>['server']>()

beforeAll(async () => {
  for (const name of names) running.set(name, (await startWsdlSandbox(fixture(name), { port: 0, flags: {} })).server)
})
afterAll(async () => {
  for (const server of running.values()) {
    server.closeAllConnections()
    server.close()
  }
  await adapter.close()
})

const urlOf = (name: string): string => `http://127.0.0.1:${(running.get(name)?.address() as AddressInfo | undefined)?.port}/soap`

const inputs: readonly (readonly [(typeof names)[number], JsonObject])[] = [
  ['sequence', { first: 'a', second: 1 }],
  ['choice-repeated', { choices: [{ drop: '1' }, { add: '2' }] }],
  ['abstract-type', { shape: [{ xsi_type: 'Square', name: 's', side: 1 }] }],
  ['recursion', { node: { name: 'a', child: [] } }],
  ['rpc', { person: { name: 'a', tags: { items: ['x'] } } }]
]

test.each(inputs)('%s: the sandbox answers what the adapter can read', async (name, input) => {
  const { actions } = await load(name)
  const [action] = actions
  if (action === undefined) throw new Error('no action')
  const { call } = newCall({ plan: action.steps as Plan, url: urlOf(name), input })
  const output = await adapter.run(call)
  expect(action.checkOutput(output)).toEqual([])
  expect(Object.keys(output as JsonObject).length).toBeGreaterThan(0)
})

test('a one-way call is answered with nothing', async () => {
  const { actions } = await load('rpc')
  const action = actions.find(({ name }) => name === 'fixture_store')
  if (action === undefined) throw new Error('no action')
  const { call } = newCall({ plan: action.steps as Plan, url: urlOf('rpc'), input: { person: { name: 'a', tags: { items: [] } } } })
  expect(await adapter.run(call)).toEqual({})
})

test('a request that does not fit the schema gets a fault that says so', async () => {
  const { actions } = await load('sequence')
  const [action] = actions
  if (action === undefined) throw new Error('no action')
  const text = `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><t:Send xmlns:t="urn:fixture"><t:first>a</t:first></t:Send></e:Body></e:Envelope>`
  const response = await fetch(urlOf('sequence'), { method: 'POST', body: text })
  expect(response.status).toBe(500)
  expect(await response.text()).toContain('/second is required')
  const other = newCall({ plan: action.steps as Plan, url: urlOf('recursion'), input: { first: 'a', second: 1 } })
  expect((await failure(adapter.run(other.call))).message).toContain('target')
})
