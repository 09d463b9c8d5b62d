/** Shows that every value of one schema fits another, or names where that can not be shown. */
import { canonicalJson } from '../canonical-json.ts'
import type { Json } from '../types.ts'
import { also, butNot, type Conjunction, conjunction, ofKind, parts } from './conjunction.ts'
import { type Gap, gapAt, type Place, type Prover } from './gap.ts'
import { type Kind, kindOf, kindsOfType } from './kinds.ts'
import { membersOf, requiredOf } from './members.ts'
import { printSchema } from './print-schema.ts'
import { branchesOf, conjoined, inside, isMap, listOf, mapOf, type Spot } from './spot.ts'
import { isEmptyLength, listGaps } from './within-arrays.ts'
import { objectGaps } from './within-objects.ts'
import { isEmptyRange, isEmptyText, numberGaps, textGaps } from './within-scalars.ts'

const deepest = 40

interface Proving extends Prover {
  /** What is being shown further out, and how deep in the value that is: inside it, it may be taken as shown. */
  readonly open: Map<string, number>
}

export function createProver({ direction, fits, effort }: Pick<Prover, 'direction' | 'fits' | 'effort'>): Prover {
  const proving: Proving = {
    direction,
    fits,
    open: new Map(),
    effort,
    within: place => within(place, proving),
    isEmpty: values => isEmpty(values, proving, 0)
  }
  return proving
}

function within(place: Place, proving: Proving): readonly Gap[] {
  const { values, wanted, at } = place
  if (wanted.schema === true || values.kinds.size === 0) return []
  if (proving.effort.steps <= 0 || at.length > deepest) return [gapAt(place, '')]
  proving.effort.steps -= 1
  const key = keyOf(place)
  const since = proving.open.get(key)
  // What is shown of a value may be used for the smaller values inside of it.
  if (since !== undefined) return since < at.length ? [] : [gapAt(place, '')]
  proving.open.set(key, at.length)
  try {
    const gaps = conjoined([wanted]).flatMap(each => withinOne({ ...place, wanted: each }, proving))
    const choices = gaps.length === 0 ? undefined : parts(values)
    if (choices === undefined) return gaps
    return choices.filter(each => !proving.isEmpty(each)).flatMap(each => proving.within({ ...place, values: each }))
  } finally {
    proving.open.delete(key)
  }
}

const ids = new WeakMap<object, number>()
let lastId = 0

function idOf(schema: Json): string {
  if (typeof schema !== 'object' || schema === null) return String(schema)
  const known = ids.get(schema) ?? ++lastId
  ids.set(schema, known)
  return String(known)
}

const keyOf = ({ values, wanted }: Place): string =>
  [
    wanted.path,
    idOf(wanted.schema),
    [...values.kinds].join(),
    ...values.spots.map(({ schema }) => idOf(schema)),
    '!',
    ...values.nots.map(({ schema }) => idOf(schema))
  ].join(' ')

function withinOne(place: Place, proving: Proving): readonly Gap[] {
  const { values, wanted } = place
  if (!isMap(wanted.schema)) return proving.isEmpty(values) ? [] : [gapAt(place, '')]
  const printed = printSchema(wanted)
  if (values.spots.some(spot => printSchema(spot) === printed)) return []
  const listed = listedValues(values, proving)
  if (listed !== undefined) {
    const bad = listed.filter(value => proving.fits(value, wanted) !== true)
    if (bad.length === 0) return []
    const kinds = [...new Set(bad.map(kindOf))].filter(kind => values.kinds.has(kind))
    const gaps = kinds.flatMap(kind => withinKind({ ...place, values: ofKind(values, kind) }, kind, proving))
    return (gaps.length === 0 ? [gapAt(place, '')] : gaps).map(gap => ({ ...gap, candidates: [...bad, ...gap.candidates] }))
  }
  return [...values.kinds].flatMap(kind => {
    const some = ofKind(values, kind)
    return proving.isEmpty(some) ? [] : withinKind({ ...place, values: some }, kind, proving)
  })
}

const fewValues = 500

/** All of the values, where a list holds them: of `enum`, `const`, true and false, null. */
function listedValues(values: Conjunction, { fits }: Proving): readonly Json[] | undefined {
  const lists = values.spots.flatMap(({ schema }) => {
    if (!isMap(schema)) return []
    return [...(Array.isArray(schema.enum) ? [listOf(schema.enum)] : []), ...(schema.const === undefined ? [] : [[schema.const]])]
  })
  const few = [...values.kinds].every(kind => kind === 'null' || kind === 'boolean')
  const all = lists.sort((a, b) => a.length - b.length)[0] ?? (few ? [null, true, false] : undefined)
  if (all === undefined || all.length > fewValues) return undefined
  return all.filter(
    value =>
      values.kinds.has(kindOf(value)) &&
      values.spots.every(spot => fits(value, spot) !== false) &&
      values.nots.every(spot => fits(value, spot) !== true)
  )
}

