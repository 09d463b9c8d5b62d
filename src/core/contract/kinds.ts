/** The kinds of JSON values that schemas tell apart. */

import { own } from '../own.ts'
import type { Json } from '../types.ts'
import { isMap, listOf, type Spot } from './spot.ts'

export type Kind = 'null' | 'boolean' | 'object' | 'array' | 'string' | 'integer' | 'fraction'

const byType: Readonly<Record<string, readonly Kind[]>> = {
  null: ['null'],
  boolean: ['boolean'],
  object: ['object'],
  array: ['array'],
  string: ['string'],
  integer: ['integer'],
  number: ['integer', 'fraction']
}
const all: readonly Kind[] = ['null', 'boolean', 'object', 'array', 'string', 'integer', 'fraction']

export function kindOf(value: Json): Kind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'fraction'
  return typeof value as 'boolean' | 'object' | 'string'
}

/** Of values that fit all of the schemas. */
export function kindsOf(spots: readonly Spot[]): ReadonlySet<Kind> {
  let kinds = new Set(all)
  const keep = (some: readonly Kind[]) => {
    kinds = new Set([...kinds].filter(kind => some.includes(kind)))
  }
  for (const { schema } of spots) {
    if (schema === false) keep([])
    if (!isMap(schema)) continue
    if (schema.type !== undefined) keep(kindsOfType(schema.type))
    if (Array.isArray(schema.enum)) keep(listOf(schema.enum).map(kindOf))
    if (schema.const !== undefined) keep([kindOf(schema.const)])
    if (Number.isInteger(schema.multipleOf)) keep(all.filter(kind => kind !== 'fraction'))
  }
  return kinds
}

export const kindsOfType = (type: Json | undefined): readonly Kind[] =>
  type === undefined ? all : (Array.isArray(type) ? listOf(type) : [type]).flatMap(each => own(byType, String(each)) ?? [])
