/** The other side of a plan: what a service does that answers its calls. For stand-ins. */
import { atOnce, type Json } from '../../src/index.ts'
import { type Joined, joinParts, type Texts, withParts } from './attachments/join-parts.ts'
import { isMultipart, readMultipart } from './attachments/read-multipart.ts'
import { textsOf } from './attachments/read-parts.ts'
import { takeParts } from './attachments/take-parts.ts'
import { type Message, writeMessage } from './attachments/write-multipart.ts'
import { writeEnvelope } from './envelope.ts'
import { nameKey } from './mapping.ts'
import { joinReferences } from './multi-ref.ts'
import { childrenOf, type Element, parseXml } from './parse-xml.ts'
import type { OperationPlan, Plan } from './plan.ts'
import { readObject } from './read-value.ts'

export interface Served {
  /** `uri local` of the element that asks; '' for one without. */
  readonly request: string
  readonly soapAction: string
  readonly oneWay: boolean
  /** The request's value. Throws Unreadable. */
  read({ root, joined, texts }: Received): Json
  /** The whole answer. Throws Unwritable. */
  write(value: Json): Message
}

/** A request, taken apart. */
export interface Received {
  readonly root: Element
  readonly joined: Joined
  readonly texts: Texts
}

const limits = { answerBytes: 10 * 1024 * 1024, depth: 100, elements: 200_000, attributes: 100, textBytes: 1024 * 1024 }

/** Throws BadXml. */
export async function receive(body: Buffer, contentType: string): Promise<Received> {
  const { signal } = new AbortController()
  const message = isMultipart(contentType) ? atOnce(readMultipart(body, contentType)) : { root: { content: body }, others: [] }
  const sent = await parseXml(message.root.content.toString('utf8'), limits, signal)
  const texts = await textsOf(message.others, undefined)
  const joined = atOnce(joinParts(sent, texts, 2 * limits.answerBytes))
  return { root: joined.root, joined, texts }
}

const mostElements = 200_000

export function served(steps: unknown): Served {
  const { operation } = steps as Plan
  const { frame, headers, answer, request, response, encoded, attachments } = operation
  const contentType = (headers['content-type'] ?? 'text/xml; charset=utf-8').replace(/;\s*action=.*$/, '')
  return {
    request: frame.operation === undefined ? '' : nameKey(frame.operation.uri, frame.operation.local),
    soapAction: soapActionOf(operation),
    oneWay: answer === 'none',
    read: ({ root, joined, texts }) => {
      const sent = childrenOf(root).find(({ local }) => local === 'Body') ?? root
      const body = encoded ? joinReferences(sent, mostElements) : sent
      const element = frame.operation === undefined ? body : (childrenOf(body)[0] ?? body)
      return withParts(request, { value: readObject(request, element, element.local), joined, texts })
    },
    write: value => {
      const { value: left, parts } = atOnce(takeParts(response, value))
      const envelope = writeEnvelope({ ...frame, operation: typeof answer === 'string' ? undefined : answer }, response, left)
      return writeMessage({ envelope, parts, packaging: attachments.answer, headers: { 'content-type': contentType } })
    }
  }
}

const soapActionOf = ({ headers }: OperationPlan): string =>
  (headers.soapaction ?? /action="([^"]*)"/.exec(headers['content-type'] ?? '')?.[1] ?? '').replaceAll('"', '')
