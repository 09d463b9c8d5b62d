/** Sessions over MCP: nothing of them in the definitions of those who have none; a tool opens one, a header carries one. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type OpenGateway, openGateway } from '../gateway/open-gateway.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of any shape are looked into
type Any = any

const bank = `
bot: bank
version: 1.0.0
title: Bank
adapter: echo
target: { url: 'http://127.0.0.1:9' }
actions:
  find:
    title: Find an account
    description: Finds one. Use it first.
    effect: read
    scopes: [bank:read]
    example: { account: '40012345' }
    input:
      type: object
      required: [account]
      additionalProperties: false
      properties: { account: { type: string, description: Account number., x-session: account } }
    output: { type: object, required: [account], properties: { account: { type: string, x-session: account } } }
`

let gateway: OpenGateway
let id = 0
beforeAll(async () => {
  gateway = await openGateway({ manifests: [bank] })
})
afterAll(() => gateway.close())

const ask = async (method: string, params: object, headers: Record<string, string> = {}, authorization?: string): Promise<Any> => {
  const { text } = await gateway.call('/mcp', {
    body: { jsonrpc: '2.0', id: ++id, method, params },
    ...(authorization === undefined ? {} : { authorization }),
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18', ...headers }
  })
  const answers = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data as string))
  return { ...(answers.at(-1) ?? JSON.parse(text)), told: answers.map(answer => answer.method) }
}
const listed = async (headers = {}, authorization?: string): Promise<Record<string, Any>> =>
  Object.fromEntries((await ask('tools/list', {}, headers, authorization)).result.tools.map((tool: Any) => [tool.name, tool]))
const find = async (args: object, headers = {}, authorization?: string): Promise<Any> =>
  (await ask('tools/call', { name: 'bank_find', arguments: args }, headers, authorization)).result

test('who has no session reads nothing of one but the tool that opens it; then tools take it, and the client is told', async () => {
  const bearer = await gateway.bearer(['bank:read'])
  const before = await listed({}, bearer)
  expect(Object.keys(before)).toEqual(['bank_find', 'open_session', 'get_run'])
  expect(JSON.stringify(before.bank_find)).not.toMatch(/session/i)
  expect(before.bank_find.inputSchema.required).toEqual(['account'])

  const opened = await ask('tools/call', { name: 'open_session', arguments: {} }, {}, bearer)
  const { session } = opened.result.structuredContent
  expect(session).toMatch(/^ses_/)
  expect(opened.result.content[0].text).toContain(`session: "${session}"`)
  expect(opened.told).toContain('notifications/tools/list_changed')

  const after = await listed({}, bearer)
  expect(Object.keys(after.bank_find.inputSchema.properties)).toEqual(['account', 'session'])
  expect(after.bank_find.inputSchema).not.toHaveProperty('required')
  expect((await listed({}, await gateway.bearer(['bank:read']))).bank_find).toEqual(before.bank_find)

  expect((await find({ account: '40012345', session }, {}, bearer)).structuredContent).toEqual({ account: '40012345' })
  expect((await find({ session }, {}, bearer)).structuredContent).toEqual({ account: '40012345' })
  expect((await find({}, {}, bearer))._meta.problem.code).toBe('invalid_input')

  await gateway.call(`/v1/sessions/${session}`, { method: 'DELETE', authorization: bearer })
  expect((await listed({}, bearer)).bank_find).toEqual(before.bank_find)
})

test('Session-Id on /mcp is the session of all calls, and no model hears of it', async () => {
  const { sessionId } = (await gateway.call('/v1/sessions', { body: { variables: { account: '87654321' } } })).json
  const carried = { 'session-id': sessionId }
  const { bank_find: tool, open_session: open } = await listed(carried)
  expect(open).toBeUndefined()
  expect(Object.keys(tool.inputSchema.properties)).toEqual(['account'])
  expect(tool.inputSchema).not.toHaveProperty('required')
  expect((await find({}, carried)).structuredContent).toEqual({ account: '87654321' })
  expect((await find({ session: 'ses_0000000000000000' }, carried))._meta.problem.code).toBe('invalid_request')
  expect((await find({}, { 'session-id': 'ses_0000000000000000' }))._meta.problem.code).toBe('session_not_found')
})

test('a tool has an example line, and the shape of its output where that is short', async () => {
  const { bank_find: tool } = await listed()
  expect(tool.description).toBe('Finds one. Use it first.\nExample: {"account":"40012345"}')
  expect(tool.outputSchema).toEqual({ type: 'object', properties: { account: { type: 'string' } } })
})
