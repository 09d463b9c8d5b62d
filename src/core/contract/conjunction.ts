/** A set of values: those that fit all of some schemas, and none of others. */
import { type Kind, kindsOf } from './kinds.ts'
import { branchesOf, conjoined, inside, isMap, mapOf, type Spot } from './spot.ts'

export interface Conjunction {
  readonly spots: readonly Spot[]
  /** What the values do not fit. */
  readonly nots: readonly Spot[]
  readonly kinds: ReadonlySet<Kind>
  /** Choices that were made: the JSON Pointers of their keywords, with the version in front. */
  readonly chosen: ReadonlySet<Spot['schema']>
}

interface Making {
  readonly nots?: readonly Spot[] | undefined
  readonly kinds?: ReadonlySet<Kind> | undefined
  readonly chosen?: Conjunction['chosen'] | undefined
}

export function conjunction(spots: readonly Spot[], { nots = [], kinds, chosen = new Set() }: Making = {}): Conjunction {
  const all = conjoined(spots)
  const own = kindsOf(all)
  const negated = all.flatMap(spot => inside(spot, 'not') ?? [])
  return {
    spots: all,
    nots: [...new Set([...nots, ...negated])],
    kinds: kinds === undefined ? own : new Set([...own].filter(kind => kinds.has(kind))),
    chosen
  }
}

export const ofKind = (values: Conjunction, kind: Kind): Conjunction => ({ ...values, kinds: new Set([kind]) })

export const also = (values: Conjunction, ...spots: readonly Spot[]): Conjunction => conjunction([...values.spots, ...spots], values)

export const butNot = (values: Conjunction, ...spots: readonly Spot[]): Conjunction => ({ ...values, nots: [...values.nots, ...spots] })

/** The parts that together hold all of the values: by the first choice that is still open. Undefined: there is none. */
export function parts(values: Conjunction): readonly Conjunction[] | undefined {
  for (const spot of values.spots) {
    if (!isMap(spot.schema)) continue
    for (const keyword of ['oneOf', 'anyOf'] as const) {
      const choice = spot.schema[keyword]
      if (choice !== undefined && !values.chosen.has(choice)) return branches(choose(values, choice), spot, keyword)
    }
    const condition = spot.schema.if
    if (condition !== undefined && !values.chosen.has(condition)) return conditional(choose(values, condition), spot)
    const more = dependent(values, spot)
    if (more !== undefined) return more
  }
  return undefined
}

const choose = (values: Conjunction, choice: Spot['schema']): Conjunction => ({ ...values, chosen: new Set([...values.chosen, choice]) })

function branches(values: Conjunction, spot: Spot, keyword: 'oneOf' | 'anyOf'): readonly Conjunction[] {
  const all = branchesOf(spot, keyword)
  const others = (branch: Spot) => (keyword === 'oneOf' ? all.filter(each => each !== branch) : [])
  return all.map(branch => butNot(also(values, branch), ...others(branch)))
}

function conditional(values: Conjunction, spot: Spot): readonly Conjunction[] {
  const [condition, then, otherwise] = ['if', 'then', 'else'].map(keyword => inside(spot, keyword))
  const given = (each: Spot | undefined): readonly Spot[] => (each === undefined ? [] : [each])
  return [also(values, ...given(condition), ...given(then)), butNot(also(values, ...given(otherwise)), ...given(condition))]
}

/** `dependentSchemas` of a property that is required holds always. */
function dependent(values: Conjunction, spot: Spot): readonly Conjunction[] | undefined {
  const needed = new Set(values.spots.flatMap(({ schema }) => (isMap(schema) && Array.isArray(schema.required) ? schema.required : [])))
  for (const name of Object.keys(mapOf(mapOf(spot.schema).dependentSchemas))) {
    const held = inside(spot, 'dependentSchemas', name)
    if (held !== undefined && needed.has(name) && !values.chosen.has(held.schema)) return [also(choose(values, held.schema), held)]
  }
  return undefined
}
