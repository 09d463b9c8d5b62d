/** A model asks for a part of a result in its arguments: `fields`, `limit` and, alone, the `cursor` that a cut answer gave it. */
import { RetrofitError } from '../core/errors.ts'
import { isObject } from '../core/schema-at.ts'
import type { Action, Json, JsonObject } from '../core/types.ts'
import { namesRun } from './cursor.ts'

export interface Page {
  readonly fields?: string | undefined
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

export interface Paged {
  /** The others: those of the action. */
  readonly args: JsonObject
  readonly page: Page
}

export const mostItems = 10_000

const checks: Readonly<Record<keyof Page, { readonly says: string; is(value: Json): boolean }>> = {
  fields: { says: 'must be names in the output with commas, as "account,rows.amount"', is: value => typeof value === 'string' },
  limit: {
    says: `must be a whole number from 1 to ${mostItems}`,
    is: value => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= mostItems
  },
  cursor: { says: 'must be the text that an answer gave', is: value => typeof value === 'string' }
}

/** A name that the action has itself is the action's, and so is every name where it takes any. */
export function takePage({ input }: Pick<Action, 'input'>, args: JsonObject): Paged {
  const isOurs = (name: keyof Page): boolean =>
    Object.hasOwn(args, name) && args[name] !== null && !Object.hasOwn(isObject(input.properties) ? input.properties : {}, name)
  const isClosed = input.additionalProperties === false
  const isCursor = (name: keyof Page): boolean => name === 'cursor' && typeof args.cursor === 'string' && namesRun(args.cursor)
  const names = (['fields', 'limit', 'cursor'] as const).filter(name => isOurs(name) && (isClosed || isCursor(name)))
  if (names.length === 0) return { args, page: {} }
  return {
    args: Object.fromEntries(Object.entries(args).filter(([name]) => !(names as readonly string[]).includes(name))),
    page: pageOf(Object.fromEntries(names.map(name => [name, args[name] as Json])))
  }
}

/** Throws invalid_input for what makes no page. */
export function pageOf(args: JsonObject): Page {
  const wrong = (Object.keys(checks) as (keyof Page)[]).filter(
    name => args[name] !== undefined && args[name] !== null && !checks[name].is(args[name])
  )
  const errors = wrong.map(name => ({ pointer: `/${name}`, message: checks[name].says }))
  if (errors.length > 0)
    throw new RetrofitError('invalid_input', { detail: errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; '), errors })
  const { fields, limit, cursor } = args as Page
  return { fields: fields ?? undefined, limit: limit ?? undefined, cursor: cursor ?? undefined }
}
