import type { Message } from '../../core/ports.ts'

/** How often handlers have failed on the message. Our own count: what the broker counts differs between its versions. */
export const failuresHeader = 'retrofit-failures'

export const encodeMessage = (message: Message): Buffer => Buffer.from(JSON.stringify(message))

/** Undefined when it is not a message of ours. */
export function decodeMessage(content: Buffer): Message | undefined {
  try {
    const value = JSON.parse(content.toString()) as Partial<Message> | null
    return isMessage(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isMessage(value: Partial<Message> | null): value is Message {
  return (
    typeof value?.runId === 'string' &&
    typeof value.bot === 'string' &&
    typeof value.publishedAt === 'number' &&
    (value.traceparent === undefined || typeof value.traceparent === 'string')
  )
}
