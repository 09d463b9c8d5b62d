/** A place where it could not be shown that every value of one schema fits another. */
import type { Json } from '../types.ts'
import type { Conjunction } from './conjunction.ts'
import type { Effort } from './effort.ts'
import { pointerOf, type Spot, stepOf } from './spot.ts'

/** A step from a value into it: the name of a member, or the index of an item. */
export type Step = string | number

export interface Gap {
  /** Of the keyword, in the manifest. */
  readonly pointer: string
  readonly keyword: string
  readonly at: readonly Step[]
  /** The values that should fit, and what they should fit. */
  readonly values: Conjunction
  readonly wanted: Spot
  /** Values at that place that may be the ones that do not. */
  readonly candidates: readonly Json[]
}

export interface Place {
  readonly values: Conjunction
  readonly wanted: Spot
  readonly at: readonly Step[]
}

/** `keyword` is '' for the schema as a whole. */
export const gapAt = ({ values, wanted, at }: Place, keyword: string, candidates: readonly Json[] = []): Gap => ({
  pointer: pointerOf(wanted) + (keyword === '' ? '' : stepOf(keyword)),
  keyword,
  at,
  values,
  wanted,
  candidates
})

export interface Prover {
  readonly direction: 'input' | 'output'
  readonly effort: Effort
  /** Where not every one of the values fits what is wanted; empty: it is shown that all do. */
  within(place: Place): readonly Gap[]
  /** True when it is shown that there is no such value. */
  isEmpty(values: Conjunction): boolean
  /** Whether a value fits a schema; undefined: the schema can not be used. */
  fits(value: Json, spot: Spot): boolean | undefined
}
