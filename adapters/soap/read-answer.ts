/** An HTTP answer → the response's value or a fault. Throws BadXml or Unreadable. */
import { isUtf8 } from 'node:buffer'
import type { Json } from '../../src/index.ts'
import { openEnvelope } from './envelope.ts'
import type { Symptom } from './faults.ts'
import type { Answer } from './http.ts'
import { childrenOf, type Element, parseXml } from './parse-xml.ts'
import type { OperationPlan } from './plan.ts'
import { readObject } from './read-value.ts'
import type { Limits } from './shape.ts'
import { BadXml } from './xml-guard.ts'

export type Outcome = { readonly response: Json } | { readonly symptom: Symptom }

export async function readAnswer(
  operation: OperationPlan,
  answer: Answer,
  { limits, signal }: { limits: Limits; signal: AbortSignal }
): Promise<Outcome> {
  const opened = openEnvelope(await parseXml(answerText(answer), limits, signal))
  if ('fault' in opened) return { symptom: { http: answer.status, fault: opened.fault } }
  const { element } = opened
  const { answer: expected, response } = operation
  if (element.local !== expected.local || element.uri !== expected.uri)
    throw new BadXml(`it holds {${element.uri}}${element.local} where {${expected.uri}}${expected.local} is expected`.slice(0, 300))
  return { response: readObject(response, descend(element, operation), expected.local) }
}

function descend(element: Element, { inside }: OperationPlan): Element {
  return inside.reduce((at, { uri, local }) => {
    const child = childrenOf(at).find(each => each.uri === uri && each.local === local)
    if (child === undefined) throw new BadXml(`it has no ${local} in ${at.local}`)
    return child
  }, element)
}

/** The text of the body in its own character set. Throws BadXml. */
function answerText({ body, broken, contentType }: Answer): string {
  if (broken !== undefined) throw new BadXml(broken)
  if (/^\s*multipart\//i.test(contentType)) throw new BadXml('it is a multipart message: attachments are not read')
  if (/^\s*text\/html/i.test(contentType)) throw new BadXml('it is an HTML page')
  const charset = charsetOf(contentType, body).toLowerCase()
  if (charset === 'utf-8' && isUtf8(body)) return body.toString('utf8')
  try {
    return new TextDecoder(charset, { fatal: true }).decode(body)
  } catch {
    throw new BadXml(`it is not text in ${charset.slice(0, 40)}`)
  }
}

/** RFC 7303, section 3: a byte order mark counts most, then the header, then the XML declaration. */
function charsetOf(contentType: string, body: Buffer): string {
  if (body[0] === 0xfe && body[1] === 0xff) return 'utf-16be'
  if (body[0] === 0xff && body[1] === 0xfe) return 'utf-16le'
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return 'utf-8'
  const header = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1]
  return header ?? /^<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)/.exec(body.toString('latin1', 0, 200))?.[1] ?? 'utf-8'
}
