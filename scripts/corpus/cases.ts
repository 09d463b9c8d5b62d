/** For each operation: sample values → messages, and what must be valid about each. */
import { type Frame, openEnvelope, writeEnvelope } from '../../adapters/soap/envelope.ts'
import type { OperationPlan, Plan } from '../../adapters/soap/plan.ts'
import { readOpened } from '../../adapters/soap/read-answer.ts'
import type { Action, Bot, Json } from '../../src/core/types.ts'
import { parseXmlTree } from '../../src/core/xml.ts'
import { childElements, type XmlElement } from '../../src/core/xml-element.ts'
import { sampleValues } from '../../src/manifest/import/sample.ts'
import type { Imported } from '../../src/manifest/import/wsdl/import-wsdl.ts'
import type { Message, Operation } from '../../src/manifest/import/wsdl/model.ts'
import { isXsd, keyOf, soapEncodings, xsd } from '../../src/manifest/import/wsdl/qname.ts'
import type { Sheet } from './judge.ts'
import { writeWithScope } from './write-xsd.ts'

export interface Case {
  readonly operation: string
  readonly side: 'request' | 'answer'
  readonly sheets: readonly Sheet[]
  /** Why nobody else can say whether it is right. '' when somebody can. */
  readonly unknown: string
  /** Of our own: the value, its way through XML and back. '' is good. */
  readonly fault: string
}

const limits = { characters: 16e6, depth: 200, elements: 1e6, attributes: 1_000, textCharacters: 1e6 }

export function* casesOf(bot: Bot, imported: Imported): Generator<Case> {
  for (const [index, { operation, action: name }] of imported.actions.entries()) {
    const action = bot.actions.find(each => each.name === name)
    const source = imported.operations[index]
    if (action === undefined || source === undefined) continue
    const { operation: plan } = action.steps as Plan
    yield* sideCases({ action, plan, source, operation, side: 'request', message: source.input, imported })
    if (source.output !== undefined) yield* sideCases({ action, plan, source, operation, side: 'answer', message: source.output, imported })
  }
}

interface Side {
  readonly action: Action
  readonly plan: OperationPlan
  readonly source: Operation
  readonly operation: string
  readonly side: Case['side']
  readonly message: Message
  readonly imported: Imported
}

function* sideCases(given: Side): Generator<Case> {
  const { action, side, operation } = given
  const schema = side === 'request' ? action.input : action.output
  const values = sampleValues(schema)
  if (values.length === 0) yield { operation, side, sheets: [], unknown: '', fault: 'no sample: the schema asks for something endless' }
  for (const value of values) yield { operation, side, ...writeCase(given, value) }
}

function writeCase(given: Side, value: Json): Pick<Case, 'sheets' | 'unknown' | 'fault'> {
  const { action, plan, side } = given
  const [problem] = side === 'request' ? action.checkInput(value) : action.checkOutput(value)
  if (problem !== undefined) return { sheets: [], unknown: '', fault: `our own schema: ${problem.pointer} ${problem.message}` }
  const frame: Frame =
    side === 'request' ? plan.frame : { ...plan.frame, operation: typeof plan.answer === 'string' ? undefined : plan.answer }
  try {
    const mapping = side === 'request' ? plan.request : plan.response
    const envelope = writeEnvelope(frame, mapping, value)
    const root = parseXmlTree(envelope, { limits })
    const fault = side === 'answer' ? roundTrip(given, { envelope, root, frame }) : ''
    const body = childElements(root).find(({ local }) => local === 'Body') as XmlElement
    const sheets = sheetsOf(given, body)
    return { sheets, unknown: sheets.length === 0 && given.message.parts.length > 0 ? undefinedParts(given) : '', fault }
  } catch (error) {
    return { sheets: [], unknown: '', fault: `writing: ${(error as Error).message} ${(error as { pointer?: string }).pointer ?? ''}` }
  }
}

function roundTrip({ action, plan }: Side, { envelope, root, frame }: { envelope: string; root: XmlElement; frame: Frame }): string {
  const opened = openEnvelope(root)
  if ('fault' in opened) return 'it was read as a fault'
  const value = readOpened(plan, opened, limitsOf)
  const [problem] = action.checkOutput(value)
  if (problem !== undefined) return `what was read: ${problem.pointer} ${problem.message}`
  const again = writeEnvelope(frame, plan.response, value)
  return again === envelope ? '' : `written again it differs: ${difference(envelope, again)}`
}

const limitsOf = { answerBytes: 1e7, depth: 200, elements: 1e6, attributes: 1_000, textBytes: 1e6 }

function difference(one: string, other: string): string {
  let at = 0
  while (one[at] === other[at]) at += 1
  return `…${one.slice(Math.max(0, at - 40), at + 60)}… and …${other.slice(Math.max(0, at - 40), at + 60)}…`
}

/** What stands in the body, as documents of their own; rpc wrappers are in no schema, so their parts are judged. */
function sheetsOf({ source, message, imported, side }: Side, body: XmlElement): readonly Sheet[] {
  const children = childElements(body)
  if (source.style === 'document') return children.flatMap((child, index) => sheet(child, { message, index, imported }))
  const parts = children.flatMap(childElements)
  // All of its parts are optional, and none is there: what is left is the wrapper, which must have the right name and nothing in it.
  if (parts.length === 0 && message.parts.length > 0)
    return children.map(child => ({
      text: writeWithScope(child, undefined),
      parts: {},
      wrapper: { uri: message.namespace, local: wrapperOf(source, side) }
    }))
  return parts.flatMap(child => sheet(child, { message, index: message.parts.findIndex(({ name }) => name === child.local), imported }))
}

const wrapperOf = ({ name }: Operation, side: Case['side']): string => (side === 'request' ? name : `${name}Response`)

const undefinedParts = ({ message }: Side): string => {
  const uris = message.parts.map(({ element, type }) => (element ?? type)?.uri ?? '')
  return `the file does not define what its messages refer to in ${[...new Set(uris)].join(', ')}`
}

function sheet(child: XmlElement, { message, index, imported }: { message: Message; index: number; imported: Imported }): readonly Sheet[] {
  const part = message.parts[index]
  const text = writeWithScope(child, undefined)
  if (part === undefined) return []
  if (part.type === undefined) {
    // Nothing in the file says what this element is: there is nothing to judge by.
    const known = part.element !== undefined && imported.set.find('element', part.element) !== undefined
    return known && keyOf(part.element ?? { uri: '', local: '' }) === keyOf(child) ? [{ text, parts: {} }] : []
  }
  const { uri, local } = part.type
  if (!isXsd(uri) && !soapEncodings.has(uri) && imported.set.find('type', part.type) === undefined) return []
  return [
    {
      text,
      parts: { [child.local]: keyOf({ uri: isXsd(uri) ? xsd : uri, local: isXsd(uri) ? local.replace('timeInstant', 'dateTime') : local }) }
    }
  ]
}
