/** Values that a schema may take: small ones, at its bounds. None is promised to fit; whoever uses one checks it. */
import type { Json, JsonObject } from '../types.ts'
import { type Conjunction, conjunction, parts } from './conjunction.ts'
import type { Gap, Step } from './gap.ts'
import type { Kind } from './kinds.ts'
import { membersOf, namesOf, requiredOf } from './members.ts'
import { findText } from './pattern-language.ts'
import { distinct } from './side-checks.ts'
import { isMap, listOf, mapOf, type Spot } from './spot.ts'
import { itemOf, listLengths } from './within-arrays.ts'
import { lengthsOf, sampleTexts } from './within-scalars.ts'

const deepest = 6
const mostChoices = 8

/** The plainest first. */
export function sampleValues(values: Conjunction, depth = 0): readonly Json[] {
  if (depth > deepest) return []
  const said = values.spots.flatMap(({ schema }) => saidValues(schema))
  const choices = parts(values)?.slice(0, mostChoices)
  const made =
    choices === undefined
      ? [...values.kinds].flatMap(kind => ofKind(kind, values.spots, depth))
      : choices.flatMap(each => sampleValues(each, depth + 1))
  return distinct([...said, ...made]).slice(0, 40)
}

function saidValues(schema: Json): readonly Json[] {
  const { const: one, enum: list, examples, example, default: fallback } = mapOf(schema)
  return [
    ...[one].filter(each => each !== undefined),
    ...listOf(list).slice(0, 20),
    ...listOf(examples),
    ...[example, fallback].filter(each => each !== undefined)
  ]
}

function ofKind(kind: Kind, spots: readonly Spot[], depth: number): readonly Json[] {
  if (kind === 'null') return [null]
  if (kind === 'boolean') return [true, false]
  if (kind === 'integer') return numbersNear(spots).map(Math.round)
  if (kind === 'fraction') return numbersNear(spots).map(each => each + 0.5)
  if (kind === 'string') return texts(spots)
  return kind === 'array' ? lists(spots, depth) : [objectOf(spots, depth), objectOf(spots, depth, namesOf(spots))]
}

function numbersNear(spots: readonly Spot[]): readonly number[] {
  const known = spots.flatMap(({ schema }) =>
    ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].flatMap(keyword =>
      isMap(schema) && typeof schema[keyword] === 'number' ? [schema[keyword]] : []
    )
  )
  return [...known, ...known.map(each => each + 1), ...known.map(each => each - 1), 1, 0]
}

function texts(spots: readonly Spot[]): readonly string[] {
  const all = spots.flatMap(({ schema }) => (isMap(schema) && typeof schema.pattern === 'string' ? [schema.pattern] : []))
  const { minLength, maxLength } = lengthsOf(spots)
  const found = findText({ all, minLength, maxLength: Number.isFinite(maxLength) ? maxLength : undefined })
  return [...(typeof found === 'object' ? [found.text] : []), ...sampleTexts]
}

function lists(spots: readonly Spot[], depth: number): readonly Json[] {
  const least = Math.max(0, ...spots.flatMap(({ schema }) => Number(mapOf(schema).minItems ?? 0)))
  return [least, ...(least === 0 ? [1] : [])].map(length => listOfLength(spots, length, depth))
}

function listOfLength(spots: readonly Spot[], length: number, depth: number): readonly Json[] {
  return Array.from({ length: Math.min(length, 1_000) }, (_, index) => {
    const some = sampleValues(conjunction(spots.flatMap(spot => itemOf(spot, index))), depth + 1)
    return some[index % Math.max(1, some.length)] ?? index
  })
}

/** With the members that have to be there, and these. */
function objectOf(spots: readonly Spot[], depth: number, names: readonly string[] = []): JsonObject {
  const wanted = new Set([...requiredOf(spots, 'output'), ...names])
  return Object.fromEntries([...wanted].map(name => [name, sampleValues(conjunction(membersOf(spots, name)), depth + 1)[0] ?? 1]))
}

/** Values for the place of a gap, of which one may show that it is one. */
export function candidatesOf({ values, wanted, candidates, keyword }: Gap): readonly Json[] {
  const { spots, kinds } = values
  const made: Json[] = [...candidates, ...sampleValues(values), ...sampleValues(conjunction([wanted]))]
  if (kinds.has('object')) {
    const least = objectOf(spots, 0)
    const names = [...new Set([...namesOf(spots), ...namesOf([wanted])])]
    const fresh = Array.from({ length: keyword === 'maxProperties' ? 12 : 1 }, (_, index) => `other_${index}`)
    made.push(least, ...names.map(name => ({ ...least, ...objectOf(spots, 0, [name]) })), {
      ...least,
      ...Object.fromEntries(fresh.map(name => [name, 1]))
    })
  }
  if (kinds.has('array'))
    for (const length of listLengths(spots, wanted.schema)) {
      const list = listOfLength(spots, length, 0)
      made.push(
        list,
        list.map(() => list[0] ?? 1)
      )
    }
  return distinct(made)
}

const mostWholes = 60

/** Values of the whole that have this one at that place. */
export function around(values: Conjunction, at: readonly Step[], value: Json, most = mostWholes): readonly Json[] {
  const [step, ...rest] = at
  if (step === undefined) return [value]
  const choices = parts(values)
  if (choices === undefined) return aroundStep(values, [step, ...rest], value)
  const wholes: Json[] = []
  // The first choices, and each of the others as far as there is room.
  for (const choice of choices) if (wholes.length < most) wholes.push(...around(choice, at, value, Math.ceil(most / choices.length)))
  return distinct(wholes)
}

function aroundStep(values: Conjunction, [step, ...rest]: readonly [Step, ...Step[]], value: Json): readonly Json[] {
  if (typeof step === 'number') return aroundItem(values, [step, ...rest], value)
  const least = objectOf(values.spots, 0)
  return around(conjunction(membersOf(values.spots, step)), rest, value).map(each => ({ ...least, [step]: each }))
}

function aroundItem({ spots }: Conjunction, [index, ...rest]: readonly [number, ...Step[]], value: Json): readonly Json[] {
  const least = Math.max(index + 1, ...spots.flatMap(({ schema }) => Number(mapOf(schema).minItems ?? 0)))
  const list = listOfLength(spots, least, 0)
  return around(conjunction(spots.flatMap(spot => itemOf(spot, index))), rest, value).map(each => list.with(index, each))
}
