/** Values that a schema accepts: the least, the most, and each branch of its choices. */
import { own } from '../../core/own.ts'
import type { Json, JsonObject } from '../../core/types.ts'
import { compiled, sampleText } from './sample-text.ts'

export interface SampleOptions {
  readonly full: boolean
  /** Which branch of every choice, modulo how many there are. */
  readonly branch: number
}

export interface Sampled {
  readonly value: Json
  /** Of the widest choice that was met. */
  readonly branches: number
}

interface Sampling extends SampleOptions {
  readonly root: JsonObject
  branches: number
  /** Then it goes on with the least. */
  left: number
}

/** A schema that refers to itself through what it needs has no value. */
class Endless extends Error {}

const budget = 400
const deepest = 40
const isMap = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])

export function sampleValue(root: JsonObject, options: SampleOptions): Sampled | undefined {
  const sampling: Sampling = { ...options, root, branches: 1, left: budget }
  try {
    return { value: valueFor(sampling, root, []), branches: sampling.branches }
  } catch (error) {
    if (error instanceof Endless || error instanceof RangeError) return undefined
    throw error
  }
}

function pick<T>(sampling: Sampling, from: readonly T[]): T {
  sampling.branches = Math.max(sampling.branches, from.length)
  return from[sampling.branch % from.length] as T
}

type Path = readonly JsonObject[]

function valueFor(sampling: Sampling, given: JsonObject, path: Path): Json {
  sampling.left -= 1
  if (path.length > deepest) throw new Endless()
  const schema = resolved(sampling.root, given)
  const inner = [...path, schema]
  if (schema.const !== undefined) return schema.const
  if (schema.enum !== undefined) return pick({ ...sampling, branches: 0 }, listOf(schema.enum)) as Json
  const types = listOf(Array.isArray(schema.type) ? schema.type : [schema.type as Json])
  if (isMap(schema.properties) || types.includes('object')) {
    if (!isMap(schema.properties) && (schema.oneOf ?? schema.anyOf) !== undefined) return branchOf(sampling, schema, inner)
    return objectOf(sampling, schema, inner)
  }
  if (types.includes('array')) return arrayOf(sampling, schema, inner)
  if (types[0] === undefined && (schema.oneOf ?? schema.anyOf) !== undefined) return branchOf(sampling, schema, inner)
  return scalars[String(types[0])]?.(schema) ?? null
}

function resolved(root: JsonObject, schema: JsonObject): JsonObject {
  let at = schema
  for (let hops = 0; typeof at.$ref === 'string' && hops < 20; hops += 1) {
    const { $ref, ...beside } = at
    const name = ($ref as string).split('/').at(-1) ?? ''
    const target = isMap(root.$defs) ? own(root.$defs, name) : undefined
    at = {
      ...(isMap(target) ? target : {}),
      ...beside,
      ...(isMap(target) && beside.required !== undefined ? { required: [...listOf(target.required), ...listOf(beside.required)] } : {})
    }
  }
  return at
}

function branchOf(sampling: Sampling, schema: JsonObject, path: Path): Json {
  const branches = listOf(schema.oneOf ?? schema.anyOf).filter(isMap)
  const filled = branches.filter(({ type }) => type !== 'null')
  if (filled.length < branches.length && isTired(sampling, path)) return null
  const first = pick(sampling, filled)
  for (const branch of [first, ...filled]) {
    try {
      return valueFor(sampling, branch, path)
    } catch (error) {
      if (!(error instanceof Endless)) throw error
    }
  }
  throw new Endless()
}

/** It was here before, or has made enough. */
const isTired = ({ full, left }: Sampling, path: Path): boolean => {
  const here = path.at(-1)
  return (
    !full ||
    left < 0 ||
    path.length > 14 ||
    path.filter(each => each.properties !== undefined && each.properties === here?.properties).length > 2
  )
}

interface Names {
  readonly wanted: Set<string>
  readonly unwanted: Set<string>
}

function objectOf(sampling: Sampling, schema: JsonObject, path: Path): Json {
  const properties = isMap(schema.properties) ? schema.properties : {}
  const names: Names = { wanted: new Set(), unwanted: new Set() }
  choose(sampling, schema, names)
  const full = !isTired(sampling, path)
  const object: Record<string, Json> = {}
  for (const [name, member] of Object.entries(properties)) {
    if (!isMap(member) || names.unwanted.has(name) || (!full && !names.wanted.has(name))) continue
    try {
      object[name] = valueFor(sampling, member, path)
    } catch (error) {
      if (!(error instanceof Endless) || names.wanted.has(name)) throw error
    }
  }
  return withTogether(sampling, schema, { object, properties, path })
}

/** What one property needs beside it. */
function withTogether(
  sampling: Sampling,
  schema: JsonObject,
  { object, properties, path }: { object: Record<string, Json>; properties: JsonObject; path: Path }
): Json {
  const rules = [schema, ...listOf(schema.allOf).filter(isMap)].flatMap(({ dependentRequired }) =>
    isMap(dependentRequired) ? Object.entries(dependentRequired) : []
  )
  for (let round = 0; round < 3; round += 1)
    for (const [name, needed] of rules)
      for (const other of listOf(needed).map(String)) {
        const member = own(properties, other)
        if (Object.hasOwn(object, name) && !Object.hasOwn(object, other) && isMap(member)) object[other] = valueFor(sampling, member, path)
      }
  return object
}

