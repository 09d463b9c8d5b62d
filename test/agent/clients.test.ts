/**
 * Our definitions in the hands of the clients that people use: each takes them, gets a tool call from a model, calls the
 * real gateway (SOAP behind it), and hands the result back to the model.
 */

import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { MultiServerMCPClient } from '@langchain/mcp-adapters'
import { ChatOpenAI } from '@langchain/openai'
import { Agent, tool as agentsTool, OpenAIProvider, Runner, setTracingDisabled } from '@openai/agents'
import { dynamicTool, generateText, isStepCount, jsonSchema } from 'ai'
import OpenAI from 'openai'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions'
import type { FunctionTool, ResponseInputItem } from 'openai/resources/responses/responses'
import { type Client, createClient } from '../e2e/client.ts'
import type { Program } from '../e2e/program.ts'
import { adminKey, openSite, type Site } from '../e2e/site.ts'
import { type Model, openModel } from './model.ts'

const question = 'Who is customer C-1001, and which current accounts are there?'
const final = 'C-1001 is Maria Keller.'
/** Two calls at once; in strict mode an optional argument is there with null. */
const callsOf = (client: string, strict: boolean) => [
  { id: `call_${client}_1`, name: 'corebank_get_customer', args: { customer_id: 'C-1001' } },
  { id: `call_${client}_2`, name: 'corebank_list_accounts', args: { customer_id: 'C-1001', ...(strict ? { type: null } : {}) } }
]

let site: Site
let program: Program
let gateway: Client
let model: Model
beforeAll(async () => {
  setTracingDisabled(true)
  site = openSite()
  site.copyBot('corebank')
  await site.startTarget('corebank')
  program = await site.start('up')
  gateway = createClient(() => program.url, adminKey)
  model = await openModel()
})
afterAll(async () => {
  await model?.close()
  await site?.close()
})

const definitions = async <T>(query: string): Promise<T> =>
  JSON.parse((await gateway.request('GET', `/tools?bot=corebank&${query}`)).text) as T

/** What every client does with a call: the name is the path, the arguments are the body, the id is the key. */
async function callAction(query: string, { name, args, id }: { name: string; args: unknown; id: string }): Promise<string> {
  const body = typeof args === 'string' ? args : JSON.stringify(args)
  const answer = await gateway.request('POST', `/v1/actions/${name}?${query}`, { body, headers: { 'idempotency-key': `"${id}"` } })
  expect(answer.status).toBe(200)
  return answer.text
}

/** The model saw our definitions, and both results. */
function saw(client: string): void {
  expect(model.isDone()).toBe(true)
  expect(model.asked.length).toBe(2)
  expect(JSON.stringify(model.asked[0]?.tools)).toContain('Customer number, as C-1001')
  const results = (model.asked[1]?.messages ?? []).filter(({ role }) => role === 'tool')
  expect(results.map(({ tool_call_id }) => tool_call_id)).toEqual([`call_${client}_1`, `call_${client}_2`])
  expect(JSON.stringify(results[0]?.content)).toContain('Keller')
  expect(JSON.stringify(results[1]?.content)).toMatch(/CURRENT/)
}

/** And the id of the call is the key of its run. */
async function proven(client: string): Promise<void> {
  saw(client)
  const again = await gateway.call('corebank_get_customer', { customer_id: 'C-1001' }, { key: `call_${client}_1` })
  expect(again.headers.get('idempotent-replayed')).toBe('true')
}

const openai = () => new OpenAI({ baseURL: `${model.url}/v1`, apiKey: 'a-key' })

test('openai: chat completions', async () => {
  const tools = await definitions<ChatCompletionTool[]>('format=openai&strict=true')
  model.says({ calls: callsOf('chat', true) }, { text: final })
  const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: question }]
  const first = await openai().chat.completions.create({ model: 'gpt-4o', messages, tools })
  const calls = (first.choices[0]?.message.tool_calls ?? []).filter(call => call.type === 'function')
  const results = calls.map(async ({ id, function: { name, arguments: args } }) => ({
    role: 'tool' as const,
    tool_call_id: id,
    content: await callAction('format=openai&strict=true', { name, args, id })
  }))
  const all = [...messages, first.choices[0]?.message as ChatCompletionMessageParam, ...(await Promise.all(results))]
  const second = await openai().chat.completions.create({ model: 'gpt-4o', messages: all, tools })
  expect(second.choices[0]?.message.content).toBe(final)
  await proven('chat')
})

test('openai: responses', async () => {
  const tools = await definitions<FunctionTool[]>('format=openai-responses&strict=true')
  model.says({ calls: callsOf('responses', true) }, { text: final })
  const input: ResponseInputItem[] = [{ role: 'user', content: question }]
  const first = await openai().responses.create({ model: 'gpt-4o', input, tools })
  const calls = first.output.filter(item => item.type === 'function_call')
  const results = calls.map(async ({ call_id, name, arguments: args }) => ({
    type: 'function_call_output' as const,
    call_id,
    output: await callAction('format=openai-responses&strict=true', { name, args, id: call_id })
  }))
  const second = await openai().responses.create({ model: 'gpt-4o', input: [...input, ...calls, ...(await Promise.all(results))], tools })
  expect(second.output_text).toBe(final)
  await proven('responses')
})

