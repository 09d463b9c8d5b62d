/** What became of an input, an output or an error's data, change by change. */
import { longestText } from '../bounded.ts'
import { canonicalJson } from '../canonical-json.ts'
import type { Json } from '../types.ts'
import { type Break, compareSchemas } from './compare-schemas.ts'
import type { ContractChange } from './contract.ts'
import { type Difference, differences } from './differences.ts'
import type { Effort } from './effort.ts'
import { goneMembers } from './gone-members.ts'
import { annotations, printSchema } from './print-schema.ts'
import { isMap, listOf, mapOf, rootOf, type Side } from './spot.ts'

interface Comparing {
  readonly direction: 'input' | 'output'
  readonly before: Side
  readonly after: Side
  readonly where: string
  readonly effort: Effort
}

export function schemaChanges(comparing: Comparing): readonly ContractChange[] {
  const { direction, before, after } = comparing
  const [old, now] = [rootOf(before), rootOf(after)]
  const written = differences(old, now)
  if (written.length === 0 && printSchema(old) === printSchema(now)) return []
  const gone = goneMembers([old], [now]).map(({ pointer, was, isRefused }) => {
    const why =
      direction === 'output'
        ? 'a caller that reads it finds nothing'
        : isRefused
          ? 'a call that sends it is refused'
          : 'a call that sends it is taken, and nothing is done with it'
    return { ...plain(comparing, pointer), breaking: true, was, why: `${nameOf(pointer)} is gone: ${why}` }
  })
  const broken = compareSchemas(comparing).map(each => ofBreak(each, comparing))
  const annotated = written.flatMap(each => annotationChange(each, comparing))
  const breaking = onePerPointer([...gone, ...broken, ...annotated])
  const told = breaking.map(({ pointer }) => pointer)
  const others = written.filter(({ pointer }) => !told.some(each => isWithin(pointer, each) || isWithin(each, pointer)))
  return [...breaking, ...others.map(each => harmless(each, comparing))]
}

const plain = ({ where }: Comparing, pointer: string) => ({ certain: true, where: ofShared(pointer) ?? where, pointer })

/** A schema that actions share is told once, whoever uses it. */
const ofShared = (pointer: string): string | undefined =>
  pointer.startsWith('/schemas/') ? `schema ${nameOf(pointer.split('/').slice(0, 3).join('/'))}` : undefined

