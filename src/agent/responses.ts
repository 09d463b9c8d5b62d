/** Inference over the responses API. Nothing is kept at the provider: what it needs back comes along in each request. */
import OpenAI from 'openai'
import type {
  FunctionTool,
  Response,
  ResponseInputItem,
  ResponseOutputItem,
  ResponseStreamEvent
} from 'openai/resources/responses/responses'
import type { Inference, Item, Prompt, Reply, ToolCall } from './agent.ts'
import { withOwnIds } from './call-ids.ts'
import { estimate } from './count-reply.ts'
import { explained, InferenceFailed } from './endpoint.ts'

export function responses(endpoint: OpenAI, model: string): Inference {
  // Sealed reasoning goes back with the calls; models that do not reason refuse to be asked for it.
  let sealed = true
  const create = async (prompt: Prompt, signal: AbortSignal): Promise<AsyncIterable<ResponseStreamEvent>> => {
    try {
      return await endpoint.responses.create(requestOf(prompt, { model, sealed }), { signal })
    } catch (error) {
      if (!sealed || !(error instanceof OpenAI.BadRequestError) || !/encrypted|include/i.test(error.message)) throw error
      sealed = false
      return await create(prompt, signal)
    }
  }
  return {
    format: 'openai-responses',
    model,
    infer: (prompt, { signal, onText }) =>
      explained(endpoint, model, async () => {
        const response = await collect(await create(prompt, signal), onText)
        if (signal.aborted) throw new InferenceFailed('interrupted')
        if (response === undefined)
          throw new InferenceFailed(`${endpoint.baseURL} broke the answer off before its end. Nothing of it was done; ask again.`)
        return await replyOf(prompt, response, endpoint.baseURL)
      })
  }
}

const requestOf = ({ instructions, items, tools, mustAnswer }: Prompt, { model, sealed }: { model: string; sealed: boolean }) => ({
  model,
  instructions,
  input: items.flatMap(inputOf),
  stream: true as const,
  store: false,
  ...(sealed ? { include: ['reasoning.encrypted_content' as const] } : {}),
  ...(tools.length === 0 ? {} : { tools: tools.map(({ definition }) => definition as unknown as FunctionTool) }),
  ...(tools.length > 0 && mustAnswer ? { tool_choice: 'none' as const } : {})
})

function inputOf(item: Item): readonly ResponseInputItem[] {
  if (item.kind === 'question') return [{ role: 'user', content: item.text }]
  if (item.kind === 'result') return [{ type: 'function_call_output', call_id: item.call.id, output: item.text }]
  return (item.native ?? []) as readonly ResponseInputItem[]
}

/** The items as they come, in case the last event does not repeat them. */
async function collect(stream: AsyncIterable<ResponseStreamEvent>, onText: (text: string) => void): Promise<Response | undefined> {
  const items: ResponseOutputItem[] = []
  for await (const event of stream) {
    if (event.type === 'response.output_text.delta' || event.type === 'response.refusal.delta') onText(event.delta)
    if (event.type === 'response.output_item.done') items.push(event.item)
    if (event.type === 'error') throw new InferenceFailed(event.message)
    if (event.type === 'response.completed' || event.type === 'response.incomplete' || event.type === 'response.failed')
      return event.response.output.length > 0 ? event.response : { ...event.response, output: items }
  }
  return undefined
}

async function replyOf(prompt: Prompt, { output, usage, status, error, incomplete_details }: Response, where: string): Promise<Reply> {
  if (status === 'failed') throw new InferenceFailed(`${where} failed: ${error?.message ?? 'it does not say why'}`)
  const said = output.flatMap(item => (item.type === 'message' ? item.content : []))
  const text = said.map(part => (part.type === 'output_text' ? part.text : part.refusal)).join('')
  const wire = output.filter(item => item.type === 'function_call')
  const calls = withOwnIds(wire.map(({ call_id, name, arguments: given }): ToolCall => ({ id: call_id ?? '', name, arguments: given })))
  const filtered = incomplete_details?.reason === 'content_filter' || said.some(({ type }) => type === 'refusal')
  return {
    text,
    calls,
    finish: filtered ? 'refused' : status === 'incomplete' ? 'length' : 'stop',
    tokens: usage
      ? { input: usage.input_tokens, cached: usage.input_tokens_details?.cached_tokens ?? 0, output: usage.output_tokens, estimated: false }
      : await estimate(prompt, { text, calls }),
    native: output.flatMap(item => sentBack(item, calls[wire.indexOf(item as (typeof wire)[number])]))
  }
}

/** Without its id: nothing is stored that it could name. Reasoning that is not sealed means nothing to anybody. */
function sentBack(item: ResponseOutputItem, call: ToolCall | undefined): readonly ResponseInputItem[] {
  if (item.type === 'function_call' && call !== undefined)
    return [{ type: 'function_call', call_id: call.id, name: call.name, arguments: call.arguments || '{}' }]
  if (item.type === 'message') {
    const text = item.content.map(part => (part.type === 'output_text' ? part.text : part.refusal)).join('')
    return [{ role: 'assistant', content: text }]
  }
  return item.type === 'reasoning' && item.encrypted_content ? [item] : []
}
