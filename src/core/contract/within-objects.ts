/** Objects: whether all of some fit what another schema says of them. */
import { also, conjunction } from './conjunction.ts'
import { type Gap, gapAt, type Place, type Prover } from './gap.ts'
import { hasDefault, memberOf, membersOf, namesOf, requiredOf } from './members.ts'
import { findText } from './pattern-language.ts'
import { printSchema } from './print-schema.ts'
import { has, inPlace, inside, isMap, listOf, mapOf, pointerOf, type Spot, stepOf } from './spot.ts'

export function objectGaps(place: Place, prover: Prover): readonly Gap[] {
  return [
    ...requiredGaps(place, prover),
    ...countGaps(place, prover),
    ...namedGaps(place, prover),
    ...otherGaps(place, prover),
    ...nameGaps(place, prover),
    ...dependentGaps(place, prover),
    ...unevaluatedGaps(place, prover)
  ]
}

function requiredGaps(place: Place, { direction }: Prover): readonly Gap[] {
  const known = new Set(requiredOf(place.values.spots, direction))
  const missing = listOf(mapOf(place.wanted.schema).required)
    .map(String)
    .filter(name => !known.has(name))
  const isFilled = (name: string) => direction === 'input' && hasDefault([place.wanted], name)
  return missing.some(name => !isFilled(name)) ? [gapAt(place, 'required')] : []
}

function countGaps(place: Place, prover: Prover): readonly Gap[] {
  const { minProperties, maxProperties } = mapOf(place.wanted.schema)
  const { spots } = place.values
  const numbers = (keyword: string) =>
    spots.flatMap(({ schema }) => (isMap(schema) && typeof schema[keyword] === 'number' ? [schema[keyword]] : []))
  const least = Math.max(0, requiredOf(spots, prover.direction).length, ...numbers('minProperties'))
  const closed = isClosed(spots) ? namesOf(spots).length : Number.POSITIVE_INFINITY
  const most = Math.min(closed, ...numbers('maxProperties'))
  return [
    ...(typeof minProperties === 'number' && least < minProperties ? [gapAt(place, 'minProperties')] : []),
    ...(typeof maxProperties === 'number' && most > maxProperties ? [gapAt(place, 'maxProperties')] : [])
  ]
}

/** No member but those that are named here. */
const isClosed = (spots: readonly Spot[]): boolean =>
  spots.some(
    ({ schema }) => mapOf(schema).additionalProperties === false && Object.keys(mapOf(mapOf(schema).patternProperties)).length === 0
  ) || spots.some(spot => closedNames(spot) !== undefined)

/**
 * A member that the values' own schemas say nothing about is no part of their contract: it is as if it were not there. So a new
 * optional member of an input breaks nobody, whatever an open object would let through.
 */
function namedGaps({ values, wanted, at }: Place, prover: Prover): readonly Gap[] {
  const names = new Set([...namesOf([wanted]), ...namesOf(values.spots)])
  const declared = new Set(namesOf(inPlace(values.spots, values.chosen)))
  return [...names].flatMap(name => {
    const known = knownMember(values.spots, name)
    const asked = memberOf(wanted, name)
    if ((known.length === 0 && !declared.has(name)) || asked.length === 0) return []
    const member = conjunction(known)
    if (prover.isEmpty(member)) return []
    return asked.flatMap(each => {
      if (each.schema !== false) return prover.within({ values: member, wanted: each, at: [...at, name] })
      if (prover.direction === 'output' && !has(mapOf(mapOf(wanted.schema).properties), name)) return []
      // Told where the member was declared.
      const holder = known.find(spot => spot.path.endsWith(`/properties${stepOf(name)}`))
      const gap = gapAt({ values: member, wanted: each, at: [...at, name] }, '')
      return [holder === undefined ? gap : { ...gap, pointer: pointerOf(holder) }]
    })
  })
}

function knownMember(spots: readonly Spot[], name: string): readonly Spot[] {
  const closing = spots.filter(spot => closedNames(spot)?.has(name) === false)
  return [...membersOf(spots, name), ...closing.map(spot => ({ ...spot, schema: false }))]
}

/** Members whose names no `properties` has. */
function otherGaps(place: Place, prover: Prover): readonly Gap[] {
  const { wanted, values } = place
  const patterns = Object.keys(mapOf(mapOf(wanted.schema).patternProperties))
  const rest = inside(wanted, 'additionalProperties')
  const byPattern = patterns.flatMap(pattern => {
    const asked = inside(wanted, 'patternProperties', pattern)
    return asked === undefined ? [] : otherGap(place, { asked, known: values.spots.map(spot => ofPattern(spot, pattern)) }, prover)
  })
  // More members than before in an answer: whoever reads it passes over them.
  if (rest === undefined || rest.schema === true || (rest.schema === false && prover.direction === 'output')) return byPattern
  const known = values.spots.map(spot => othersOf(spot, patterns))
  return [...byPattern, ...otherGap(place, { asked: rest, known }, prover)]
}

const mostCombined = 64

