import { isRunId } from '../../core/ids.ts'
import type { Message } from '../../core/ports.ts'

/** How often handlers have failed on the message. Our own count: what the broker counts differs between its versions. */
export const failuresHeader = 'retrofit-failures'

export const encodeMessage = (message: Message): Buffer => Buffer.from(JSON.stringify(message))

/** Ours have a few hundred. */
const longestBytes = 10_000

/** Undefined when it is not a message of ours. */
export function decodeMessage(content: Buffer): Message | undefined {
  if (content.length > longestBytes) return undefined
  try {
    const value = JSON.parse(content.toString()) as Partial<Message> | null
    return isMessage(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The value of the header; another writer may have put anything there. */
export function failuresOf(headers: Readonly<Record<string, unknown>> | undefined): number {
  const failures = headers?.[failuresHeader]
  return typeof failures === 'number' && Number.isSafeInteger(failures) && failures >= 0 ? failures : 0
}

function isMessage(value: Partial<Message> | null): value is Message {
  return (
    typeof value?.runId === 'string' &&
    isRunId(value.runId) &&
    typeof value.bot === 'string' &&
    Number.isSafeInteger(value.publishedAt) &&
    (value.priority === undefined || value.priority === 'high') &&
    (value.traceparent === undefined || typeof value.traceparent === 'string')
  )
}
