/** The loop on a real gateway with the echo adapter, and a scripted model. */
import type { AgentEvent, Approval, Parts, ReadyCall } from '../../src/agent/agent.ts'
import type { Limits } from '../../src/agent/budget.ts'
import { chatCompletions } from '../../src/agent/chat-completions.ts'
import type { Conversation } from '../../src/agent/conversation.ts'
import { createAgent } from '../../src/agent/create-agent.ts'
import { openEndpoint } from '../../src/agent/endpoint.ts'
import { responses } from '../../src/agent/responses.ts'
import type { ActionEffect } from '../../src/core/types.ts'
import type { OpenGateway } from '../gateway/open-gateway.ts'

export interface OpenAgentOptions {
  readonly gateway: Pick<OpenGateway, 'url' | 'adminKey'>
  readonly modelUrl: string
  readonly api?: 'chat' | 'responses'
  readonly strict?: boolean
  readonly mostTools?: number
  readonly limits?: Partial<Limits>
  readonly parts?: Partial<Parts>
  readonly id?: string
  readonly bot?: string
  readonly askBefore?: readonly ActionEffect[]
  /** The person at the keyboard; absent: says yes. */
  readonly person?: Approval['ask']
}

const yes: Approval['ask'] = async () => ({ approved: true })

export async function openAgent({
  gateway,
  modelUrl,
  api = 'chat',
  person = yes,
  askBefore = ['irreversible'],
  ...more
}: OpenAgentOptions): Promise<{
  conversation: Conversation
  /** What was put to the person. */
  put: ReadyCall[]
  events: AgentEvent[]
  onEvent: (event: AgentEvent) => void
}> {
  const put: ReadyCall[] = []
  const events: AgentEvent[] = []
  const endpoint = openEndpoint({ baseUrl: `${modelUrl}/v1`, apiKey: 'a-key' })
  const ask: Approval['ask'] = (call, signal) => {
    put.push(call)
    return person(call, signal)
  }
  const agent = await createAgent({
    ...more,
    gateway: { url: gateway.url, key: gateway.adminKey },
    inference: (api === 'chat' ? chatCompletions : responses)(endpoint, 'a-model'),
    approval: { effects: new Set(askBefore), ask }
  })
  return { conversation: agent.converse(), put, events, onEvent: event => events.push(event) }
}