/** `known`: for each schema, what it may say about such a member: one of these holds. */
function otherGap(
  place: Place,
  { asked, known }: { readonly asked: Spot; readonly known: readonly (readonly Spot[])[] },
  prover: Prover
): readonly Gap[] {
  const closing = place.values.spots.filter(spot => closedNames(spot) !== undefined).map(spot => [{ ...spot, schema: false }])
  let combined: readonly (readonly Spot[])[] = [[]]
  for (const choices of [...known, ...closing]) {
    combined = combined.flatMap(chosen => (choices.length === 0 ? [chosen] : choices.map(each => [...chosen, each])))
    if (combined.length > mostCombined) return [gapAt({ ...place, wanted: asked }, '')]
  }
  const at = [...place.at, newName(place)]
  return combined.flatMap(spots => {
    const values = conjunction(spots)
    return prover.isEmpty(values) ? [] : prover.within({ values, wanted: asked, at })
  })
}

/** A name that no schema here has. */
function newName({ values, wanted }: Place): string {
  const names = new Set(namesOf([...values.spots, wanted]))
  const patterns = [...values.spots, wanted].flatMap(({ schema }) => Object.keys(mapOf(mapOf(schema).patternProperties)))
  const ofPattern = patterns.flatMap(pattern => {
    const found = findText({ all: [pattern] })
    return typeof found === 'object' ? [found.text] : []
  })
  return [...ofPattern, 'other', 'other_1', 'other_2'].find(name => !names.has(name)) ?? 'another_member'
}

const anything = (spot: Spot): Spot => ({ ...spot, schema: true })

/** What a schema says about unnamed members that match the pattern. */
function ofPattern(spot: Spot, pattern: string): readonly Spot[] {
  const own = inside(spot, 'patternProperties', pattern)
  return own === undefined ? othersOf(spot, []) : [own]
}

/** What a schema may say about unnamed members, but for those that match these patterns. */
function othersOf(spot: Spot, except: readonly string[]): readonly Spot[] {
  if (spot.schema === false) return [spot]
  const patterns = Object.keys(mapOf(mapOf(spot.schema).patternProperties)).filter(pattern => !except.includes(pattern))
  const rest = inside(spot, 'additionalProperties') ?? anything(spot)
  return [...patterns.flatMap(pattern => inside(spot, 'patternProperties', pattern) ?? []), rest]
}

function nameGaps(place: Place, prover: Prover): readonly Gap[] {
  const asked = inside(place.wanted, 'propertyNames')
  if (asked === undefined) return []
  const { spots } = place.values
  const named = namesOf(spots).filter(name => !prover.isEmpty(conjunction(knownMember(spots, name))))
  const refused = named.filter(name => prover.fits(name, asked) !== true)
  if (refused.length > 0) return [gapAt(place, 'propertyNames')]
  if (isClosed(spots)) return []
  const known = spots.flatMap(spot => inside(spot, 'propertyNames') ?? [])
  const names = conjunction(known, { kinds: new Set(['string']) })
  return prover.within({ values: names, wanted: asked, at: place.at }).length === 0 ? [] : [gapAt(place, 'propertyNames')]
}

function dependentGaps(place: Place, prover: Prover): readonly Gap[] {
  const { spots } = place.values
  const needed = new Set(requiredOf(spots, prover.direction))
  const isNever = (name: string) => {
    const known = knownMember(spots, name)
    return known.length > 0 && prover.isEmpty(conjunction(known))
  }
  const { dependentRequired, dependentSchemas } = mapOf(place.wanted.schema)
  const known = (name: string) => spots.flatMap(({ schema }) => listOf(mapOf(mapOf(schema).dependentRequired)[name]))
  const lists = Object.entries(mapOf(dependentRequired)).filter(
    ([name, others]) => !isNever(name) && listOf(others).some(other => !needed.has(String(other)) && !known(name).includes(other))
  )
  const schemas = Object.keys(mapOf(dependentSchemas)).flatMap(name => {
    const wanted = inside(place.wanted, 'dependentSchemas', name)
    if (wanted === undefined || isNever(name)) return []
    const before = spots.flatMap(spot => inside(spot, 'dependentSchemas', name) ?? [])
    return prover.within({ ...place, values: also(place.values, ...before), wanted })
  })
  return [...(lists.length === 0 ? [] : [gapAt(place, 'dependentRequired')]), ...schemas]
}

/** `unevaluatedProperties: false`: the most names that any branch lets through. Undefined: it does not close the object. */
function closedNames(spot: Spot): ReadonlySet<string> | undefined {
  if (mapOf(spot.schema).unevaluatedProperties !== false) return undefined
  const all = inPlace([spot])
  const isOpen = all.some(({ schema }) =>
    Object.entries(mapOf(schema)).some(
      ([keyword, held]) =>
        (keyword === 'patternProperties' && Object.keys(mapOf(held)).length > 0) ||
        (keyword === 'additionalProperties' && held !== false) ||
        (keyword === 'unevaluatedProperties' && held !== false)
    )
  )
  return isOpen ? undefined : new Set(namesOf(all))
}

function unevaluatedGaps(place: Place, { direction }: Prover): readonly Gap[] {
  const { wanted, values } = place
  const held = mapOf(wanted.schema).unevaluatedProperties
  if (held === undefined || held === true || (held === false && direction === 'output')) return []
  if (values.spots.some(spot => printSchema(spot) === printSchema(wanted))) return []
  const allowed = new Set(namesOf(evaluated(wanted)))
  const isKept = held === false && isClosed(values.spots) && namesOf(values.spots).every(name => allowed.has(name))
  return isKept ? [] : [gapAt(place, 'unevaluatedProperties')]
}

/** The schemas whose members count as looked at in any case. */
const evaluated = (spot: Spot): readonly Spot[] => conjunction([spot]).spots
