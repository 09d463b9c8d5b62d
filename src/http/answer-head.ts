/** The head of an HTTP/1 answer, read as browsers read it: what can not be understood of it is passed over. */
import { isUtf8 } from 'node:buffer'

/** By name in small letters, as often as it came. */
export type AnswerHeaders = ReadonlyMap<string, readonly string[]>

export interface AnswerHead {
  readonly status: number
  readonly headers: AnswerHeaders
}

/** It is no HTTP answer. */
export class NoHttp extends Error {}
export const noBegin = 'what came does not begin as an HTTP answer does'

const [cr, lf] = [13, 10]

/** Where the blank line ends that ends the head; undefined: not there yet. Lines may end with LF alone. */
export function headEnd(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(lf, from); at !== -1; at = bytes.indexOf(lf, at + 1)) {
    if (bytes[at + 1] === lf) return at + 2
    if (bytes[at + 1] === cr && bytes[at + 2] === lf) return at + 3
  }
  return undefined
}

/** Where the empty lines before it end. */
export function emptyLines(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === cr || bytes[at] === lf) at += 1
  return at
}

const statusLine = /^.{0,4}?http(?:\/[\d.]*)?[ \t]*(\d*)/i

/** Throws NoHttp. */
export function readHead(bytes: Buffer): AnswerHead {
  const [first = '', ...lines] = bytes.toString('latin1').split(/\r\n|\n|\r/)
  const found = statusLine.exec(first)
  if (found === null) throw new NoHttp(noBegin)
  // A browser takes an answer that names no status for a good one.
  const status = found[1] === '' ? 200 : Number(found[1])
  if (status < 100 || status > 599) throw new NoHttp(`its status is ${found[1]?.slice(0, 20)}, which HTTP does not have`)
  return { status, headers: readHeaders(lines) }
}

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i

/** RFC 9112, section 5: blanks and tabs around a value are not part of it. */
function withoutBlanks(text: string): string {
  const isBlank = (at: number) => text[at] === ' ' || text[at] === '\t'
  let [from, end] = [0, text.length]
  while (from < end && isBlank(from)) from += 1
  while (end > from && isBlank(end - 1)) end -= 1
  return text.slice(from, end)
}

function readHeaders(lines: readonly string[]): AnswerHeaders {
  const headers = new Map<string, string[]>()
  for (const line of unfolded(lines)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon)).trimEnd()
    if (!token.test(name) || line.includes('\0')) continue
    const key = name.toLowerCase()
    const value = textOf(key, withoutBlanks(line.slice(colon + 1)))
    const before = headers.get(key)
    if (before === undefined) headers.set(key, [value])
    else before.push(value)
  }
  return headers
}

/** RFC 9112, section 5.2: a line that begins with a space goes on with the one before it. */
function unfolded(lines: readonly string[]): readonly string[] {
  const whole: string[][] = []
  for (const line of lines)
    if (!/^[ \t]/.test(line)) whole.push([line])
    else whole.at(-1)?.push(line.trim())
  return whole.map(parts => parts.join(' '))
}

/** Old targets write letters beyond ASCII in their own character set; in an address, it is the bytes that count. */
function textOf(name: string, value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value
  if (name === 'location') return value.replace(/[\x80-\xff]/g, letter => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}