test('@anthropic-ai/sdk: messages', async () => {
  const tools = await definitions<Anthropic.Tool[]>('format=anthropic&strict=true')
  model.says({ calls: callsOf('claude', false) }, { text: final })
  const anthropic = new Anthropic({ baseURL: model.url, apiKey: 'a-key' })
  const request = { model: 'claude-3-5-sonnet-20241022', max_tokens: 1_000, tools }
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: question }]
  const first = await anthropic.messages.create({ ...request, messages })
  expect(first.stop_reason).toBe('tool_use')
  const calls = first.content.filter(block => block.type === 'tool_use')
  const results = calls.map(async ({ id, name, input: args }) => ({
    type: 'tool_result' as const,
    tool_use_id: id,
    content: await callAction('format=anthropic&strict=true', { name, args, id })
  }))
  const turn = { role: 'user' as const, content: await Promise.all(results) }
  const second = await anthropic.messages.create({
    ...request,
    messages: [...messages, { role: 'assistant', content: first.content }, turn]
  })
  expect(second.content).toMatchObject([{ type: 'text', text: final }])
  await proven('claude')
})

interface ChatDefinition {
  readonly function: { readonly name: string; readonly description: string; readonly parameters: Record<string, unknown> }
}

test.each([
  ['chat completions', false],
  ['responses', true]
])('@openai/agents over %s', async (_, useResponses) => {
  const client = `agents_${useResponses}`
  const found = await definitions<ChatDefinition[]>('format=openai&strict=true')
  const tools = found.map(({ function: { name, description, parameters } }) =>
    agentsTool({
      name,
      description,
      parameters: parameters as Parameters<typeof agentsTool>[0]['parameters'],
      strict: true,
      execute: (args: unknown, _run: unknown, details?: { toolCall?: { callId: string } }) =>
        callAction('format=openai&strict=true', { name, args, id: details?.toolCall?.callId ?? '' })
    } as Parameters<typeof agentsTool>[0])
  )
  model.says({ calls: callsOf(client, true) }, { text: final })
  const modelProvider = new OpenAIProvider({ apiKey: 'a-key', baseURL: `${model.url}/v1`, useResponses })
  const agent = new Agent({ name: 'Teller', instructions: 'Help.', model: 'gpt-4o', tools })
  const result = await new Runner({ modelProvider }).run(agent, question)
  expect(result.finalOutput).toBe(final)
  await proven(client)
})

test('ai (Vercel): generateText', async () => {
  const found = await definitions<ChatDefinition[]>('format=openai')
  const tools = found.map(({ function: { name, description, parameters } }) => {
    const execute = (args: unknown, { toolCallId }: { toolCallId: string }) => callAction('format=openai', { name, args, id: toolCallId })
    return [name, dynamicTool({ description, inputSchema: jsonSchema(parameters), execute })] as const
  })
  model.says({ calls: callsOf('ai', false) }, { text: final })
  const provider = createOpenAI({ baseURL: `${model.url}/v1`, apiKey: 'a-key' })
  const { text, steps } = await generateText({
    model: provider.chat('gpt-4o'),
    tools: Object.fromEntries(tools),
    stopWhen: isStepCount(4),
    prompt: question
  })
  expect([text, steps.length]).toEqual([final, 2])
  await proven('ai')
})

test('@langchain/core with @langchain/mcp-adapters: tools over MCP, without code of ours', async () => {
  const headers = { authorization: `Bearer ${adminKey}` }
  const client = new MultiServerMCPClient({ mcpServers: { retrofit: { transport: 'http', url: `${program.url}/mcp`, headers } } })
  try {
    const tools = await client.getTools()
    const chat = new ChatOpenAI({ model: 'gpt-4o', apiKey: 'a-key', configuration: { baseURL: `${model.url}/v1` } }).bindTools(tools)
    model.says({ calls: callsOf('langchain', false) }, { text: final })
    const dialogue: BaseMessage[] = [new HumanMessage(question)]
    const reply = (await chat.invoke(dialogue)) as AIMessage
    dialogue.push(reply)
    for (const call of reply.tool_calls ?? []) {
      const result = await tools.find(({ name }) => name === call.name)?.invoke({ ...call, type: 'tool_call' })
      dialogue.push(result as BaseMessage)
    }
    expect((await chat.invoke(dialogue)).content).toBe(final)
    saw('langchain')
    const { runs } = (await gateway.request('GET', '/v1/runs?action=corebank_list_accounts&limit=1')).body as { runs: { status: string }[] }
    expect(runs).toMatchObject([{ status: 'completed' }])
  } finally {
    await client.close()
  }
})
