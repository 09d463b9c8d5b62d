/** A model server that says what it is told to, over the wire formats of every provider. */
import { LLMock } from '@copilotkit/aimock'

export interface ScriptedCall {
  readonly id?: string
  readonly name: string
  readonly args: object | string
}

/** One reply: a text, calls, or both; `error` is an answer of that status. */
export interface Reply {
  readonly text?: string
  readonly calls?: readonly ScriptedCall[]
  readonly finish?: 'stop' | 'length' | 'content_filter'
  readonly tokens?: readonly [input: number, output: number]
  readonly error?: { readonly status: number; readonly message: string }
}

/** A request as the server understood it, whatever its wire format was. */
export interface Asked {
  readonly messages: readonly {
    readonly role: string
    readonly content: unknown
    readonly tool_calls?: unknown
    readonly tool_call_id?: string
  }[]
  readonly tools?: readonly unknown[]
  readonly [more: string]: unknown
}

export interface Model {
  /** Without `/v1`. */
  readonly url: string
  /** What it answers next, in this order; without a script it says so. */
  says(...replies: readonly Reply[]): void
  /** Since the last script. */
  readonly asked: readonly Asked[]
  /** Whether nothing of the script is left. */
  isDone(): boolean
  close(): Promise<void>
}

export async function openModel(): Promise<Model> {
  const server = new LLMock({ port: 0, logLevel: 'silent' })
  let script: Reply[] = []
  const asked: Asked[] = []
  server.on({ predicate: () => true }, request => {
    asked.push(request as unknown as Asked)
    return wire(script.shift() ?? { text: 'The script is over.' })
  })
  await server.start()
  return {
    url: server.url,
    says: (...replies) => {
      script = [...replies]
      asked.length = 0
    },
    asked,
    isDone: () => script.length === 0,
    close: () => server.stop()
  }
}

function wire({ text, calls, finish, tokens, error }: Reply) {
  if (error !== undefined) return { error: { message: error.message, type: 'error' }, status: error.status }
  const [input = 100, output = 10] = tokens ?? []
  const more = {
    ...(finish === undefined ? {} : { finishReason: finish }),
    usage: { prompt_tokens: input, completion_tokens: output, input_tokens: input, output_tokens: output }
  }
  if (calls === undefined) return { content: text ?? '', ...more }
  const toolCalls = calls.map(({ id, name, args }) => ({
    name,
    arguments: typeof args === 'string' ? args : JSON.stringify(args),
    ...(id === undefined ? {} : { id })
  }))
  return text === undefined ? { toolCalls, ...more } : { content: text, toolCalls, ...more }
}
