/** In which shape a caller wants an output: which fields of it, and as JSON or as text. It has no say in what is done. */
import type { Action, Caller, JsonSchema } from '../core/types.ts'
import { allows } from '../governance/scopes.ts'
import { type Select, selectFields } from '../surface/select-fields.ts'
import { qualityOf } from './accept.ts'
import { callerOf, type Exchange } from './exchange.ts'

export interface Shape {
  readonly text: boolean
  readonly select: Select
  /** Of the output. */
  readonly schema: JsonSchema
  /** The same shape in a later request, as `&fields=a,b&view=text`. */
  readonly query: string
}

/** Of an action that is not known any more nobody can say what is whose. */
const nothingKnown: JsonSchema = { 'x-untrusted': true }

export function shapeOf({ query, headers }: Exchange, schema: JsonSchema = nothingKnown): Shape {
  const { fields, view } = query as Readonly<Record<string, string | undefined>>
  return {
    text: view === undefined ? prefersText(headers.accept) : view === 'text',
    select: fields === undefined ? output => output : selectFields(schema, fields),
    schema,
    query: [fields === undefined ? '' : `&fields=${encodeURIComponent(fields)}`, view === undefined ? '' : `&view=${view}`].join('')
  }
}

/** Of an action that the caller may use: to others the fields of its output are no business of theirs. */
export const callShapeOf = (exchange: Exchange, action: Action | undefined): Shape =>
  action !== undefined && mayUse(callerOf(exchange), action) ? shapeOf(exchange, action.output) : shapeOf({ ...exchange, query: {} })

const mayUse = ({ scopes }: Caller, action: Action): boolean => allows(scopes, action.scopes)

/** Many clients name text/plain beside JSON; only who likes it better gets it. */
const prefersText = (accept: string | undefined): boolean =>
  accept !== undefined && qualityOf(accept, 'text/plain') > qualityOf(accept, 'application/json')
