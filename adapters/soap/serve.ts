/** The other side of a plan: what a service does that answers its calls. For stand-ins. */
import type { Json } from '../../src/index.ts'
import { writeEnvelope } from './envelope.ts'
import { nameKey } from './mapping.ts'
import { joinReferences } from './multi-ref.ts'
import { childrenOf, type Element } from './parse-xml.ts'
import type { OperationPlan, Plan } from './plan.ts'
import { readObject } from './read-value.ts'

export interface Served {
  /** `uri local` of the element that asks; '' for one without. */
  readonly request: string
  readonly soapAction: string
  readonly oneWay: boolean
  readonly contentType: string
  /** The request's value. Throws Unreadable. */
  read(body: Element): Json
  /** The whole answer. Throws Unwritable. */
  write(value: Json): string
}

const mostElements = 200_000

export function served(steps: unknown): Served {
  const { operation } = steps as Plan
  const { frame, headers, answer, request, response, encoded } = operation
  const contentType = headers['content-type'] ?? 'text/xml; charset=utf-8'
  return {
    request: frame.operation === undefined ? '' : nameKey(frame.operation.uri, frame.operation.local),
    soapAction: soapActionOf(operation),
    oneWay: answer === 'none',
    contentType: contentType.replace(/;\s*action=.*$/, ''),
    read: body => {
      const joined = encoded ? joinReferences(body, mostElements) : body
      const element = frame.operation === undefined ? joined : (childrenOf(joined)[0] ?? joined)
      return readObject(request, element, element.local)
    },
    write: value => writeEnvelope({ ...frame, operation: typeof answer === 'string' ? undefined : answer }, response, value)
  }
}

const soapActionOf = ({ headers }: OperationPlan): string =>
  (headers.soapaction ?? /action="([^"]*)"/.exec(headers['content-type'] ?? '')?.[1] ?? '').replaceAll('"', '')