function withinKind(place: Place, kind: Kind, proving: Proving): readonly Gap[] {
  const wanted = mapOf(place.wanted.schema)
  if (!kindsOfType(wanted.type).includes(kind)) return [gapAt(place, 'type')]
  const gaps: Gap[] = []
  if (wanted.const !== undefined && !isListed(place.values, [wanted.const])) gaps.push(gapAt(place, 'const'))
  if (Array.isArray(wanted.enum) && !isListed(place.values, listOf(wanted.enum))) gaps.push(gapAt(place, 'enum'))
  gaps.push(...ofOneKind(place, kind, proving))
  if (wanted.anyOf !== undefined) gaps.push(...choiceGaps(place, 'anyOf', proving))
  if (wanted.oneOf !== undefined) gaps.push(...choiceGaps(place, 'oneOf', proving))
  const not = inside(place.wanted, 'not')
  if (not !== undefined && !isApart(place, not, proving)) gaps.push(gapAt(place, 'not'))
  return [...gaps, ...conditionGaps(place, proving)]
}

function isListed({ spots }: Conjunction, wanted: readonly Json[]): boolean {
  const known = new Set(wanted.map(canonicalJson))
  const lists = spots.flatMap(({ schema }) => {
    const { enum: list, const: one } = mapOf(schema)
    return [...(Array.isArray(list) ? [listOf(list)] : []), ...(one === undefined ? [] : [[one]])]
  })
  return lists.some(list => list.every(value => known.has(canonicalJson(value))))
}

function ofOneKind(place: Place, kind: Kind, proving: Proving): readonly Gap[] {
  if (kind === 'integer' || kind === 'fraction') return numberGaps(place, kind)
  if (kind === 'string') return textGaps(place, proving)
  if (kind === 'array') return listGaps(place, proving)
  return kind === 'object' ? objectGaps(place, proving) : []
}

function choiceGaps(place: Place, keyword: 'anyOf' | 'oneOf', proving: Proving): readonly Gap[] {
  const branches = branchesOf(place.wanted, keyword)
  const tried = branches.map(branch => ({ branch, gaps: proving.within({ ...place, wanted: branch }) }))
  const fitting = tried.filter(({ gaps }) => gaps.length === 0)
  const isOne = ({ branch }: (typeof tried)[number]) => branches.every(other => other === branch || isApart(place, other, proving))
  if (keyword === 'anyOf' ? fitting.length > 0 : fitting.some(isOne)) return []
  const nearest = fitting.length > 0 ? undefined : nearestOf(place, tried, proving)
  const candidates = tried.flatMap(({ gaps }) => gaps.filter(gap => gap.at.length === place.at.length).flatMap(gap => gap.candidates))
  return nearest ?? [gapAt(place, keyword, candidates)]
}

/** The one branch that the values could be meant for: what is missing there says more than that none fits. */
function nearestOf(
  place: Place,
  tried: readonly { readonly branch: Spot; readonly gaps: readonly Gap[] }[],
  proving: Proving
): readonly Gap[] | undefined {
  const near = tried.filter(({ branch }) => !isApart(place, branch, proving))
  return near.length === 1 && near[0] !== undefined && near[0].gaps.every(({ keyword }) => keyword !== 'type') ? near[0].gaps : undefined
}

/** No value fits the other schema too. */
function isApart({ values, at }: Place, other: Spot, proving: Proving): boolean {
  if (proving.effort.steps <= 0) return false
  const both = also(values, other)
  if (proving.isEmpty(both)) return true
  return values.nots.some(
    not =>
      printSchema(not) === printSchema(other) ||
      proving.within({ values: conjunction(both.spots, { kinds: both.kinds, chosen: both.chosen }), wanted: not, at }).length === 0
  )
}

function conditionGaps(place: Place, proving: Proving): readonly Gap[] {
  const [condition, then, otherwise] = ['if', 'then', 'else'].map(keyword => inside(place.wanted, keyword))
  if (condition === undefined) return []
  const { values } = place
  const whenTrue =
    then === undefined || isApart(place, condition, proving)
      ? []
      : proving.within({ ...place, values: also(values, condition), wanted: then })
  const isAlways = otherwise !== undefined && proving.within({ ...place, wanted: condition }).length === 0
  const whenFalse =
    otherwise === undefined || isAlways ? [] : proving.within({ ...place, values: butNot(values, condition), wanted: otherwise })
  return [...whenTrue, ...whenFalse]
}

const deepestEmpty = 4

function isEmpty(values: Conjunction, proving: Proving, depth: number): boolean {
  const { spots, kinds } = values
  proving.effort.steps -= 1
  if (kinds.size === 0 || spots.some(({ schema }) => schema === false)) return true
  if (proving.effort.steps <= 0) return false
  const listed = listedValues(values, proving)
  if (listed !== undefined) return listed.length === 0
  return [...kinds].every(kind => {
    if (kind === 'string') return isEmptyText(spots, proving.effort)
    if (kind === 'integer' || kind === 'fraction') return isEmptyRange(spots, kind === 'integer')
    if (kind === 'array') return isEmptyLength(spots)
    return kind === 'object' && depth < deepestEmpty && isEmptyObject(spots, proving, depth)
  })
}

/** A member that has to be there can not be. */
const isEmptyObject = (spots: readonly Spot[], proving: Proving, depth: number): boolean =>
  requiredOf(spots, 'output').some(name => {
    const members = membersOf(spots, name)
    return members.length > 0 && isEmpty(conjunction(members), proving, depth + 1)
  })
