/**
 * Inference over chat completions, which every compatible endpoint has. The chunks are put together here and not by the
 * library's helper, because endpoints differ: no index, no id, arguments in one piece, members of their own on a call.
 */
import type OpenAI from 'openai'
import type { ChatCompletionChunk, ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions'
import type { Inference, Item, Prompt, Reply, ToolCall } from './agent.ts'
import { withOwnIds } from './call-ids.ts'
import { estimate } from './count-reply.ts'
import { explained, InferenceFailed } from './endpoint.ts'

type Delta = ChatCompletionChunk.Choice.Delta
type WireCall = NonNullable<Delta['tool_calls']>[number]

/** A call with the members that only its own endpoint knows, such as Gemini's signature of a thought. */
interface NativeCall extends ToolCall {
  readonly extra: object
}

export function chatCompletions(endpoint: OpenAI, model: string): Inference {
  return {
    format: 'openai',
    model,
    infer: (prompt, { signal, onText }) =>
      explained(endpoint, model, async () => {
        const stream = await endpoint.chat.completions.create(requestOf(prompt, model), { signal })
        const parts = await collect(stream, onText)
        if (signal.aborted) throw new InferenceFailed('interrupted')
        return await replyOf(prompt, parts, endpoint.baseURL)
      })
  }
}

const requestOf = ({ instructions, items, tools, mustAnswer }: Prompt, model: string) => ({
  model,
  messages: [{ role: 'system' as const, content: instructions }, ...items.map(messageOf)],
  stream: true as const,
  stream_options: { include_usage: true },
  ...(tools.length === 0 ? {} : { tools: tools.map(({ definition }) => definition as unknown as ChatCompletionTool) }),
  ...(tools.length > 0 && mustAnswer ? { tool_choice: 'none' as const } : {})
})

function messageOf(item: Item): ChatCompletionMessageParam {
  if (item.kind === 'question') return { role: 'user', content: item.text }
  if (item.kind === 'result') return { role: 'tool', tool_call_id: item.call.id, content: item.text }
  const content = item.text === '' && item.calls.length > 0 ? null : item.text
  if (item.calls.length === 0) return { role: 'assistant', content }
  const native = (item.native ?? item.calls) as readonly (ToolCall & Partial<NativeCall>)[]
  return { role: 'assistant', content, tool_calls: native.map(wireCall) }
}

const wireCall = ({ id, name, arguments: text, extra = {} }: ToolCall & Partial<NativeCall>) => ({
  ...extra,
  id,
  type: 'function' as const,
  function: { name, arguments: text || '{}' }
})

interface Collected {
  text: string
  refusal: string
  finish: string | undefined
  usage: ChatCompletionChunk['usage']
  readonly calls: NativeCall[]
}

async function collect(stream: AsyncIterable<ChatCompletionChunk>, onText: (text: string) => void): Promise<Collected> {
  const parts: Collected = { text: '', refusal: '', finish: undefined, usage: undefined, calls: [] }
  const slots = new Map<number, number>()
  for await (const chunk of stream) {
    parts.usage = chunk.usage ?? parts.usage
    const choice = chunk.choices?.[0]
    if (choice === undefined) continue
    const delta: Delta = choice.delta ?? {}
    const text = delta.content ?? delta.refusal ?? ''
    if (text !== '') onText(text)
    parts.text += delta.content ?? ''
    parts.refusal += delta.refusal ?? ''
    for (const call of delta.tool_calls ?? []) add(parts.calls, slots, call)
    parts.finish = choice.finish_reason ?? parts.finish
  }
  return parts
}

/** Without an index, a piece that has a new id or a name begins a call, and any other goes on with the last one. */
function add(calls: NativeCall[], slots: Map<number, number>, { index, id, function: made, type: _, ...extra }: WireCall): void {
  const last = calls.length - 1
  const goesOn =
    index === undefined ? last >= 0 && (id ?? calls[last]?.id) === calls[last]?.id && made?.name === undefined : slots.has(index)
  const at = goesOn ? (slots.get(index) ?? last) : calls.length
  if (!goesOn && index !== undefined) slots.set(index, at)
  const known: NativeCall = calls[at] ?? { id: '', name: '', arguments: '', extra: {} }
  calls[at] = {
    id: known.id || (id ?? ''),
    name: known.name || (made?.name ?? ''),
    arguments: known.arguments + textOf(made?.arguments),
    extra: { ...known.extra, ...extra }
  }
}

/** Some endpoints send the object itself. */
const textOf = (text: unknown): string =>
  typeof text === 'string' ? text : text === undefined || text === null ? '' : JSON.stringify(text)

async function replyOf(prompt: Prompt, { text, refusal, finish, usage, calls }: Collected, where: string): Promise<Reply> {
  if (finish === undefined) throw new InferenceFailed(`${where} broke the answer off before its end. Nothing of it was done; ask again.`)
  const native = withOwnIds(calls)
  const made = native.map(({ id, name, arguments: given }): ToolCall => ({ id, name, arguments: given }))
  const refusedToo = finish === 'content_filter' || (refusal !== '' && text === '')
  return {
    text: text || refusal,
    calls: made,
    finish: finish === 'length' ? 'length' : refusedToo ? 'refused' : 'stop',
    tokens: usage
      ? {
          input: usage.prompt_tokens,
          cached: usage.prompt_tokens_details?.cached_tokens ?? 0,
          output: usage.completion_tokens,
          estimated: false
        }
      : await estimate(prompt, { text, calls: made }),
    native
  }
}
