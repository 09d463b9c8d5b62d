/** In which shape a caller wants an output: which part of it, and as JSON or as text. It has no say in what is done. */
import type { Action, Caller, JsonSchema } from '../core/types.ts'
import { allows } from '../governance/scopes.ts'
import { type Select, selectFields } from '../surface/select-fields.ts'
import { qualityOf } from './accept.ts'
import { type Cursor, parseCursor } from './cursor.ts'
import { callerOf, type Exchange } from './exchange.ts'

export interface Shape {
  readonly text: boolean
  /** A model reads it: secrets are hidden, and what others wrote is marked, in JSON too. */
  readonly forModel: boolean
  readonly select: Select
  /** Most items of each list. */
  readonly limit?: number | undefined
  readonly cursor?: Cursor | undefined
  /** Of the output. */
  readonly schema: JsonSchema
  /** The same shape in a later request, as `&fields=a,b&view=text`. */
  readonly query: string
}

/** Of an action that is not known any more nobody can say what is whose. */
const nothingKnown: JsonSchema = { 'x-untrusted': true }

type Wanted = Readonly<Record<'fields' | 'view' | 'format' | 'limit' | 'cursor', string | undefined>>

export function shapeOf({ query, headers }: Exchange, schema: JsonSchema = nothingKnown): Shape {
  const { fields, view, format, limit, cursor } = query as Wanted
  return {
    text: view === undefined ? prefersText(headers.accept) : view === 'text',
    forModel: format !== undefined,
    select: fields === undefined ? output => output : selectFields(schema, fields),
    limit: limit === undefined ? undefined : Number(limit),
    cursor: cursor === undefined ? undefined : parseCursor(cursor, '/query/cursor'),
    schema,
    query: queryOf({ fields, limit, view, format })
  }
}

/** Of an action that the caller may use: to others the fields of its output are no business of theirs. */
export const callShapeOf = (exchange: Exchange, action: Action | undefined): Shape =>
  action !== undefined && mayUse(callerOf(exchange), action) ? shapeOf(exchange, action.output) : shapeOf({ ...exchange, query: {} })

const queryOf = (wanted: Partial<Wanted>): string =>
  Object.entries(wanted)
    .map(([name, value]) => (value === undefined ? '' : `&${name}=${encodeURIComponent(value)}`))
    .join('')

const mayUse = ({ scopes }: Caller, action: Action): boolean => allows(scopes, action.scopes)

/** Many clients name text/plain beside JSON; only who likes it better gets it. */
const prefersText = (accept: string | undefined): boolean =>
  accept !== undefined && qualityOf(accept, 'text/plain') > qualityOf(accept, 'application/json')
