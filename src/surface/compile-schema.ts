/** A JSON Schema → what a provider admits, and the way back. The table of what is admitted is the profile. */
import { newAjv } from '../core/schema.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { free, portableName } from './argument-names.ts'
import { type Decode, unchanged } from './decode.ts'
import type { Profile } from './dialect.ts'
import { flatten, isObject, resolve } from './flatten.ts'
import { nodePart } from './node-part.ts'
import { admitsNull } from './null.ts'

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
}

export interface Place {
  readonly pointer: string
  readonly stack: readonly string[]
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
  /** By reference; without a part while it is being compiled. */
  readonly definitions: Map<string, { readonly name: string; part?: Part }>
  /** Whether a value fits the part of the schema as its author wrote it. */
  fits(written: JsonObject, value: Json): boolean
  size: number
  /** How many references were followed to here. */
  depth: number
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

/** What is too large as a whole is cut where it is deepest: there a value is sent as JSON text, and checked when it is called. */
export function compileInput(root: JsonObject, profile: Profile): CompiledInput {
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
    fits: checker(root),
    size: 0,
    depth: 0,
    ...bounds
  }
  const { schema, decode } = rootPart(compiling)
  const definitions = [...compiling.definitions.values()].map(({ name, part }) => [name, part?.schema ?? {}] as const)
  const parameters = definitions.length === 0 ? schema : { ...schema, $defs: Object.fromEntries(definitions) }
  return { parameters, decode, notes: compiling.notes }
}

/** No provider takes a union as the whole input: it goes into one argument. */
function rootPart(compiling: Compiling): Part {
  const { node, stack } = flatten(compiling.root, compiling.root, ['#'])
  const part = nodePart(compiling, node, { pointer: '', stack: compiling.profile.refs === 'none' ? stack : [], isRoot: true })
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

/** The part of a reference: a definition of its own, made once. */
export function referencePart(compiling: Compiling, reference: string, description: string): Part {
  const { definitions, names, root } = compiling
  const known = definitions.get(reference)
  const target = resolve(root, reference)
  const wanted = reference === '#' ? 'Input' : portableName(reference.split('/').at(-1) ?? '')
  const definition: { readonly name: string; part?: Part } = known ?? { name: free(wanted, names) }
  if (known === undefined) {
    definitions.set(reference, definition)
    definition.part = nodePart(compiling, flatten(target, root, []).node, { pointer: reference.slice(1), stack: [] })
  }
  const to = { $ref: `#/$defs/${definition.name}` }
  const isPlain = definition.part?.decode === unchanged
  return {
    // Beside a $ref, some take no other keyword, and some ignore it.
    schema: description === '' ? to : { anyOf: [to], description },
    decode: isPlain ? unchanged : value => (definition.part?.decode ?? unchanged)(value),
    nullable: admitsNull(target, root)
  }
}

export function count(compiling: Compiling): void {
  compiling.size++
  if (compiling.size > compiling.most) throw new TooLarge(`the schema expands to over ${compiling.most} parts`)
}

/** Compiled when it is needed: only unions whose branches are read in different ways ask. */
function checker(root: JsonObject): Compiling['fits'] {
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
