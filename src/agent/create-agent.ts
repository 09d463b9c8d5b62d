/** An agent on one gateway and one model: the parts that are used when no others are given, put together. */

import { randomText } from '../core/ids.ts'
import { newTraceparent, traceIdOf } from '../core/trace-context.ts'
import type { AgentTool, Approval, Inference, Parts } from './agent.ts'
import { defaultMostTools, type Limits } from './budget.ts'
import { replyCheck } from './check-reply.ts'
import { type Conversation, createConversation } from './conversation.ts'
import { createExecution } from './execute-action.ts'
import { withSearch } from './find-actions.ts'
import { createGateway } from './gateway.ts'
import { createPromptBuilder } from './prompt.ts'
import { type ConversationSession, createConversationSession } from './session.ts'

export interface AgentOptions {
  readonly gateway: { readonly url: string; readonly key: string }
  readonly inference: Inference
  readonly approval: Approval
  /** Only the actions of this bot. */
  readonly bot?: string | undefined
  /** Definitions in strict mode. */
  readonly strict?: boolean
  /** Most actions that the model gets at once; of more it gets a tool that finds them. */
  readonly mostTools?: number | undefined
  readonly limits?: Partial<Limits>
  readonly instructions?: string | undefined
  /** The same id, dialogue and calls give the same idempotency keys. Absent: a new one. */
  readonly id?: string
  /** Hears of actions that can not be tools of the model. */
  readonly onLeftOut?: ((names: string) => void) | undefined
  /** Parts of your own instead of ours. */
  readonly parts?: Partial<Parts>
}

export interface Agent {
  /** All that it may do, also what the model has to find first. */
  readonly tools: readonly AgentTool[]
  readonly traceId: string
  /** Begins a new dialogue, with a budget of its own. */
  converse(): Conversation
  /** Ends the sessions of its dialogues. */
  close(): Promise<void>
}

/** Throws when the gateway does not answer, or lets this key do nothing. */
export async function createAgent(options: AgentOptions): Promise<Agent> {
  const { inference, bot, strict = false, mostTools = defaultMostTools, instructions, limits, id } = options
  const traceparent = newTraceparent()
  const gateway = createGateway({ ...options.gateway, traceparent })
  const tools = await gateway.tools({ format: inference.format, strict, bot, onLeftOut: options.onLeftOut })
  const parts: Omit<Parts, 'execution'> = {
    prompt: createPromptBuilder({ instructions }),
    inference,
    check: replyCheck,
    approval: options.approval,
    ...options.parts
  }
  const sessions: ConversationSession[] = []
  const converse = (): Conversation => {
    const session = createConversationSession(gateway)
    sessions.push(session)
    const execution = options.parts?.execution ?? createExecution({ gateway, format: inference.format, strict, session })
    const whole = { parts: { ...parts, execution }, tools }
    const find = (query: string) => gateway.tools({ format: inference.format, strict, bot, query })
    const given = tools.length > mostTools ? withSearch({ ...whole, find, mostTools }) : whole
    return createConversation({ ...given, id: id ?? `chat_${randomText(16)}`, ...(limits === undefined ? {} : { limits }) })
  }
  return {
    tools,
    traceId: traceIdOf(traceparent),
    converse,
    close: async () => void (await Promise.all(sessions.splice(0).map(session => session.end())))
  }
}
