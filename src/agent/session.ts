/** The session of a conversation: made with the first call that uses one, and ended with the conversation. */
import { type Gateway, isObject } from './gateway.ts'

export interface ConversationSession {
  /** Undefined: the gateway makes none now, and the call goes without. */
  id(): Promise<string | undefined>
  /** It has expired: the next call gets a new one. */
  forget(id: string): void
  end(): Promise<void>
}

const limitMs = 10_000

export function createConversationSession(gateway: Gateway): ConversationSession {
  let opening: Promise<string | undefined> | undefined
  let current: string | undefined
  const open = async (): Promise<string | undefined> => {
    const answer = await gateway.send('POST', '/v1/sessions', { body: {}, signal: AbortSignal.timeout(limitMs) }).catch(() => undefined)
    const id = answer?.status === 201 && isObject(answer.body) ? answer.body.sessionId : undefined
    current = typeof id === 'string' ? id : undefined
    if (current === undefined) opening = undefined
    return current
  }
  return {
    id: () => {
      opening ??= open()
      return opening
    },
    forget: id => {
      if (id === current) opening = undefined
    },
    end: async () => {
      const id = await opening
      opening = undefined
      if (id === undefined) return
      await gateway.send('DELETE', `/v1/sessions/${id}`, { signal: AbortSignal.timeout(limitMs) }).catch(() => undefined)
    }
  }
}
