/** multipart/related (RFC 2387), as MTOM and SOAP with Attachments use it. Every byte may be hostile. Throws BadXml. */
import type { Steps } from '../../../src/index.ts'
import { BadXml } from '../bad-xml.ts'
import { decodeBase64Lines } from './base64.ts'
import type { Part } from './part.ts'
import { decodeQuotedPrintable } from './quoted-printable.ts'

export interface Parts {
  /** The envelope. */
  readonly root: Part
  readonly others: readonly Part[]
}

const mostParts = 200
const mostHeaderBytes = 16_384
/** RFC 2046, section 5.1.1. */
const longestBoundary = 70
const [lineFeed, carriageReturn] = [10, 13]

export const isMultipart = (contentType: string): boolean => /^\s*multipart\//i.test(contentType)

/** A step is a piece of a part. */
export function* readMultipart(body: Buffer, contentType: string): Steps<Parts> {
  const boundary = parameterOf(contentType, 'boundary')
  if (boundary === undefined || boundary === '' || boundary.length > longestBoundary)
    throw new BadXml('it is a multipart message without a good boundary')
  const parts: Part[] = []
  for (const bytes of split(body, boundary)) {
    parts.push(yield* readPart(bytes))
    yield
  }
  const ids = parts.flatMap(({ id }) => (id === '' ? [] : [id]))
  if (new Set(ids).size < ids.length) throw new BadXml('two of its parts have the same Content-ID')
  const start = withoutBrackets(parameterOf(contentType, 'start') ?? '')
  const root = start === '' ? parts[0] : parts.find(({ id }) => id === start)
  if (root === undefined) throw new BadXml('it is a multipart message without an envelope')
  return { root, others: parts.filter(part => part !== root) }
}

/** A parameter of a media type; RFC 2045, section 5.1. */
export function parameterOf(header: string, name: string): string | undefined {
  const [, quoted, bare] = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(header) ?? []
  return quoted?.replace(/\\(.)/g, '$1') ?? bare
}

export const withoutBrackets = (id: string): string => id.trim().replace(/^<(.*)>$/, '$1')

/** A delimiter is a line of its own: the same bytes elsewhere are content. */
function* split(body: Buffer, boundary: string): Generator<Buffer> {
  const mark = Buffer.from(`--${boundary}`, 'latin1')
  let from: number | undefined
  let count = 0
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + mark.length)) {
    const delimiter = delimiterAt(body, at, at + mark.length)
    if (delimiter === undefined) continue
    if (from !== undefined) {
      if (++count > mostParts) throw new BadXml(`it has more than ${mostParts} parts`)
      yield body.subarray(from, Math.max(from, lineEnd(body, at)))
    }
    if (delimiter === 'last') return
    from = delimiter
  }
  throw new BadXml('it is a multipart message that is cut off')
}

/** Where the part after it begins. */
function delimiterAt(body: Buffer, at: number, end: number): number | 'last' | undefined {
  if (at > 0 && body[at - 1] !== lineFeed) return undefined
  if (body.toString('latin1', end, end + 2) === '--') return 'last'
  let next = end
  while (body[next] === 32 || body[next] === 9) next += 1
  if (body[next] === carriageReturn) next += 1
  return body[next] === lineFeed ? next + 1 : undefined
}

/** The line break before a delimiter belongs to the delimiter. */
const lineEnd = (body: Buffer, at: number): number => at - (body[at - 2] === carriageReturn ? 2 : 1)

function* readPart(bytes: Buffer): Steps<Part> {
  const { headers, content } = splitHeaders(bytes)
  const decode = encodings[(headers.get('content-transfer-encoding') ?? 'binary').trim().toLowerCase()]
  if (decode === undefined) throw new BadXml('one of its parts has an encoding that is not known')
  const [id, contentType] = [withoutBrackets(headers.get('content-id') ?? ''), headers.get('content-type') ?? '']
  return { id, contentType, content: yield* decode(content) }
}

function splitHeaders(bytes: Buffer): { headers: ReadonlyMap<string, string>; content: Buffer } {
  const seen = bytes.toString('latin1', 0, mostHeaderBytes)
  const [whole, text = ''] = /^(?:\r?\n|([\s\S]*?\r?\n)\r?\n)/.exec(seen) ?? []
  if (whole === undefined) throw new BadXml('one of its parts has no end of its headers')
  const lines = text.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)
  const headers = lines.map(
    line => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const
  )
  return { headers: new Map(headers), content: bytes.subarray(whole.length) }
}

// biome-ignore lint/correctness/useYield: one step is enough
function* same(content: Buffer): Steps<Buffer> {
  return content
}

const encodings: Readonly<Record<string, (content: Buffer) => Steps<Buffer>>> = Object.assign(Object.create(null), {
  '7bit': same,
  '8bit': same,
  binary: same,
  base64: decodeBase64Lines,
  'quoted-printable': decodeQuotedPrintable
})
