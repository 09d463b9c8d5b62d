/** An HTTP answer → the response's value or a fault. Throws BadXml or Unreadable. */
import { setImmediate as turn } from 'node:timers/promises'
import { inPieces, type Json, type JsonObject } from '../../src/index.ts'
import { answerText } from './answer-text.ts'
import { joinParts, withParts } from './attachments/join-parts.ts'
import type { Part } from './attachments/part.ts'
import { isMultipart, readMultipart } from './attachments/read-multipart.ts'
import { type Keep, textsOf } from './attachments/read-parts.ts'
import { BadXml } from './bad-xml.ts'
import { type Fault, openEnvelope } from './envelope.ts'
import type { Symptom } from './faults.ts'
import type { Answer } from './http.ts'
import { headerOf } from './mapping.ts'
import { joinReferences, joinReferencesInPieces, rootOf } from './multi-ref.ts'
import { childrenOf, type Element, parseXml } from './parse-xml.ts'
import type { OperationPlan } from './plan.ts'
import { startObject } from './read-value.ts'
import { ofName } from './recognise.ts'
import type { Sealed } from './security/seal.ts'
import type { Limits } from './shape.ts'
import { doAtOnce, doInPieces, type Lost, type Work } from './work.ts'

interface Reading {
  readonly limits: Limits
  readonly signal: AbortSignal
  readonly sealed: Sealed | undefined
  /** Undefined: attachments are base64 in the JSON. */
  readonly keep: Keep | undefined
}

const largeBytes = 1024 * 1024

export type Outcome = { readonly response: Json; readonly lost: readonly Lost[] } | { readonly symptom: Symptom }

export async function readAnswer(operation: OperationPlan, answer: Answer, { limits, signal, sealed, keep }: Reading): Promise<Outcome> {
  if (answer.cut !== undefined) throw new BadXml(answer.cut)
  if (operation.answer === 'none' && answer.status < 300 && answer.body.length === 0) return { response: {}, lost: [] }
  // Memory for megabytes takes its time: not for the bytes and for their text in one turn.
  if (answer.body.length > largeBytes) await turn()
  const { text, others } = await messageOf(answer, signal)
  const sent = await parseXml(text, limits, signal)
  const believed = sealed === undefined ? sent : await sealed.open(sent, { text, parts: others.length })
  const texts = await textsOf(others, keep)
  const joined = await inPieces(joinParts(believed, texts, 2 * limits.answerBytes), signal)
  const { root } = joined
  const opened = openEnvelope(root)
  if ('fault' in opened) {
    const fault = await wholeFault(operation, { root, fault: opened.fault, limits, signal })
    return { symptom: { http: answer.status, fault } }
  }
  const { value, lost } = operation.answer === 'none' ? nothing : await readOpenedInPieces(operation, opened, { limits, signal })
  return { response: withParts(operation.response, { value, joined, texts }), lost }
}

/** The envelope's text, and the parts beside it. */
async function messageOf(answer: Answer, signal: AbortSignal): Promise<{ readonly text: string; readonly others: readonly Part[] }> {
  if (answer.broken !== undefined || !isMultipart(answer.contentType)) return { text: answerText(answer), others: [] }
  const { root, others } = await inPieces(readMultipart(answer.body, answer.contentType), signal)
  return { text: answerText({ ...answer, body: root.content, contentType: root.contentType }), others }
}

interface Bounds {
  readonly limits: Limits
  readonly signal: AbortSignal
}

/** Elements that its detail refers to stand beside the fault. */
async function wholeFault(
  { encoded }: OperationPlan,
  { root, fault, limits, signal }: Bounds & { readonly root: Element; readonly fault: Fault }
): Promise<Fault> {
  if (!encoded) return fault
  const joined = openEnvelope(await joinReferencesInPieces(root, limits.elements, signal))
  return 'fault' in joined ? joined.fault : fault
}

type Body = Exclude<ReturnType<typeof openEnvelope>, { readonly fault: unknown }>

/** The value of a body, as a test or a sandbox reads it. Throws BadXml or Unreadable. */
export function readOpened(operation: OperationPlan, opened: Body, limits: Limits): Json {
  const body = operation.encoded ? joinReferences(opened.body, limits.elements) : opened.body
  const { work, value } = startReading(operation, { ...opened, body })
  doAtOnce(work)
  return value()
}

interface ReadBody {
  readonly value: Json
  readonly lost: readonly Lost[]
}

const nothing: ReadBody = { value: {}, lost: [] }

/** The same; others get their turn in between. */
async function readOpenedInPieces(operation: OperationPlan, opened: Body, { limits, signal }: Bounds): Promise<ReadBody> {
  const body = operation.encoded ? await joinReferencesInPieces(opened.body, limits.elements, signal) : opened.body
  const { work, value } = startReading(operation, { ...opened, body })
  await doInPieces(work, signal)
  return { value: value(), lost: work.lost ?? [] }
}

function startReading(operation: OperationPlan, { body, header }: Body): { readonly work: Work; value(): Json } {
  const { answer: expected, response } = operation
  const work: Work = []
  const value = expected === 'parts' ? startObject(response, body, { path: 'Body', work }) : startExpected(operation, body, work)
  const plan = headerOf(response)
  if (plan === undefined || plan.mapping.kind !== 'object' || header === undefined || childrenOf(header).length === 0)
    return { work, value: () => value }
  const own = startObject(plan.mapping, header, { path: 'Header', work, as: 'header' })
  return { work, value: () => ({ ...(value as JsonObject), [plan.property]: own }) }
}

function startExpected(operation: OperationPlan, body: Element, work: Work): Json {
  const { answer: expected, response, encoded, rpc } = operation
  const elements = childrenOf(body)
  const element = encoded ? rootOf(elements, expected) : elements[0]
  if (element === undefined || (elements.length > 1 && !encoded)) throw new BadXml('the SOAP body does not have one element')
  if (typeof expected === 'string') return {}
  // SOAP 1.1, section 7.1: the name of the element that answers is not significant.
  if (!rpc && element.local !== expected.local)
    throw new BadXml(`it holds {${element.uri}}${element.local} where {${expected.uri}}${expected.local} is expected`.slice(0, 300))
  return startObject(response, descend(element, operation), { path: expected.local, work, as: rpc ? 'accessors' : undefined })
}

function descend(element: Element, { inside }: OperationPlan): Element {
  return inside.reduce((at, name) => {
    const [child] = ofName(childrenOf(at), name)
    if (child === undefined) throw new BadXml(`it has no ${name.local} in ${at.local}`)
    return child
  }, element)
}
