/** A file that a step gave to a field, and whether a request carries it. */
import type { BodyFields, Sent } from './body-fields.ts'

export interface GivenFile {
  readonly name: string
  readonly content: Buffer
}

export interface SeenFile {
  readonly name: string
  readonly size: number
}

export const fileText = ({ name, size }: SeenFile): string => `${name} (${size} bytes)`

/** Large files are sent in parts: the first has the beginning. */
const beginningBytes = 1_024

/** Whether the request, of any page and script, is one that takes the file along or begins to. */
export function beginsToCarry({ method, body }: Sent, { content }: GivenFile): boolean {
  if (/^(GET|HEAD|OPTIONS)$/.test(method) || body === null || content.length === 0) return false
  const beginning = content.subarray(0, beginningBytes)
  // Whole groups of three bytes: the text of what follows is another one.
  const text = beginning.subarray(0, content.length > beginningBytes ? 1_023 : undefined).toString('base64')
  return [beginning, text, encodeURIComponent(text)].some(each => body.includes(each))
}

/** Byte for byte, or as base64. */
export function carries(sent: Pick<Sent, 'body'>, fields: BodyFields, { content }: GivenFile): boolean {
  if (content.length === 0 || sent.body === null) return false
  return sent.body.includes(content) || fields.includes(content.toString('base64'))
}