const isWithin = (pointer: string, outer: string): boolean => pointer === outer || pointer.startsWith(`${outer}/`)
export const nameOf = (pointer: string): string => (pointer.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~')

function onePerPointer(changes: readonly ContractChange[]): readonly ContractChange[] {
  const found = new Map<string, ContractChange>()
  for (const change of changes) {
    const known = found.get(change.pointer)
    found.set(change.pointer, known === undefined ? change : { ...known, example: known.example ?? change.example })
  }
  return [...found.values()]
}

const reasons: Readonly<Record<string, string>> = {
  type: 'the type is another one',
  enum: 'the values that may stand here are others',
  const: 'the value that may stand here is another one',
  required: 'other members have to be there',
  pattern: 'the text has another form',
  format: 'the text has another format',
  additionalProperties: 'members that are not named are judged in another way',
  anyOf: 'the choice is another one',
  oneOf: 'the choice is another one'
}

function ofBreak({ gap, example }: Break, comparing: Comparing): ContractChange {
  const { direction } = comparing
  const isWhole = gap.keyword === ''
  const wanted = isWhole ? gap.wanted.schema : mapOf(gap.wanted.schema)[gap.keyword]
  const holder = gap.values.spots.find(({ schema }) => isMap(schema) && (isWhole || schema[gap.keyword] !== undefined))
  const other = isWhole ? holder?.schema : mapOf(holder?.schema)[gap.keyword]
  const [was, is] = direction === 'input' ? [other, wanted] : [wanted, other]
  const words =
    gap.keyword === 'required' ? requiredWords(was, is, direction) : gap.keyword === 'enum' ? listedWords(was, is, direction) : undefined
  const what = words ?? reasons[gap.keyword] ?? (isWhole ? 'the schema is another one' : `${gap.keyword} is another one`)
  const effect = direction === 'input' ? 'a call that was taken is refused' : 'an answer may be one that callers were never told of'
  const unsure = `cannot tell whether ${direction === 'input' ? 'every call that was taken still is' : 'every answer is one that callers were told of'}, so it counts as breaking`
  const why = `${what}: ${example === undefined ? unsure : effect}`
  return { ...plain(comparing, gap.pointer), breaking: true, certain: example !== undefined, was, is, why, example: example?.value }
}

function listedWords(was: Json | undefined, is: Json | undefined, direction: 'input' | 'output'): string | undefined {
  const [old, now] = [listOf(was).map(canonicalJson), listOf(is).map(canonicalJson)]
  const values = direction === 'input' ? old.filter(value => !now.includes(value)) : now.filter(value => !old.includes(value))
  if (values.length === 0) return undefined
  return `${values.slice(0, 10).join(', ')} ${direction === 'input' ? 'may not be sent any more' : 'may be answered now'}`
}

function requiredWords(was: Json | undefined, is: Json | undefined, direction: 'input' | 'output'): string {
  const [old, now] = [listOf(was).map(String), listOf(is).map(String)]
  const names = direction === 'input' ? now.filter(name => !old.includes(name)) : old.filter(name => !now.includes(name))
  const verb = names.length === 1 ? 'is' : 'are'
  return names.length === 0
    ? (reasons.required as string)
    : `${names.join(', ')} ${verb} ${direction === 'input' ? 'required now' : 'not always there any more'}`
}

/** What is no matter of which values are taken, and changes calls all the same. */
function annotationChange(difference: Difference, comparing: Comparing): readonly ContractChange[] {
  const { keyword, was, is, pointer } = difference
  const tell = (why: string, certain = true): readonly ContractChange[] => [
    { ...plain(comparing, pointer), breaking: true, certain, was, is, why }
  ]
  if (comparing.direction === 'output') {
    if (keyword === 'x-session' && was !== undefined && was !== false)
      return tell('the session remembers it no more under this name: calls that it would fill lack it')
    return keyword === 'x-sensitive' && is === 'secret' ? tell('models are shown it no more') : []
  }
  if (keyword === 'default') return defaultChange(difference, tell)
  if (keyword === 'x-session' && was !== undefined && was !== false)
    return tell('the session fills it no more under this name: a call that leaves it out lacks it')
  const isUnbounded = mapOf(difference.after.schema).maxLength === undefined && is === undefined
  const wasLong = (keyword === 'maxLength' && Number(was) > longestText) || keyword === 'contentEncoding' || keyword === 'contentMediaType'
  return wasLong && isUnbounded
    ? tell(`a text without maxLength has ${longestText} characters at most: a longer one that was taken is refused`)
    : []
}

function defaultChange(
  { was, is, before }: Difference,
  tell: (why: string, certain?: boolean) => readonly ContractChange[]
): readonly ContractChange[] {
  if (was !== undefined)
    return tell(is === undefined ? 'a call that leaves it out has no value any more' : 'a call that leaves it out means something else')
  // Added where nothing could be left out before, it only lets more calls through.
  return isMap(before.schema)
    ? tell('cannot tell whether a call that leaves it out still means the same, so it counts as breaking', false)
    : []
}

function harmless(difference: Difference, comparing: Comparing): ContractChange {
  const { keyword, was, is, pointer } = difference
  const isMember = keyword === 'properties' && was === undefined
  const isNeeded = listOf(mapOf(difference.after.schema).required).includes(nameOf(pointer))
  const kept = comparing.direction === 'input' ? 'every call that was taken still is' : 'every answer is one that callers were told of'
  const added = comparing.direction === 'input' ? 'a call need not send it' : 'a caller need not read it'
  const why = annotations.has(keyword)
    ? 'it says something else about the same values'
    : isMember
      ? `${nameOf(pointer)} is new${isNeeded ? '' : `: ${added}`}`
      : kept
  return { ...plain(comparing, pointer), breaking: false, was, is, why }
}
