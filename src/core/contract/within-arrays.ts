/** Lists: whether all of some fit what another schema says of them. */
import type { Json } from '../types.ts'
import { conjunction } from './conjunction.ts'
import { type Gap, gapAt, type Place, type Prover } from './gap.ts'
import { printSchema } from './print-schema.ts'
import { inside, isMap, listOf, mapOf, type Spot } from './spot.ts'

const lengthsOf = (spots: readonly Spot[], keyword: string): readonly number[] =>
  spots.flatMap(({ schema }) => (isMap(schema) && typeof schema[keyword] === 'number' ? [schema[keyword]] : []))
const fewest = (spots: readonly Spot[]): number => Math.max(0, ...lengthsOf(spots, 'minItems'))
const most = (spots: readonly Spot[]): number => Math.min(Number.POSITIVE_INFINITY, ...lengthsOf(spots, 'maxItems'))

export const isEmptyLength = (spots: readonly Spot[]): boolean => fewest(spots) > most(spots)

/** What one schema says about the item of this index; empty: nothing. */
export function itemOf(spot: Spot, index: number): readonly Spot[] {
  const first = listOf(mapOf(spot.schema).prefixItems)
  return [index < first.length ? inside(spot, 'prefixItems', index) : inside(spot, 'items')].filter(each => each !== undefined)
}

const prefixOf = ({ schema }: Spot): number => listOf(mapOf(schema).prefixItems).length

export function listGaps(place: Place, prover: Prover): readonly Gap[] {
  const { spots } = place.values
  const { minItems, maxItems, uniqueItems, unevaluatedItems } = mapOf(place.wanted.schema)
  const gaps: Gap[] = []
  if (typeof minItems === 'number' && fewest(spots) < minItems) gaps.push(gapAt(place, 'minItems'))
  if (typeof maxItems === 'number' && mostHeld(place, prover, maxItems) > maxItems) gaps.push(gapAt(place, 'maxItems'))
  if (uniqueItems === true && most(spots) > 1 && !spots.some(({ schema }) => mapOf(schema).uniqueItems === true))
    gaps.push(gapAt(place, 'uniqueItems'))
  const isSame = spots.some(spot => printSchema(spot) === printSchema(place.wanted))
  if (unevaluatedItems !== undefined && unevaluatedItems !== true && !isSame) gaps.push(gapAt(place, 'unevaluatedItems'))
  return [...gaps, ...itemGaps(place, prover), ...containsGaps(place, prover)]
}

/** Items that can not be end the list before them. */
function mostHeld({ values: { spots } }: Place, prover: Prover, enough: number): number {
  for (let index = 0; index <= enough && index < Math.max(...spots.map(prefixOf), 0) + 1; index += 1)
    if (prover.isEmpty(conjunction(spots.flatMap(spot => itemOf(spot, index))))) return index
  return most(spots)
}

function itemGaps({ values, wanted, at }: Place, prover: Prover): readonly Gap[] {
  const { spots } = values
  const gaps: Gap[] = []
  const last = Math.max(0, ...[...spots, wanted].map(prefixOf))
  for (let index = 0; index <= last && index < most(spots); index += 1) {
    const item = conjunction(spots.flatMap(spot => itemOf(spot, index)))
    if (prover.isEmpty(item)) break
    for (const each of itemOf(wanted, index)) gaps.push(...prover.within({ values: item, wanted: each, at: [...at, index] }))
  }
  return gaps
}

function containsGaps(place: Place, prover: Prover): readonly Gap[] {
  const wanted = inside(place.wanted, 'contains')
  if (wanted === undefined) return []
  const { minContains = 1, maxContains } = mapOf(place.wanted.schema)
  const isKept = place.values.spots.some(spot => {
    const known = inside(spot, 'contains')
    const { minContains: least = 1, maxContains: most } = mapOf(spot.schema)
    if (known === undefined) return false
    if (!(Number(least) >= Number(minContains)) || prover.within({ values: conjunction([known]), wanted, at: [...place.at, 0] }).length > 0)
      return false
    if (maxContains === undefined) return true
    return (
      Number(most) <= Number(maxContains) &&
      prover.within({ values: conjunction([wanted]), wanted: known, at: [...place.at, 0] }).length === 0
    )
  })
  if (isKept || (minContains === 0 && maxContains === undefined) || areAllWanted(place, wanted, prover)) return []
  const keyword = maxContains === undefined || mapOf(place.wanted.schema).minContains === undefined ? 'contains' : 'maxContains'
  return [gapAt(place, keyword)]
}

/** There are enough items, and each one is such a one. */
function areAllWanted({ values: { spots }, wanted: holder, at }: Place, wanted: Spot, prover: Prover): boolean {
  const { minContains = 1, maxContains } = mapOf(holder.schema)
  const item = conjunction(spots.flatMap(spot => itemOf(spot, 0)))
  const isTuple = spots.some(spot => prefixOf(spot) > 0)
  const isCounted = fewest(spots) >= Number(minContains) && (maxContains === undefined || most(spots) <= Number(maxContains))
  return !isTuple && isCounted && prover.within({ values: item, wanted, at: [...at, 0] }).length === 0
}

export const listLengths = (spots: readonly Spot[], wanted: Json): readonly number[] => {
  const known = [...lengthsOf(spots, 'minItems'), ...lengthsOf(spots, 'maxItems')]
  const asked = ['minItems', 'maxItems', 'minContains', 'maxContains'].flatMap(keyword => Number(mapOf(wanted)[keyword] ?? 0))
  const twice = mapOf(wanted).uniqueItems === true ? [2] : []
  return [...new Set([...known, ...asked, ...twice].flatMap(each => [each - 1, each, each + 1]))].filter(each => each >= 0 && each <= 1_000)
}
