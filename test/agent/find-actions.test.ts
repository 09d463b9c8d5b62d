/** A catalogue that is too large for one prompt: the model finds actions, and calls what it found. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Item } from '../../src/agent/agent.ts'
import { echoManifest, type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { type Model, openModel } from './model.ts'
import { openAgent } from './open-agent.ts'

const bank = `
bot: bank
version: 1.0.0
title: Bank
adapter: echo
target: { url: "http://127.0.0.1:9" }
actions:
${['balance', 'transfer', 'statement', 'mortgage', 'card']
  .map(
    name => `  ${name}:
    title: The ${name} of a customer
    description: Answers what it got about the ${name}.
    effect: read
    scopes: [bank:read]
    input: { type: object, additionalProperties: false, properties: { customer: { type: string } } }
    output: { type: object, properties: { customer: { type: string } } }`
  )
  .join('\n')}
`

let gateway: OpenGateway
let model: Model
beforeAll(async () => {
  gateway = await openGateway({ manifests: [echoManifest, bank] })
  model = await openModel()
})
afterAll(async () => {
  await model.close()
  await gateway.close()
})

const open = (more: object = {}) => openAgent({ gateway, modelUrl: model.url, mostTools: 3, ...more })
const search = (query: unknown) => ({ id: `search_${query}`, name: 'search_actions', args: { query } })
const results = (items: readonly Item[]) => items.flatMap(item => (item.kind === 'result' ? [item.text] : []))
const toolsOf = (turn: number): readonly string[] =>
  (model.asked[turn]?.tools ?? []).map(tool => {
    const { function: inside, name } = tool as { function?: { name: string }; name?: string }
    return inside?.name ?? name ?? ''
  })

describe.each(['chat', 'responses'] as const)('over %s', api => {
  test.each([false, true])('a model with more actions than it can take finds one and calls it (strict: %s)', async strict => {
    const { conversation, put } = await open({ api, strict })
    const args = { customer: 'Ada' }
    model.says({ calls: [search('mortgage')] }, { calls: [{ id: 'call_1', name: 'bank_mortgage', args }] }, { text: 'She has one.' })
    const answer = await conversation.ask('Has Ada a mortgage?')
    expect([answer.text, answer.stop, put]).toEqual(['She has one.', 'answered', []])
    expect(toolsOf(0)).toEqual(['search_actions'])
    expect(toolsOf(1)).toEqual(['search_actions', 'bank_mortgage'])
    expect(results(conversation.items)).toEqual([expect.stringContaining('bank_mortgage: The mortgage of a customer'), 'customer: Ada'])
  })
})

test('the oldest go when more were found than a prompt takes, and another conversation begins with the search alone', async () => {
  const { conversation } = await open()
  model.says({ calls: [search('mortgage')] }, { calls: [search('card')] }, { calls: [search('customer')] }, { text: 'Done.' })
  await conversation.ask('What is there?')
  expect([toolsOf(2), toolsOf(3).length]).toEqual([['search_actions', 'bank_mortgage', 'bank_card'], 4])
  const another = await open()
  model.says({ text: 'Nothing yet.' })
  await another.conversation.ask('And now?')
  expect(toolsOf(0)).toEqual(['search_actions'])
})

test.each([
  ['zebra', 'try other words'],
  ['', 'a few words'],
  [7, 'a few words']
])('a search for %j says what to do', async (query, said) => {
  const { conversation } = await open()
  model.says({ calls: [search(query)] }, { text: 'Nothing.' })
  await conversation.ask('Zebras?')
  expect(results(conversation.items)[0]).toContain(said)
})

test('only the actions of the chosen bot are found', async () => {
  const { conversation } = await open({ bot: 'bank' })
  model.says({ calls: [search('text to repeat, of a customer')] }, { text: 'Done.' })
  await conversation.ask('Repeat.')
  expect(toolsOf(1).every(name => name === 'search_actions' || name.startsWith('bank_'))).toBe(true)
})

test('as many actions as a prompt takes are all there, with no search', async () => {
  const { conversation } = await open({ bot: 'bank', mostTools: 5 })
  model.says({ text: 'Five.' })
  await conversation.ask('How many?')
  expect(toolsOf(0)).toEqual(['bank_balance', 'bank_card', 'bank_mortgage', 'bank_statement', 'bank_transfer'])
})
