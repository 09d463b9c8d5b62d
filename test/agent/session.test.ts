/** A conversation has a session: what one call learnt need not be said again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Item } from '../../src/agent/agent.ts'
import { chatCompletions } from '../../src/agent/chat-completions.ts'
import { createAgent } from '../../src/agent/create-agent.ts'
import { openEndpoint } from '../../src/agent/endpoint.ts'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'
import { type Model, openModel } from './model.ts'

const action = (name: string, account: string): string => `
  ${name}:
    title: Look at an account
    description: Looks at one. Use it to try sessions.
    effect: read
    scopes: [bank:read]
    input: { type: object, required: [account], additionalProperties: false, properties: { account: { type: string${account} } } }
    output: { type: object, properties: { account: { type: string${account} } } }`
const bank = `
bot: bank
version: 1.0.0
title: Bank
adapter: echo
target: { url: 'http://127.0.0.1:9' }
actions:${action('find', ', x-session: account')}${action('plain', '')}
`

let gateway: OpenGateway
let model: Model
beforeAll(async () => {
  gateway = await openGateway({ manifests: [bank] })
  model = await openModel()
})
afterAll(async () => {
  await model.close()
  await gateway.close()
})

const results = (items: readonly Item[]) => items.filter(item => item.kind === 'result').map(({ text }) => text)
const sessionsMade: string[] = []

test('it is made with the first call that uses one, gone when the chat ends, and made anew when it has expired', async () => {
  const { sessions } = gateway.parts.store
  const [create, remove] = [sessions.create.bind(sessions), sessions.delete.bind(sessions)]
  const ended: string[] = []
  Object.assign(sessions, {
    create: (...args: Parameters<typeof create>) => {
      sessionsMade.push(args[0].id)
      return create(...args)
    },
    delete: (id: string) => {
      ended.push(id)
      return remove(id)
    }
  })
  const agent = await createAgent({
    gateway: { url: gateway.url, key: gateway.adminKey },
    inference: chatCompletions(openEndpoint({ baseUrl: `${model.url}/v1`, apiKey: 'a-key' }), 'a-model'),
    approval: { effects: new Set(), ask: async () => ({ approved: true }) }
  })
  const conversation = agent.converse()
  const ask = async (calls: readonly { readonly name: string; readonly args: object }[]): Promise<readonly string[]> => {
    const before = results(conversation.items).length
    model.says({ calls: calls.map((call, i) => ({ id: `call_${before}_${i}`, ...call })) }, { text: 'Done.' })
    await conversation.ask('Go on.')
    return results(conversation.items).slice(before)
  }
  expect(await ask([{ name: 'bank_plain', args: { account: '1' } }])).toEqual(['account: 1'])
  expect(sessionsMade).toEqual([])
  expect(await ask([{ name: 'bank_find', args: { account: '40012345' } }])).toEqual(['account: 40012345'])
  expect(await ask([{ name: 'bank_find', args: {} }])).toEqual(['account: 40012345'])
  expect(sessionsMade).toHaveLength(1)
  expect(JSON.stringify(model.asked[0]?.tools)).not.toContain('Session id')

  await remove(sessionsMade[0] as string)
  expect(await ask([{ name: 'bank_find', args: { account: '7' } }])).toEqual(['account: 7'])
  expect(sessionsMade).toHaveLength(2)
  await agent.close()
  expect(ended).toEqual([sessionsMade[1]])
})
