/** The bytes of an answer → its text, in its own character set. */
import { isUtf8 } from 'node:buffer'
import { BadXml } from './bad-xml.ts'
import type { Answer } from './http.ts'

/** Throws BadXml. */
export function answerText({ body, broken, contentType }: Answer): string {
  if (broken !== undefined) throw new BadXml(broken)
  const text = decodedText(body, contentType).trimStart()
  if (/^\s*text\/html/i.test(contentType) && !isEnvelope.test(text.slice(0, lookedAt))) throw new BadXml('it is an HTML page')
  return text
}

const lookedAt = 4_096
/** Some targets call a SOAP message HTML. */
const isEnvelope = /<(?:[\w.-]+:)?Envelope[\s>]/

function decodedText(body: Buffer, contentType: string): string {
  const marked = markedCharset(body)
  const told = /charset\s*=\s*["']?\s*([\w.:-]+)/i.exec(contentType)?.[1]
  const written = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)/.exec(body.toString('latin1', 0, 200))?.[1]
  // RFC 7303, section 3: a byte order mark counts most, then the header, then the XML declaration; the next where one can not be.
  const charsets = marked === undefined ? [told, written].filter(each => each !== undefined) : [marked]
  for (const charset of charsets.length === 0 ? ['utf-8'] : charsets) {
    const text = textIn(charset.toLowerCase(), body)
    if (text !== undefined) return text
  }
  throw new BadXml(`it is not text in ${charsets[0]?.toLowerCase().slice(0, 40) ?? 'utf-8'}`)
}

/** By the mark, or by how the first sign of XML stands there in sixteen bits without one (XML 1.0, appendix F). */
function markedCharset(body: Buffer): string | undefined {
  const [first, second, third] = body
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return 'utf-16be'
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return 'utf-16le'
  return first === 0xef && second === 0xbb && third === 0xbf ? 'utf-8' : undefined
}

/** Undefined: it is none, or the character set is not known. */
function textIn(charset: string, body: Buffer): string | undefined {
  if (charset === 'utf-8' && isUtf8(body)) return body.toString('utf8')
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body)
  } catch {
    return undefined
  }
}
