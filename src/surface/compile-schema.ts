/** A JSON Schema → what a provider admits, and the way back. The table of what is admitted is the profile. */
import { newAjv } from '../core/schema.ts'
import type { Json, JsonObject } from '../core/types.ts'
import type { Decode } from './decode.ts'
import type { Profile } from './dialect.ts'
import { flatten, isObject } from './flatten.ts'
import { nodePart } from './node-part.ts'

export interface Note {
  /** JSON Pointer into the action's input schema. */
  readonly pointer: string
  readonly keyword: string
  /**
   * `mapped`: another form, turned back on the way in. `worded`: said in the description, checked when called.
   * `narrowed`: a model can say less than the schema admits.
   */
  readonly kind: 'mapped' | 'narrowed' | 'worded' | 'not_strict' | 'left_out'
  readonly did: string
}

/** A schema as the model sees it, without the null that it may admit. */
export interface Part {
  readonly schema: JsonObject
  readonly decode: Decode
  readonly nullable: boolean
  /** `null`: no value but null. `text`: what is no text itself is sent as JSON text. `pairs`: a map as a list of names and values. */
  readonly kind?: 'null' | 'text' | 'pairs' | undefined
  /** The branches of a union. */
  readonly choices?: readonly Choice[] | undefined
}

/** One branch of a union, and whether a value that was read by it is what its author meant. */
export interface Choice {
  readonly part: Part
  accepts(value: Json): boolean
}

export interface Place {
  readonly pointer: string
  readonly stack: readonly string[]
}

/** A schema that is compiled once and referred to. */
export interface Definition {
  name: string
  part?: Part
}

interface Bounds {
  /** References inside each other that are followed. */
  readonly deepest: number
  /** Parts in all. */
  readonly most: number
}

export interface Compiling extends Bounds {
  readonly root: JsonObject
  readonly profile: Profile
  readonly notes: Note[]
  readonly names: Set<string>
  /** By reference, or by the text of a schema that says more beside its reference; without a part while it is being compiled. */
  readonly definitions: Map<string, Definition>
  /** By the text of a schema that says more beside its reference: what it was written out as, and how large that is. */
  readonly merged: Map<string, { readonly part: Part; readonly said: string; readonly size: number }>
  /** Whether a value fits the part of the schema as its author wrote it. */
  fits(written: JsonObject, value: Json): boolean
  size: number
  /** How many references were followed to here. */
  depth: number
  /** How many parts this one is in. */
  level: number
}

export interface CompiledInput {
  readonly parameters: JsonObject
  readonly decode: Decode
  readonly notes: readonly Note[]
}

/** Larger than any provider takes, and what a few references can expand to. */
const mostNodes = 5_000
/** What has to be cut is cut to what a model still reads. */
const mostOfCut = 1_000

export class TooLarge extends Error {}

/** References inside each other that are followed where all of them are too many. */
const cuts = [12, 8, 5, 3, 2, 1] as const

/** Most dialects take the same schemas. */
const compiled = new WeakMap<JsonObject, Map<Profile, CompiledInput>>()

export function compileInput(root: JsonObject, profile: Profile): CompiledInput {
  const known = compiled.get(root) ?? new Map<Profile, CompiledInput>()
  compiled.set(root, known)
  const input = known.get(profile) ?? compileAll(root, profile)
  known.set(profile, input)
  return input
}

/** What is too large as a whole is cut where it is deepest: there a value is sent as JSON text, and checked when it is called. */
function compileAll(root: JsonObject, profile: Profile): CompiledInput {
  const whole = { deepest: Number.POSITIVE_INFINITY, most: mostNodes }
  const tries = [whole, ...cuts.map(deepest => ({ deepest, most: mostOfCut }))]
  for (const bounds of tries) {
    try {
      return compileWithin(root, profile, bounds)
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error
    }
  }
  return compileWithin(root, profile, { deepest: 1, most: mostNodes })
}

function compileWithin(root: JsonObject, profile: Profile, bounds: Bounds): CompiledInput {
  const compiling: Compiling = {
    root,
    profile,
    notes: [],
    names: new Set(),
    definitions: new Map(),
    merged: new Map(),
    fits: checkerOf(root),
    size: 0,
    depth: 0,
    level: 0,
    ...bounds
  }
  const { schema, decode } = rootPart(compiling)
  const named = [...compiling.definitions.values()].filter(({ name }) => name !== '')
  const definitions = named.map(({ name, part }) => [name, part?.schema ?? {}] as const)
  const parameters = definitions.length === 0 ? schema : { ...schema, $defs: Object.fromEntries(definitions) }
  return { parameters, decode, notes: compiling.notes }
}

/** No provider takes a union as the whole input: it goes into one argument. */
function rootPart(compiling: Compiling): Part {
  const { node, rest, stack } = flatten(compiling.root, compiling.root, ['#'])
  const place = { pointer: '', stack: compiling.profile.refs === 'none' ? stack : [], isRoot: true, more: rest }
  const part = nodePart(compiling, node, place)
  if (part.schema.type === 'object') return part
  compiling.notes.push({ pointer: '', keyword: 'oneOf', kind: 'mapped', did: 'the whole input is one argument, called input' })
  const { writesClosed } = compiling.profile
  return {
    schema: {
      type: 'object',
      properties: { input: part.schema },
      required: ['input'],
      ...(writesClosed ? { additionalProperties: false } : {})
    },
    decode: value => {
      const outer = isObject(value) && Object.keys(value).length === 1 && isObject(value.input) ? value.input : value
      return part.decode(outer)
    },
    nullable: false
  }
}

/** Deeper than any author writes, and far from the end of the stack. */
const mostLevels = 150

export function count(compiling: Compiling, parts = 1): void {
  compiling.size += parts
  if (compiling.level > mostLevels) throw new TooLarge(`the schema leads to parts more than ${mostLevels} levels deep`)
  if (compiling.size > compiling.most) throw new TooLarge(`the schema expands to over ${compiling.most} parts`)
}

/** One for each schema: the dialects of an action ask the same. */
const checkers = new WeakMap<JsonObject, Compiling['fits']>()

function checkerOf(root: JsonObject): Compiling['fits'] {
  const checker = checkers.get(root) ?? createChecker(root)
  checkers.set(root, checker)
  return checker
}

/** Compiled when it is needed: only unions whose branches are read in different ways ask. */
function createChecker(root: JsonObject): Compiling['fits'] {
  const checks = new Map<object, (value: Json) => boolean>()
  let pointers: ReadonlyMap<object, string> | undefined
  let ajv: ReturnType<typeof newAjv> | undefined
  return (written, value) => {
    pointers ??= pointersIn(root)
    ajv ??= newAjv().addSchema(root, 'input')
    const pointer = pointers.get(written)
    let check = checks.get(written)
    if (check === undefined) {
      check = ajv.compile(pointer === undefined ? written : { $ref: `input#${encodeURI(pointer)}` }) as (value: Json) => boolean
      checks.set(written, check)
    }
    return check(value)
  }
}

function pointersIn(root: JsonObject): ReadonlyMap<object, string> {
  const found = new Map<object, string>()
  const walk = (value: Json, pointer: string): void => {
    if (typeof value !== 'object' || value === null || found.has(value)) return
    found.set(value, pointer)
    for (const [name, member] of Object.entries(value)) walk(member as Json, `${pointer}/${escapeName(name)}`)
  }
  walk(root, '')
  return found
}

export const escapeName = (name: string | number): string => String(name).replaceAll('~', '~0').replaceAll('/', '~1')