function choose(sampling: Sampling, condition: JsonObject, names: Names): void {
  for (const name of listOf(condition.required)) names.wanted.add(String(name))
  for (const each of listOf(condition.allOf)) if (isMap(each)) choose(sampling, each, names)
  if (isMap(condition.not)) for (const name of namesIn(condition.not)) if (!names.wanted.has(name)) names.unwanted.add(name)
  const branches = listOf(condition.oneOf ?? condition.anyOf).filter(isMap)
  if (branches.length === 0 || branches.some(({ type, pattern }) => type !== undefined || pattern !== undefined)) return
  const chosen = pick(sampling, branches)
  choose(sampling, chosen, names)
  if (condition.oneOf === undefined) return
  const own = new Set(namesIn(chosen))
  for (const other of branches)
    if (other !== chosen && other.not === undefined) for (const name of namesIn(other)) if (!own.has(name)) names.unwanted.add(name)
}

const namesIn = ({ required, allOf, anyOf, oneOf }: JsonObject): readonly string[] => [
  ...listOf(required).map(String),
  ...[...listOf(allOf), ...listOf(anyOf), ...listOf(oneOf)].filter(isMap).flatMap(namesIn)
]

function arrayOf(sampling: Sampling, schema: JsonObject, path: Path): Json {
  const least = Number(schema.minItems ?? 0)
  const most = Number(schema.maxItems ?? 2)
  const count = isTired(sampling, path) ? least : Math.max(least, Math.min(2, most))
  const items: Json[] = []
  const item = isMap(schema.items) ? schema.items : {}
  const any = isMap(schema.xml) && schema.xml['x-any'] === true
  if (any) return Array.from({ length: least }, () => item.example ?? '<sample xmlns="urn:sample"/>')
  for (let index = 0; index < count; index += 1) {
    try {
      items.push(valueFor(sampling, item, path))
    } catch (error) {
      if (!(error instanceof Endless) || index < least) throw error
      break
    }
  }
  return items
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'iso-date-time': '2026-01-31T09:30:00Z',
  'date-time': '2026-01-31T09:30:00Z',
  'iso-time': '09:30:00',
  time: '09:30:00Z'
}

const scalars: Readonly<Record<string, (schema: JsonObject) => Json>> = {
  boolean: () => true,
  integer: numberOf,
  number: numberOf,
  string: textOf,
  null: () => null
}

function numberOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, default: fallback }: JsonObject): Json {
  const least =
    typeof minimum === 'number' ? minimum : typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : Number.NEGATIVE_INFINITY
  const most =
    typeof maximum === 'number' ? maximum : typeof exclusiveMaximum === 'number' ? exclusiveMaximum - 1 : Number.POSITIVE_INFINITY
  if (typeof fallback === 'number' && fallback >= least && fallback <= most) return fallback
  const middle =
    typeof exclusiveMinimum === 'number' && least > most
      ? exclusiveMinimum / 2 + (Number(maximum ?? exclusiveMaximum) || 0) / 2
      : Math.min(Math.max(1, least), most)
  return middle
}

function textOf(schema: JsonObject): Json {
  const {
    pattern,
    format,
    minLength = 0,
    maxLength = Number.POSITIVE_INFINITY,
    default: fallback,
    example,
    contentEncoding,
    anyOf,
    xml
  } = schema
  const least = Number(minLength)
  const most = Number(maxLength)
  const fits = (text: string) =>
    text.length >= least && text.length <= most && patternsOf(schema).every(each => compiled(each)?.test(text) ?? true)
  if (isMap(xml) && xml['x-content'] === true) return ''
  for (const text of [example, fallback]) if (typeof text === 'string' && fits(text)) return text
  const known = typeof format === 'string' ? own(formats, format) : undefined
  if (known !== undefined) return known
  if (contentEncoding === 'base64' && pattern === undefined) return 'AAAA'.repeat(Math.max(1, Math.ceil(least / 4)))
  if (typeof pattern === 'string') return sampleText(pattern, { minLength: least, maxLength: most }) ?? 'sample'
  const [member] = listOf(anyOf).filter(isMap)
  if (member !== undefined) return String(Array.isArray(member.enum) ? member.enum[0] : textOf(member))
  return 'sample'.repeat(Math.max(1, Math.ceil(least / 6))).slice(0, Math.max(least, Math.min(most, 6)))
}

const patternsOf = ({ pattern, allOf }: JsonObject): readonly string[] => [
  ...(typeof pattern === 'string' ? [pattern] : []),
  ...listOf(allOf).filter(isMap).flatMap(patternsOf)
]

/** The least, the most, and each branch of the widest choice. */
export function sampleValues(root: JsonObject, mostBranches = 40): readonly Json[] {
  const minimal = sampleValue(root, { full: false, branch: 0 })
  const full = sampleValue(root, { full: true, branch: 0 })
  const others = Array.from({ length: Math.min(mostBranches, full?.branches ?? 1) - 1 }, (_, index) =>
    sampleValue(root, { full: true, branch: index + 1 })
  )
  const distinct = new Map(
    [minimal, full, ...others].flatMap(each => (each === undefined ? [] : [[JSON.stringify(each.value), each.value] as const]))
  )
  return [...distinct.values()]
}
